//go:build webserial

package webserial

import (
	"bytes"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// uart is the far end of the guest's adapter as a simulated device sees it. The
// line itself is a TCP connection without a rate; the rate that the driver set is
// read from the machine's trace, and bytes at another rate than the device's own
// arrive as garbage, in both directions, as they would on copper.
type uart struct {
	conn  net.Conn
	trace *trace

	mu   sync.Mutex
	baud int // of the device
	sent, received,
	garbled int
}

func dialUART(addr, traceFile string) (*uart, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &uart{conn: conn, trace: &trace{file: traceFile}}, nil
}

// Read must be called all the time: a machine whose line nobody reads stands still.
func (u *uart) Read(p []byte) (int, error) {
	n, err := u.conn.Read(p)
	u.carry(p[:n], &u.received)
	return n, ended(err)
}

// Write sends bytes to the guest.
func (u *uart) Write(p []byte) (int, error) {
	q := bytes.Clone(p)
	u.carry(q, &u.sent)
	n, err := u.conn.Write(q)
	return n, ended(err)
}

// carry counts bytes and spoils them where the rates differ.
func (u *uart) carry(p []byte, count *int) {
	host := u.trace.baud()
	u.mu.Lock()
	defer u.mu.Unlock()
	*count += len(p)
	if near(host, u.baud) {
		return
	}
	u.garbled += len(p)
	for i := range p {
		p[i] = p[i]<<3 ^ 0xe5
	}
}

// near tells whether two rates are close enough for a UART, or not known.
func near(a, b int) bool {
	if a == 0 || b == 0 {
		return true
	}
	return 100*max(a, b) < 103*min(a, b)
}

// ended words the end of the connection as a wire does.
func ended(err error) error {
	if err == nil || os.IsTimeout(err) {
		return err
	}
	return serial.ErrClosed
}

func (u *uart) SetReadDeadline(t time.Time) error { return u.conn.SetReadDeadline(t) }

func (u *uart) SetMode(m serial.Mode) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.baud = m.Baud
	return nil
}

// Lines tells that the port is open: the simulated NCP does not look at the lines.
func (u *uart) Lines() sim.Lines { return sim.Lines{Open: true} }

func (u *uart) LinesChanged() <-chan struct{} { return nil }

func (u *uart) counts() (sent, received, garbled, baud int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.sent, u.received, u.garbled, u.baud
}

// trace follows the machine's log of what the driver asks of the adapter.
type trace struct {
	mu   sync.Mutex
	file string
	at   int64
	last int
	seen []int
}

var setBaud = regexp.MustCompile(`usb_serial_set_baud .*baud rate (\d+)`)

// baud returns the rate that was set last, 0 before any was.
func (t *trace) baud() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.more()
	for _, m := range setBaud.FindAllSubmatch(text, -1) {
		if n, err := strconv.Atoi(string(m[1])); err == nil && n != t.last {
			t.last = n
			t.seen = append(t.seen, n)
		}
	}
	return t.last
}

// more returns the whole lines that were written since the last call.
func (t *trace) more() []byte {
	f, err := os.Open(t.file)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, t.at, 1<<30))
	if err != nil {
		return nil
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	t.at += int64(len(whole))
	return whole
}

// rates returns the rates that the driver set, in order.
func (t *trace) rates() []int {
	t.baud()
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]int(nil), t.seen...)
}
