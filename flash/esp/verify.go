package esp

import (
	"context"

	"ncpweb/flash"
)

// verify compares everything that the chip must hold with what it holds. bad is what is
// wrong, in units of grain; there is none after success.
func (f *Flasher) verify(ctx context.Context, p *Plan) (bad []job, err error) {
	f.enter(flash.PhaseVerify)
	if !f.canDigest() {
		return nil, &flash.Error{Code: flash.CodeUnsupport, Op: "verify", Phase: flash.PhaseVerify,
			Detail: "without the stub, this chip cannot tell what is in its flash memory"}
	}
	total, done := p.Data+p.Blank, int64(0)
	f.event(flash.Event{Phase: flash.PhaseVerify, Total: total})
	for _, s := range p.spans() {
		before := done
		passed := func(n int64) {
			done += n
			f.event(flash.Event{Phase: flash.PhaseVerify, Done: done, Total: total, Addr: s.addr})
		}
		same, err := f.equalLong(ctx, s.addr, s.data, passed)
		if err != nil {
			return nil, err
		}
		if same {
			continue
		}
		done = before
		more, err := f.differing(ctx, s, []int64{unit, grain}, passed)
		if err != nil {
			return nil, err
		}
		bad = append(bad, more...) // none where only the reply was damaged
	}
	return bad, nil
}

// wrong is the error for what verify found.
func wrong(bad []job) error {
	first, last := bad[0], bad[len(bad)-1]
	n := int64(0)
	for _, j := range bad {
		n += int64(len(j.data))
	}
	return &flash.Error{Code: flash.CodeVerify, Op: "verify", Phase: flash.PhaseVerify, Addr: first.addr,
		Detail: "differs from " + hex(first.addr, 6) + " to " + hex(uint32(last.end()-1), 6) + ", in " + decimal(n) + " bytes"}
}
