package esp

import (
	"bytes"
	"context"
	stdhex "encoding/hex"
	"errors"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/flash"
	"ncpweb/serial"
)

// scripted is a port whose far end is a function: it gets what is written and returns
// what is to be read. What blocks, does so until the deadline.
type scripted struct {
	far   func(written []byte) []byte
	stall bool  // Write never ends
	mode  error // of SetMode

	mu      sync.Mutex
	in      []byte
	written [][]byte
	ends    time.Time
	changed chan struct{}
	modes   []int
	lines   []serial.Signals
}

func newScripted(far func([]byte) []byte) *scripted {
	return &scripted{far: far, changed: make(chan struct{})}
}

func (s *scripted) wake() { close(s.changed); s.changed = make(chan struct{}) }

func (s *scripted) Read(b []byte) (int, error) {
	for {
		s.mu.Lock()
		ends, changed := s.ends, s.changed
		if !ends.IsZero() && !time.Now().Before(ends) {
			s.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		}
		if len(s.in) > 0 {
			n := copy(b, s.in)
			s.in = s.in[n:]
			s.mu.Unlock()
			return n, nil
		}
		s.mu.Unlock()
		var due <-chan time.Time
		if !ends.IsZero() {
			due = time.After(time.Until(ends))
		}
		select {
		case <-changed:
		case <-due:
		}
	}
}

func (s *scripted) Write(b []byte) (int, error) {
	if s.stall {
		time.Sleep(time.Hour)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, bytes.Clone(b))
	if s.far != nil {
		s.in = append(s.in, s.far(b)...)
	}
	s.wake()
	return len(b), nil
}

func (s *scripted) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = t
	s.wake()
	return nil
}

func (s *scripted) SetMode(_ context.Context, m serial.Mode) error {
	s.modes = append(s.modes, m.Baud)
	return s.mode
}

func (s *scripted) SetSignals(_ context.Context, l serial.Signals) error {
	s.lines = append(s.lines, l)
	return nil
}
func (s *scripted) Info() serial.Info { return serial.Info{} }
func (s *scripted) Close() error      { return nil }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := stdhex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGoldenRequests: the bytes of section 5 and 6 of the sheet.
func TestGoldenRequests(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		got        []byte
	}{
		{"SYNC", "c000082400" + "00000000" + "07071220" +
			"5555555555555555555555555555555555555555555555555555555555555555" + "c0",
			frameOf(nil, opSync, 0, syncData)},
		{"READ_REG", "c0000a040000000000" + "00100040" + "c0", frameOf(nil, opReadReg, 0, words(magicAddr))},
		{"escapes", "c0000a040000000000" + "dbdcdbdd0102" + "c0", frameOf(nil, opReadReg, 0, []byte{0xC0, 0xDB, 1, 2})},
		{"MEM_DATA", "c00007130031000000" + "03000000010000000000000000000000" + "dbdc1f01" + "c0",
			frameOf(nil, opMemData, checksum(0xEF, []byte{0xC0, 0x1F, 0x01}), words(3, 1, 0, 0), []byte{0xC0, 0x1F, 0x01})},
		{"three parts", "c000d0030000000000" + "010203" + "c0", frameOf(nil, opEraseFlash, 0, []byte{1}, []byte{2}, []byte{3})},
		{"none", "c000140000" + "00000000" + "c0", frameOf(nil, opSecurityInfo, 0)},
	} {
		if got := stdhex.EncodeToString(tt.got); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestReplies: statuses of every length, and what is no reply.
func TestReplies(t *testing.T) {
	for _, tt := range []struct {
		name, in   string
		op         byte
		want, more int
		value      uint32
		flag, code byte
		body       string
		ok         bool
	}{
		{"ROM", "010a0400" + "78563412" + "00000000", opReadReg, 0, 0, 0x12345678, 0, 0, "", true},
		{"8266, stub", "010a0200" + "78563412" + "0000", opReadReg, 0, 0, 0x12345678, 0, 0, "", true},
		{"refused", "01020400" + "00000000" + "01060000", opFlashBegin, 0, 0, 0, 1, 6, "", true},
		{"payload", "01130600" + "00000000" + "0102030400000000", opMD5, 4, 0, 0, 0, 0, "01020304", true},
		{"refused without payload", "01130200" + "00000000" + "c100", opMD5, 16, 0, 0, 0xC1, 0, "", true},
		{"payload missing, but ok", "01130200" + "00000000" + "0000", opMD5, 16, 0, 0, 0, 0, "", false},
		{"longer form", "01140600" + "00000000" + "010203040000", opSecurityInfo, 2, 4, 0, 0, 0, "01020304", true},
		{"shorter form", "01140400" + "00000000" + "01020000", opSecurityInfo, 2, 4, 0, 0, 0, "0102", true},
		{"length lies: long", "010affff" + "00000000" + "0000", opReadReg, 0, 0, 0, 0, 0, "", true},
		{"length lies: none", "010a0000" + "00000000" + "0000", 0, 0, 0, 0, 0, 0, "", false},
		{"a request", "000a0200" + "00000000" + "0000", 0, 0, 0, 0, 0, 0, "", false},
		{"short", "010a02000000", 0, 0, 0, 0, 0, 0, "", false},
		{"text", "626f6f743a307831330d0a", 0, 0, 0, 0, 0, 0, "", false},
	} {
		r, op, status, ok := parseReply(unhex(t, tt.in), tt.want, tt.more)
		if ok != tt.ok || ok && (op != tt.op || r.value != tt.value || status.flag != tt.flag || status.code != tt.code ||
			status.flag == 0 && stdhex.EncodeToString(r.body) != tt.body) {
			t.Errorf("%s: %+v, %x, %+v, %v", tt.name, r, op, status, ok)
		}
	}
}

// reply makes the frame of an answer.
func replyFrame(op byte, value uint32, body ...byte) []byte {
	f := frameOf(nil, op, 0, body)
	f[1] = 1
	return append(f[:5:5], append(encoded(value), f[9:]...)...)
}

func encoded(v uint32) []byte { // values without bytes that need an escape
	return words(v)
}

func TestCommandSkipsWhatIsNotItsReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var printed []byte
		p := newScripted(func([]byte) []byte {
			b := []byte("boot:0x13\r\n\xC0 more\r\n")                    // noise with an End in it
			b = append(b, replyFrame(opSync, 0x20120707, 0, 0, 0, 0)...) // late
			b = append(b, 0xC0, 0xDB, 0x01, 0xC0)                        // a bad escape
			return append(b, replyFrame(opReadReg, 0x01020304, 0, 0, 0, 0)...)
		})
		l := newLoader(p, Options{Log: func(b []byte) { printed = append(printed, b...) }})
		v, err := l.readReg(t.Context(), 4)
		if err != nil || v != 0x01020304 {
			t.Fatalf("%x, %v", v, err)
		}
		if !bytes.Contains(printed, []byte("boot:0x13")) || !bytes.Contains(printed, []byte(" more")) {
			t.Errorf("log %q", printed)
		}
	})
}

// TestUnknownCommand: the burst of eight of ROM is one refusal, and nothing of it is
// left for the next command.
func TestUnknownCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		p := newScripted(func([]byte) []byte {
			if asked++; asked == 1 {
				return bytes.Repeat(replyFrame(0, 0, 1, 5, 0, 0), 8)
			}
			return replyFrame(opReadReg, 7, 0, 0, 0, 0)
		})
		l := newLoader(p, Options{})
		began := time.Now()
		_, err := l.securityInfo(t.Context())
		var s *statusError
		if code(err) != flash.CodeRefused || !errors.As(err, &s) || s.code != unsupported || s.number() != 5 {
			t.Fatal(err)
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("a burst that is whole took %v", d)
		}
		if v, err := l.readReg(t.Context(), 0); err != nil || v != 7 {
			t.Errorf("%d, %v", v, err)
		}
	})
}

func TestStubRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted(func([]byte) []byte { return replyFrame(opMD5, 0, 0xC7, 0) })
		l := newLoader(p, Options{})
		l.stub = true
		_, err := l.command(t.Context(), command{op: opMD5, want: 16, phase: flash.PhaseVerify})
		var s *statusError
		if !errors.As(err, &s) || s.number() != 0xC7 || s.Error() != "SPI_FLASH_MD5 refused: inflate (c7 00)" {
			t.Fatal(err)
		}
		var f *flash.Error
		if !errors.As(err, &f) || f.Phase != flash.PhaseVerify || f.Op != "SPI_FLASH_MD5" {
			t.Errorf("%+v", f)
		}
	})
}

// TestWaitsEnd: nothing waits longer than its limit or its context, whatever the port
// does, and the port is usable afterwards.
func TestWaitsEnd(t *testing.T) {
	junk := func([]byte) []byte { return bytes.Repeat([]byte{0x55}, 2*maxNoise) }
	frames := func([]byte) []byte { return bytes.Repeat(replyFrame(opSync, 7, 0, 0), maxNoise/8) }
	burst := func([]byte) []byte { return bytes.Repeat(replyFrame(0, 0, 1, 5, 0, 0), maxNoise/8) }
	long := func([]byte) []byte { return append([]byte{0xC0, 1}, bytes.Repeat([]byte{0xAA}, 2*maxNoise)...) }
	for name, tt := range map[string]struct {
		far    func([]byte) []byte
		stall  bool
		cancel bool
		code   flash.Code
		limit  time.Duration
	}{
		"silence":        {nil, false, false, flash.CodeTimeout, usual},
		"cancel":         {nil, false, true, flash.CodeCanceled, time.Second},
		"stall":          {nil, true, false, flash.CodePort, writeSlack + time.Second},
		"stall, cancel":  {nil, true, true, flash.CodeCanceled, time.Second},
		"junk":           {junk, false, false, flash.CodeGarbled, usual},
		"other replies":  {frames, false, false, flash.CodeGarbled, usual},
		"endless burst":  {burst, false, false, flash.CodeRefused, usual},
		"endless packet": {long, false, false, flash.CodeGarbled, usual},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.cancel {
					time.AfterFunc(time.Second, cancel)
				}
				p := newScripted(tt.far)
				p.stall = tt.stall
				l := newLoader(p, Options{Opened: 115200})
				began := time.Now()
				_, err := l.readReg(ctx, 0)
				if code(err) != tt.code {
					t.Errorf("%v", err)
				}
				if d := time.Since(began); d > tt.limit+10*time.Millisecond {
					t.Errorf("took %v", d)
				}
				if len(l.printed) > maxPrinted {
					t.Errorf("keeps %d bytes of noise", len(l.printed))
				}
				if tt.stall {
					if err := l.send(t.Context(), []byte{1}); !errors.Is(err, errStuck) {
						t.Errorf("while a Write is under way: %v", err)
					}
					time.Sleep(2 * time.Hour) // the end of the goroutine
					return
				}
				l.rest()
				p.mu.Lock()
				p.in, p.far = nil, func([]byte) []byte { return replyFrame(opReadReg, 9, 0, 0) }
				p.mu.Unlock()
				l.forget()
				if v, err := l.readReg(t.Context(), 0); err != nil || v != 9 {
					t.Errorf("afterwards: %d, %v", v, err)
				}
				if !p.ends.After(time.Now()) {
					t.Error("the deadline of the port is in the past")
				}
			})
		})
	}
}

// TestSequences: each way into the loader passes through the states that the sheet
// wants, and leaves the strap free.
func TestSequences(t *testing.T) {
	for _, tt := range []struct {
		name string
		list []step
		want string // DTR and RTS after each step
		wait time.Duration
	}{
		{"classic", classic(strap), "01 10 00", 150 * time.Millisecond},
		{"classic, slow", classic(strapUp), "01 10 00", 650 * time.Millisecond},
		{"tight", tight(strap), "00 11 01 10 00", 150 * time.Millisecond},
		{"usb", usbSteps, "10 00 10 10 11 01 01 00", 300 * time.Millisecond},
		{"inverted", ResetOf(ByInverted).tries[0], "10 11 01", 200 * time.Millisecond},
		{"run", hardReset, "01 01 00", 100 * time.Millisecond},
		{"run, inverted", ResetOf(ByInverted).run, "01 00 01", 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newScripted(nil)
			l := newLoader(p, Options{})
			began := time.Now()
			if err := l.steps(t.Context(), tt.list); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(began); d != tt.wait {
				t.Errorf("%s took %v", tt.name, d)
			}
			d, r, got := byte('1'), byte('1'), ""
			for i, s := range p.lines {
				if i > 0 && s.RTS == keep && level(s.DTR, d) == d {
					continue // DTR once more, after RTS
				}
				if i > 0 {
					got += " "
				}
				d, r = level(s.DTR, d), level(s.RTS, r)
				got += string([]byte{d, r})
			}
			if got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		})
	}
}

func level(l serial.Level, was byte) byte {
	switch l {
	case on:
		return '1'
	case off:
		return '0'
	}
	return was
}

// TestRateChangeNeverResets: around opening the port again, no state of the lines is
// reset on the usual circuit, which is RTS alone.
func TestRateChangeNeverResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted(nil)
		f := New(p, Options{Opened: 115200})
		f.prepare()
		p.lines = nil
		if err := f.setRate(t.Context(), 2000000, true); err != nil {
			t.Fatal(err)
		}
		d, r := byte('0'), byte('0')
		for _, s := range p.lines {
			d = level(s.DTR, d) // DTR is first on the wire
			if d == '0' && r == '1' {
				t.Errorf("reset in %v", p.lines)
			}
			r = level(s.RTS, r)
			if d == '0' && r == '1' {
				t.Errorf("reset in %v", p.lines)
			}
		}
		if len(p.lines) != 5 || p.lines[0] != (serial.Signals{DTR: on, RTS: on}) || d != '0' || r != '0' || p.modes[0] != 2000000 {
			t.Errorf("%v %v", p.lines, p.modes)
		}
	})
}

func TestParseStub(t *testing.T) {
	good := `{"entry": 1028, "text": "AAECAwQFBgc=", "text_start": 1024, "data": "CAk=", "data_start": 2048, "bss_start": 1, "plugins": {"a": [1]}}`
	p, err := parseStub([]byte(good))
	if err != nil || p.entry != 1028 || p.text.addr != 1024 || len(p.text.bytes) != 8 || p.data.addr != 2048 || len(p.data.bytes) != 2 {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, bad := range []string{
		``, `{}`, `[]`, good[:40], good + "x",
		`{"entry": 1024, "text": "AAECAwQFBgc="}`,
		`{"entry": 1, "text": "AAECAwQFBgc=", "text_start": 1024}`,
		`{"entry": 1032, "text": "AAECAwQFBgc=", "text_start": 1024}`,
		`{"entry": -1, "text": "AAECAwQFBgc=", "text_start": 1024}`,
		`{"entry": 4294967296, "text": "AAECAwQFBgc=", "text_start": 1024}`,
		`{"entry": 1024, "text": "", "text_start": 1024}`,
		`{"entry": 1024, "text": "!!", "text_start": 1024}`,
		`{"entry": 1024, "text": "AAEC", "text_start": 1024, "data": "AAAA"}`,
		string(bytes.Repeat([]byte(" "), maxStubFile+1)),
	} {
		if p, err := parseStub([]byte(bad)); err == nil {
			t.Errorf("%.60q: %+v", bad, p)
		}
	}
}

// TestRareEnds: the ends of Connect that no simulated board comes to.
func TestRareEnds(t *testing.T) {
	sync := func(then func(op byte) []byte) func([]byte) []byte {
		return func(written []byte) []byte {
			if op := written[2]; op != opSync {
				return then(op)
			}
			return bytes.Repeat(replyFrame(opSync, 0x20120707, 0, 0, 0, 0), 8)
		}
	}
	unknown := func(byte) []byte { return bytes.Repeat(replyFrame(0, 0, 1, 5, 0, 0), 8) }
	strange := func(op byte) []byte {
		if op == opSecurityInfo {
			return unknown(op)
		}
		return replyFrame(op, 0x12345678, 0, 0, 0, 0)
	}
	for name, tt := range map[string]struct {
		port *scripted
		code flash.Code
	}{
		"junk at every rate":       {newScripted(func([]byte) []byte { return []byte{0x80, 0, 0xF8, 0x91, 2} }), flash.CodeGarbled},
		"nothing":                  {newScripted(nil), flash.CodeSilent},
		"no rate":                  {&scripted{mode: errors.New("no"), changed: make(chan struct{})}, flash.CodeRate},
		"everything is forbidden":  {newScripted(sync(unknown)), flash.CodeSecure},
		"a chip of the future":     {newScripted(sync(strange)), flash.CodeChip},
		"answers nothing but SYNC": {newScripted(sync(func(byte) []byte { return nil })), flash.CodeTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, err := New(tt.port, Options{}).Connect(t.Context())
				if code(err) != tt.code {
					t.Errorf("%v", err)
				}
				if d := time.Since(began); d > time.Minute {
					t.Errorf("took %v", d)
				}
			})
		})
	}
}
