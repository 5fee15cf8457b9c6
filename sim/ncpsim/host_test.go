package ncpsim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// host is an MCU at the far end of a wire, as simple as a test needs it.
type host struct {
	t    testing.TB
	ctx  context.Context
	n    *NCP
	wire *sim.Wire
	port serial.Port
	id   uint16

	results chan []byte // payloads of RESULTs

	mu       sync.Mutex
	answer   bool // answer mcu.ping
	dec      *decoder
	text     []byte // all that was received
	oneways  []oneway
	invokes  []uint16
	received int
}

type oneway struct {
	uid  uint16
	args []byte
}

// live runs f with an NCP that has just been switched on, and a host that has the
// port open at the given rate.
func live(t *testing.T, o Options, baud int, f func(h *host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := New(o)
		w := sim.NewWire(sim.WireOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() { end <- n.Run(ctx, w.UART()) }()

		port, err := w.Adapter().Open(ctx, serial.Mode{Baud: baud})
		if err != nil {
			t.Fatal(err)
		}
		h := &host{t: t, ctx: ctx, n: n, wire: w, port: port, results: make(chan []byte, 100), answer: true, dec: newDecoder(1 << 20)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.read()
		}()
		defer func() {
			cancel()
			if err := <-end; err != nil {
				t.Errorf("Run ended with %v", err)
			}
			_ = port.Close()
			<-done
			w.Close()
		}()
		f(h)
	})
}

func (h *host) read() {
	b := make([]byte, 4096)
	for {
		k, err := h.port.Read(b)
		for _, c := range b[:k] {
			h.take(c)
		}
		if err != nil {
			return
		}
	}
}

func (h *host) take(c byte) {
	h.mu.Lock()
	h.received++
	if c == beg { // an MCU that restarts there: the ROM's log at another rate has BEGs in it
		h.dec.inFrame, h.dec.out = false, h.dec.in
	}
	h.text = append(h.text, c)
	p, ok := h.dec.push(c)
	var pong []byte
	if ok {
		pong = h.message(append([]byte(nil), p...))
	}
	h.mu.Unlock()
	if pong != nil {
		_, _ = h.port.Write(pong)
	}
}

func (h *host) message(p []byte) (reply []byte) {
	r := &reader{b: p}
	switch r.u16() {
	case opResult:
		select {
		case h.results <- p:
		default:
		}
	case opOneway:
		h.oneways = append(h.oneways, oneway{r.u16(), r.b})
	case opInvoke:
		uid, id := r.u16(), r.u16()
		h.invokes = append(h.invokes, uid)
		if h.answer && uid == uidMCUPing {
			return appendFrame(nil, resultMessage(id, statusOK, nil))
		}
	}
	return nil
}

func (h *host) setAnswer(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = on
}

func (h *host) write(b []byte) {
	h.t.Helper()
	if _, err := h.port.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) notify(uid uint16, vs ...any) {
	h.t.Helper()
	h.write(appendFrame(nil, onewayMessage(uid, h.encode(uid, vs))))
}

func (h *host) encode(uid uint16, vs []any) []byte {
	h.t.Helper()
	b, err := appendValues(nil, h.n.methods[uid].in, vs)
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

var errSilent = errors.New("no result")

// try calls a method and returns what is behind the status.
func (h *host) try(timeout time.Duration, uid uint16, vs ...any) (status uint8, rets *reader, err error) {
	h.t.Helper()
	h.id++
	h.write(appendFrame(nil, invokeMessage(uid, h.id, h.encode(uid, vs))))
	limit := time.After(timeout)
	for {
		select {
		case p := <-h.results:
			r := &reader{b: p[2:]}
			if r.u16() == h.id {
				return r.u8(), r, nil
			}
		case <-limit:
			return 0, nil, errSilent
		}
	}
}

// call is try that must succeed. It returns the out-arguments and the return value.
func (h *host) call(uid uint16, vs ...any) []any {
	h.t.Helper()
	status, r, err := h.try(31*time.Second, uid, vs...)
	if err != nil || status != statusOK {
		h.t.Fatalf("call %04X: status %02x, %v", uid, status, err)
	}
	var rets []any
	for _, k := range h.n.methods[uid].results() {
		rets = append(rets, r.value(k))
	}
	if !r.clean() {
		h.t.Fatalf("call %04X: bad result", uid)
	}
	return rets
}

func (h *host) want(want any, uid uint16, vs ...any) {
	h.t.Helper()
	rets := h.call(uid, vs...)
	if got := rets[len(rets)-1]; got != want {
		h.t.Errorf("call %04X(%v) returned %v, want %v", uid, vs, got, want)
	}
}

// up waits for the boot and initializes.
func (h *host) up() {
	h.t.Helper()
	time.Sleep(time.Second)
	h.want(true, uidInitialize, "TMPL0vFkFmJM7", "QPower")
}

func (h *host) heard() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.text)
}

// values returns the values of the ONEWAYs of a uid with one byte of arguments.
func (h *host) told(uid uint16) []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []int
	for _, o := range h.oneways {
		if o.uid == uid && len(o.args) == 1 {
			all = append(all, int(o.args[0]))
		}
	}
	return all
}

// pins returns the pin changes heard, as "V1=a|b".
func (h *host) pins() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, o := range h.oneways {
		if o.uid == uidVPinChange {
			r := &reader{b: o.args}
			pin := r.u16()
			value := r.value(kBinary).([]byte)
			all = append(all, "V"+itoa(pin)+"="+strings.ReplaceAll(string(value), "\x00", "|"))
		}
	}
	return all
}

func itoa(v uint16) string {
	return string(bytes.TrimLeft([]byte{'0' + byte(v/100%10), '0' + byte(v/10%10)}, "0")) + string('0'+byte(v%10))
}

func (h *host) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.oneways, h.text, h.invokes = nil, nil, nil
}

func (h *host) pings() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	count := 0
	for _, uid := range h.invokes {
		if uid == uidMCUPing {
			count++
		}
	}
	return count
}

func le16(v uint16) []byte { return binary.LittleEndian.AppendUint16(nil, v) }
