package esp

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/flash"
	"ncpweb/slip"
)

// liar is a device that answers SYNC, and whatever else it is asked with values,
// payloads and statuses that data chooses; at times with noise.
type liar struct {
	data  []byte
	asked int
}

func (d *liar) next() byte {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *liar) answer(written []byte) []byte {
	if d.asked++; d.asked > 3000 {
		return nil
	}
	op := written[min(2, len(written)-1)]
	if op == opSync {
		return bytes.Repeat(d.frame(opSync, []byte{0, 0, 0, 0}), 1+int(d.next()%9))
	}
	mode := d.next()
	switch mode % 8 {
	case 0: // raw
		n := min(int(d.next()), len(d.data))
		raw := d.data[:n]
		d.data = d.data[n:]
		return raw
	case 1:
		return bytes.Repeat(d.frame(0, []byte{1, 5, 0, 0}), int(d.next()))
	case 2:
		return slip.Append(nil, []byte(hello))
	case 3:
		return nil
	}
	body := []byte{0, 0, 0, 0}
	if mode&8 != 0 {
		body = make([]byte, d.next())
		for i := range body {
			body[i] = d.next()
		}
	}
	b := d.frame(op, body)
	if mode&16 != 0 {
		b = bytes.Repeat(b, 1+int(d.next()))
	}
	if op == opMemEnd && mode&32 == 0 {
		b = slip.Append(b, []byte(hello))
	}
	return b
}

// values are what makes a chip believable.
var values = []uint32{0, 0xFFFFFFFF, 0x00F01D83, 0xFFF0C101, 0x1B31506F, 9, 0x7C6, 0x1640EF, 0x2CE0806F, 7}

func (d *liar) frame(op byte, body []byte) []byte {
	packet := append([]byte{1, op, byte(len(body)), 0}, words(values[int(d.next())%len(values)])...)
	return slip.Append(nil, packet, body)
}

// FuzzDevice: whatever a device answers, Connect, Run and Boot end in time, with an
// error that has a Code, and within bounds.
func FuzzDevice(f *testing.F) {
	f.Add([]byte{}, byte(0))
	f.Add(bytes.Repeat([]byte{4, 2}, 200), byte(0))
	f.Add(bytes.Repeat([]byte{4, 3}, 200), byte(1))
	f.Add(bytes.Repeat([]byte{12, 2, 200, 0xC0}, 200), byte(2))
	f.Add(bytes.Repeat([]byte{20, 4, 1, 5}, 200), byte(3))
	stub := []byte(`{"entry": 1024, "text": "AAECAwQFBgc=", "text_start": 1024, "data": "CAk=", "data_start": 2048}`)
	f.Fuzz(func(t *testing.T, data []byte, how byte) {
		synctest.Test(t, func(t *testing.T) {
			d := &liar{data: data}
			p := newScripted(d.answer)
			o := Options{Reset: resets[int(how)%len(resets)], Fixed: how&64 != 0,
				Stub: func(context.Context, string) ([]byte, error) { return stub, nil }}
			fl := New(p, o)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			began := time.Now()
			_, err := fl.Connect(ctx)
			checkEnd(t, err)
			if d := time.Since(began); d > 5*time.Minute && !o.Reset.Hand {
				t.Errorf("connect took %v", d)
			}
			checkEnd(t, fl.Run(ctx))
			if _, err := fl.Boot(ctx, time.Second); err != nil {
				checkEnd(t, err)
			}
			if len(fl.load.printed) > maxPrinted {
				t.Errorf("keeps %d bytes", len(fl.load.printed))
			}
		})
	})
}

func checkEnd(t *testing.T, err error) {
	t.Helper()
	var e *flash.Error
	if err != nil && (!errors.As(err, &e) || e.Code == 0 || e.Op == "" || e.Error() == "") {
		t.Errorf("%#v", err)
	}
}

func FuzzReply(f *testing.F) {
	f.Add([]byte{1, 0x0A, 4, 0, 1, 2, 3, 4, 0, 0, 0, 0}, 0, 0)
	f.Add([]byte{1, 0x14, 24, 0, 1, 2, 3, 4, 0, 0, 0, 0}, 12, 20)
	f.Fuzz(func(t *testing.T, p []byte, want, more int) {
		want, more = want&0xFFF, more&0xFFF
		r, op, _, ok := parseReply(p, want, more)
		if ok && (op != p[1] || len(r.body) != 0 && len(r.body) != want && len(r.body) != more) {
			t.Errorf("%d bytes of %d or %d", len(r.body), want, more)
		}
	})
}

func FuzzStub(f *testing.F) {
	f.Add([]byte(`{"entry": 1028, "text": "AAECAwQFBgc=", "text_start": 1024, "data": "CAk=", "data_start": 2048}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := parseStub(file)
		if err == nil && (len(p.text.bytes) == 0 || len(p.text.bytes) > maxStubPart || p.entry < p.text.addr) {
			t.Errorf("%+v", p)
		}
	})
}

func FuzzBootLog(f *testing.F) {
	f.Add([]byte("rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if k, sure := bootKind(text); k > BootGarbled || sure && k == BootSilent {
			t.Errorf("%d", k)
		}
	})
}
