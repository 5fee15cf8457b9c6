package ncpsim

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/internal/vectors"
	"ncpweb/serial"
	"ncpweb/sim"
)

// tape is a UART that records what is written and receives what it is given.
type tape struct {
	sent []byte
	mode serial.Mode
}

func (t *tape) Write(b []byte) (int, error)     { t.sent = append(t.sent, b...); return len(b), nil }
func (t *tape) Read([]byte) (int, error)        { return 0, serial.ErrClosed }
func (t *tape) SetReadDeadline(time.Time) error { return nil }
func (t *tape) SetMode(m serial.Mode) error     { t.mode = m; return nil }
func (t *tape) Lines() sim.Lines                { return sim.Lines{} }
func (t *tape) LinesChanged() <-chan struct{}   { return nil }
func (t *tape) drain() string                   { s := hex.EncodeToString(t.sent); t.sent = nil; return s }
func onTape(n *NCP) (*life, *tape)              { t := &tape{}; l := newLife(n, t); l.baud = 38400; return l, t }
func (l *life) feed(t testing.TB, b []byte) {
	t.Helper()
	l.in = append(l.in, b...)
	if err := l.receive(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Types of calls.json.
type (
	vectorValue struct {
		Name, Type string
		Value      json.RawMessage
		Hex        *string
	}
	vectorResult struct {
		MsgID  uint16 `json:"msg_id"`
		Status uint8
		Outs   []vectorValue
		Ret    *vectorValue
		Rets   string `json:"rets_hex"`
		vectors.Message
	}
	vectorCall struct {
		Name, Method, Direction string
		UID                     uint16
		Oneway                  bool
		Args                    []vectorValue
		MsgID                   *uint16 `json:"msg_id"`
		Request                 vectors.Message
		Result                  *vectorResult
	}
	vectorError struct {
		Name, Receiver, Kind, Method string
		UID                          *string `json:"uid_hex"`
		Request                      vectors.Message
		Called                       *bool `json:"implementation_called"`
		Reply                        *vectorResult
	}
	vectorDecode struct {
		Name, Method, Caller string
		MsgID                uint16 `json:"msg_id"`
		Request              string `json:"request_frame_hex"`
		Rx                   string `json:"rx_hex"`
		Final                uint8  `json:"final_status"`
		Returned             any
		Sent                 string `json:"sent_while_waiting_hex"`
		TimedOut             bool   `json:"timed_out"`
	}
	callsFile struct {
		Calls   []vectorCall
		Errors  []vectorError
		Results []vectorDecode `json:"result_decode"`
	}
)

// value is a vector's value as the simulation has it.
func (v vectorValue) value(t *testing.T) any {
	t.Helper()
	number := func(bits int) int64 {
		s := string(v.Value)
		if u, err := strconv.Unquote(s); err == nil {
			s = u
		}
		n, err := strconv.ParseInt(s, 10, bits)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	switch v.Type {
	case "Bool":
		return string(v.Value) == "true"
	case "UInt8":
		return uint8(number(16))
	case "UInt16":
		return uint16(number(32))
	case "UInt32":
		return uint32(number(64))
	case "Int16":
		return int16(number(16))
	case "Int64":
		return number(64)
	case "String":
		return string(vectors.Unhex(t, *v.Hex))
	case "Binary":
		return vectors.Unhex(t, *v.Hex)
	}
	t.Fatalf("type %q", v.Type)
	return nil
}

func values(t *testing.T, vs []vectorValue) []any {
	var all []any
	for _, v := range vs {
		all = append(all, v.value(t))
	}
	return all
}

// natural says how the simulation comes by itself to the outcome of a call; those
// that need no more than a fresh NCP are nil. Other calls are scripted.
var natural = map[string]func(n *NCP){
	"ncp.reboot/yes":  nil,
	"ncp.hasUID/ping": nil, "ncp.hasUID/initialize": nil, "ncp.hasUID/unknown": nil,
	"hw.setUartBaudRate/38400": nil, "hw.setUartBaudRate/115200": nil, "hw.setUartBaudRate/refused": nil,
	"hw.setUartBaudRate/edge_min": nil, "hw.setUartBaudRate/edge_negative": nil,
	"hw.initUserButton/gpio0": nil, "hw.initUserButton/edge_negative": nil,
	"hw.initLED/gpio19": nil, "hw.initLED/edge_negative": nil,
	"hw.initRGB/witty": nil, "hw.initRGB/edge_negative": nil,
	"hw.initARGB/ws2812x8": nil, "hw.initARGB/edge_min": nil, "hw.initARGB/edge_negative": nil,
	"hw.setLedBrightness/128":          nil,
	"hw.getWiFiMAC/mac":                func(n *NCP) { n.o.WiFiMAC = "AA:BB:CC:11:13:00" },
	"hw.getEthernetMAC/mac":            func(n *NCP) { n.o.EthernetMAC = "02:00:00:12:34:56" },
	"hw.getEthernetMAC/null_out_false": nil,
	"blynk.getNcpVersion/0.7.0":        nil,
	"blynk.setVendorPrefix/MyCompany":  nil, "blynk.setVendorPrefix/edge_min": nil, "blynk.setVendorPrefix/edge_negative": nil,
	"blynk.setVendorServer/host": nil, "blynk.setVendorServer/edge_min": nil, "blynk.setVendorServer/edge_negative": nil,
	"blynk.setFirmwareInfo/typical": nil, "blynk.setFirmwareInfo/some_empty": nil, "blynk.setFirmwareInfo/edge_max": nil,
	"blynk.initialize/doc_example": nil, "blynk.initialize/refused": nil,
	"blynk.getHotspotName/name":            func(n *NCP) { n.initialize(args{"TMPL0vFkFmJM7", "QPower"}) },
	"blynk.getHotspotName/not_initialized": nil,
	"blynk.isConfigured/yes":               func(n *NCP) { n.provisioned = true },
	"blynk.isConfigured/no":                nil,
	"blynk.configStart/yes":                func(n *NCP) { n.initialize(args{"TMPL0vFkFmJM7", "QPower"}) },
	"blynk.configStop/yes":                 func(n *NCP) { n.initialize(args{"TMPL0vFkFmJM7", "QPower"}); n.configStart(nil) },
	"blynk.configReset/yes":                nil,
	"blynk.setConfigTimeout/30min":         nil, "blynk.setConfigTimeout/edge_min": nil, "blynk.setConfigTimeout/edge_negative": nil,
	"blynk.setConfigSkipLimit/10": nil, "blynk.setConfigSkipLimit/edge_negative": nil,
	"blynk.setTime/2026": nil, "blynk.setTime/epoch": nil, "blynk.setTime/edge_min": nil, "blynk.setTime/edge_negative": nil,
	"blynk.getTime/kyiv": func(n *NCP) { n.setTime(args{int64(1767225600000)}) },
	"blynk.getTime/west": func(n *NCP) { n.o.Zone = zones[2]; n.setTime(args{int64(1767225600000)}) },
	"blynk.getLocationInfo/kyiv": func(n *NCP) {
		n.initialize(args{"TMPL0vFkFmJM7", "QPower"})
		n.connected()
	},
	"blynk.getLocationInfo/unknown": nil,
	"blynk.otaUpdateStart/refused":  nil,
	"blynk.otaUpdateStart/1024":     delivering, "blynk.otaUpdateStart/edge_max": delivering,
	"blynk.otaUpdateStart/edge_special": delivering,
	"blynk.otaUpdatePrefetch/ok":        delivering,
	"blynk.otaUpdatePrefetch/fs_write_failed": func(n *NCP) {
		delivering(n)
		n.delivery.u.PrefetchResult = PrefetchWrite
	},
	"blynk.otaUpdateSuspend/1h": delivering, "blynk.otaUpdateSuspend/resume": delivering,
	"blynk.otaUpdateGetMD5/md5_of_123456789": delivering,
	"blynk.otaUpdateGetCRC32/ok":             delivering, "blynk.otaUpdateGetSHA256/sha256_of_123456789": delivering,
	"blynk.otaUpdateGetCRC32/none": nil, "blynk.otaUpdateGetMD5/none": nil, "blynk.otaUpdateGetSHA256/none": nil,
	"blynk.factoryReset/yes":      nil,
	"blynk.factoryTestWiFiAP/ch6": nil, "blynk.factoryTestWiFiAP/bad_channel": nil,
	"blynk.factoryTestWiFi/ok":            networks,
	"blynk.factoryTestWiFi/weak":          networks,
	"blynk.factoryTestWiFi/ssid_not_utf8": networks,
	"blynk.factoryTestConnect/ok":         func(n *NCP) { n.wifiOK = true },
	"blynk.factoryTestConnect/inet_fail":  func(n *NCP) { n.wifiOK = true; n.o.Factory.NoInternet = true },
	"blynk.getState/1":                    func(n *NCP) { n.changeState(StateIdle) },
	"blynk.getState/3":                    func(n *NCP) { n.changeState(StateConnectingNetwork) },
	"blynk.getState/4":                    func(n *NCP) { n.changeState(StateConnectingCloud) },
	"blynk.getState/10":                   nil,
	"blynk.getState/11":                   func(n *NCP) { n.changeState(StateUpgrade) },
}

// delivering puts the NCP into the middle of an update.
func delivering(n *NCP) {
	n.delivery = &delivery{u: Update{Data: []byte("123456789")}, started: make(chan struct{}), gone: make(chan struct{})}
}

func networks(n *NCP) {
	n.o.Factory.Networks = []Network{{"office", "secret", -61}, {"weak", "p", -91}, {"\xff\xfe\xaa", "\x80", -70}}
}

func TestVectorsCalls(t *testing.T) {
	file := vectors.Load[callsFile](t, "calls.json")
	cases, byItself := 0, 0
	for _, c := range file.Calls {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cases++
				if c.Direction == "ncp->mcu" {
					testOutgoing(t, c)
					return
				}
				if testIncoming(t, c) {
					byItself++
				}
			})
		})
	}
	if cases == 0 || byItself < len(natural) {
		t.Errorf("%d cases, %d by itself, want at least %d", cases, byItself, len(natural))
	}
	t.Logf("%d cases", cases)
	t.Logf("%d outcomes without a script", byItself)
}

func testIncoming(t *testing.T, c vectorCall) (byItself bool) {
	n := New(Options{})
	prepare, byItself := natural[c.Name]
	byItself = byItself || c.Oneway || c.Method == "ping"
	if prepare != nil {
		n.mu.Lock()
		prepare(n)
		n.mu.Unlock()
	}
	var seen []any
	n.SetOverride(func(uid uint16, args []any) ([]any, bool) {
		seen = args
		if byItself {
			return nil, false
		}
		rets := values(t, c.Result.Outs)
		if c.Result.Ret != nil {
			rets = append(rets, c.Result.Ret.value(t))
		}
		return rets, true
	})
	l, tape := onTape(n)
	l.feed(t, vectors.Unhex(t, c.Request.Frame))
	want := ""
	if c.Result != nil {
		want = c.Result.Frame
	}
	if got := tape.drain(); got != want {
		t.Errorf("answered %s, want %s", got, want)
	}
	if got, want := fmt.Sprintf("%q", seen), fmt.Sprintf("%q", args(values(t, c.Args))); got != want && len(c.Args) > 0 {
		t.Errorf("read %.200s, want %.200s", got, want)
	}
	return byItself
}

func testOutgoing(t *testing.T, c vectorCall) {
	n := New(Options{})
	l, tape := onTape(n)
	if c.Oneway {
		n.running = true
		n.mu.Lock()
		n.send(c.UID, values(t, c.Args)...)
		frame, _ := n.out.pop(nil, 1<<20)
		n.mu.Unlock()
		if got := hex.EncodeToString(frame); got != c.Request.Frame {
			t.Errorf("sent %s, want %s", got, c.Request.Frame)
		}
		return
	}
	o := n.calls[c.UID]
	b, err := appendValues(nil, o.in, values(t, c.Args))
	if err != nil {
		t.Fatal(err)
	}
	l.id = *c.MsgID - 1
	l.in = vectors.Unhex(t, c.Result.Frame)
	res, err := l.invoke(t.Context(), c.UID, b, time.Second)
	if err != nil || res == nil {
		t.Fatal(res, err)
	}
	if got := tape.drain(); got != c.Request.Frame {
		t.Errorf("sent %s, want %s", got, c.Request.Frame)
	}
	ret, status := o.decode(res)
	if status != c.Result.Status {
		t.Errorf("status %02x, want %02x", status, c.Result.Status)
	}
	if c.Result.Ret != nil && ret != c.Result.Ret.value(t) {
		t.Errorf("returned %v, want %v", ret, c.Result.Ret.value(t))
	}
}

func TestVectorsErrors(t *testing.T) {
	file := vectors.Load[callsFile](t, "calls.json")
	cases := 0
	for _, e := range file.Errors {
		if e.Receiver != "ncp" {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cases++
				testError(t, e)
			})
		})
	}
	if cases == 0 {
		t.Error("no cases")
	}
	t.Logf("%d cases", cases)
}

func testError(t *testing.T, e vectorError) {
	n := New(Options{})
	called := false
	n.SetOverride(func(uid uint16, args []any) ([]any, bool) {
		called = true
		return scriptedRets(t, n, uid, e.Reply), true
	})
	l, tape := onTape(n)
	l.feed(t, vectors.Unhex(t, e.Request.Frame))
	want := ""
	if e.Reply != nil {
		want = e.Reply.Frame
	}
	if got := tape.drain(); got != want {
		t.Errorf("answered %q, want %q", got, want)
	}
	if e.Called != nil && *e.Called != called {
		t.Errorf("called the implementation: %v, want %v", called, *e.Called)
	}
}

// scriptedRets makes the values of a reply's bytes.
func scriptedRets(t *testing.T, n *NCP, uid uint16, reply *vectorResult) []any {
	if reply == nil {
		return nil
	}
	r := &reader{b: vectors.Unhex(t, reply.Rets)}
	var rets []any
	for _, k := range n.methods[uid].results() {
		rets = append(rets, r.value(k))
	}
	return rets
}

func TestVectorsResults(t *testing.T) {
	file := vectors.Load[callsFile](t, "calls.json")
	cases := 0
	for _, d := range file.Results {
		if d.Caller != "ncp" {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cases++
				testResult(t, d)
			})
		})
	}
	if cases == 0 {
		t.Error("no cases")
	}
	t.Logf("%d cases", cases)
}

func testResult(t *testing.T, d vectorDecode) {
	n := New(Options{})
	l, tape := onTape(n)
	r := &reader{b: payloadOf(vectors.Unhex(t, d.Request))}
	r.u16()
	uid := r.u16()
	r.u16()
	l.id = d.MsgID - 1
	l.in = vectors.Unhex(t, d.Rx)
	res, err := l.invoke(t.Context(), uid, r.b, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if (res == nil) != d.TimedOut {
		t.Fatalf("timed out: %v, want %v", res == nil, d.TimedOut)
	}
	if got, want := tape.drain(), d.Request+d.Sent; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	if res == nil {
		return
	}
	ret, status := n.calls[uid].decode(res)
	if status != d.Final {
		t.Errorf("status %02x, want %02x", status, d.Final)
	}
	if want, is := d.Returned.(bool); is && status == statusOK && ret != want {
		t.Errorf("returned %v, want %v", ret, want)
	}
}

// payloadOf returns the payload of a frame.
func payloadOf(frame []byte) []byte {
	d := newDecoder(4096)
	for _, b := range frame {
		if p, ok := d.push(b); ok {
			return p
		}
	}
	return nil
}
