package esp

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"ncpweb/flash"
	"ncpweb/internal/json"
)

const (
	maxStubFile = 256 << 10 // bytes of JSON; the longest of 1.2.2 has 17 kB
	maxStubPart = 96 << 10  // bytes of code or data; no chip has much more RAM for it

	greeting = 3 * time.Second // for OHAI
)

// hello is what a stub sends when it runs.
const hello = "OHAI"

// program is a stub as it is loaded.
type program struct {
	entry uint32
	text  part
	data  part
}

// part is a stretch of memory.
type part struct {
	addr  uint32
	bytes []byte
}

// parseStub reads the JSON of a stub.
func parseStub(file []byte) (*program, error) {
	if len(file) > maxStubFile {
		return nil, errors.New("stub: file is too long")
	}
	p, r, seen := new(program), json.NewReader(file), 0
	err := r.Object(func(name []byte) error {
		var err error
		switch string(name) {
		case "entry":
			p.entry, err = address(r)
		case "text_start":
			p.text.addr, err = address(r)
		case "data_start":
			p.data.addr, err = address(r)
		case "text":
			p.text.bytes, err = blob(r)
		case "data":
			p.data.bytes, err = blob(r)
			return err // may be missing
		default:
			return r.Skip()
		}
		seen++
		return err
	})
	if err == nil {
		err = r.End()
	}
	switch {
	case err != nil:
		return nil, err
	case seen < 3 || len(p.text.bytes) == 0:
		return nil, errors.New("stub: incomplete")
	case p.entry < p.text.addr || int64(p.entry) >= int64(p.text.addr)+int64(len(p.text.bytes)):
		return nil, errors.New("stub: entry is outside")
	case len(p.data.bytes) > 0 && p.data.addr == 0:
		return nil, errors.New("stub: data without address")
	}
	return p, nil
}

func address(r *json.Reader) (uint32, error) {
	n, err := r.Int()
	if err == nil && (n < 0 || n > 0xFFFFFFFF) {
		err = r.Fail("not an address")
	}
	return uint32(n), err
}

func blob(r *json.Reader) ([]byte, error) {
	text, err := r.Bytes()
	if err != nil {
		return nil, err
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(b, text)
	if err != nil || n > maxStubPart {
		return nil, r.Fail("not base64, or too long")
	}
	return b[:n], nil
}

// startStub loads the stub into RAM and starts it. It leaves ROM in charge, without an
// error, where there is no stub for the chip. An error is one of the line, or CodeStub.
func (f *Flasher) startStub(ctx context.Context) error {
	l := f.load
	if l.stub || f.stubless || f.o.Stub == nil || f.details.Security.Download {
		return nil
	}
	if f.program == nil || f.programOf != l.chip {
		file, err := f.o.Stub(ctx, l.chip.ID)
		if err == nil {
			f.program, err = parseStub(file)
		}
		if err != nil {
			if ctx.Err() != nil {
				return l.fail("load stub", flash.PhaseConnect, ctx.Err())
			}
			l.note(flash.PhaseConnect, "no stub, which is slower: "+err.Error())
			return nil
		}
		f.programOf = l.chip
	}
	p := f.program
	for _, m := range []part{p.text, p.data} {
		if err := l.upload(ctx, m); err != nil {
			return err
		}
	}
	if err := l.jump(ctx, p.entry); err != nil {
		return err
	}
	l.stub = true
	return nil
}

// upload writes into RAM.
func (l *loader) upload(ctx context.Context, m part) error {
	if len(m.bytes) == 0 {
		return nil
	}
	blocks := (len(m.bytes) + l.ram - 1) / l.ram
	_, err := l.command(ctx, command{op: opMemBegin,
		data: [][]byte{words(uint32(len(m.bytes)), uint32(blocks), uint32(l.ram), m.addr)}})
	for i := 0; i < blocks && err == nil; i++ {
		b := m.bytes[i*l.ram : min(len(m.bytes), (i+1)*l.ram)]
		err = l.uploadBlock(ctx, i, b)
	}
	return err
}

// uploadBlock writes a block into RAM. One that came damaged is sent again.
func (l *loader) uploadBlock(ctx context.Context, i int, b []byte) error {
	const tries = 3
	var err error
	for range tries {
		_, err = l.command(ctx, command{op: opMemData, sum: checksum(0xEF, b),
			data: [][]byte{words(uint32(len(b)), uint32(i), 0, 0), b}})
		var refused *statusError
		if !errors.As(err, &refused) || refused.number() != romChecksum && refused.number() != unsupported {
			return err
		}
	}
	return err
}

// jump starts a stub and waits until it says so. The reply of ROM may be lost.
func (l *loader) jump(ctx context.Context, entry uint32) error {
	const run = 0
	if err := l.send(ctx, frameOf(nil, opMemEnd, 0, words(run, entry))); err != nil {
		return l.fail("start stub", flash.PhaseConnect, err)
	}
	defer l.watch(ctx)()
	budget, until := maxNoise, time.Now().Add(greeting)
	for {
		p, err := l.next(ctx, until, &budget)
		if err != nil {
			err = l.fail("start stub", flash.PhaseConnect, err)
			if c := code(err); c == flash.CodeTimeout || c == flash.CodeGarbled {
				return &flash.Error{Code: flash.CodeStub, Op: "start stub", Detail: l.said(), Err: err}
			}
			return err
		}
		if string(p) == hello {
			return nil
		}
		if _, op, status, ok := parseReply(p, 0, 0); !ok {
			l.print(p)
		} else if op == opMemEnd && status.flag != 0 {
			return &flash.Error{Code: flash.CodeStub, Op: "start stub",
				Err: &statusError{op, status.flag, status.code}}
		}
	}
}
