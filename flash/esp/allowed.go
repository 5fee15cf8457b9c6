package esp

import (
	"context"
	"errors"
	"time"

	"ncpweb/firmware"
	"ncpweb/flash"
	"ncpweb/slip"
)

// target is what an image must fit.
type target struct {
	chip     string // id; empty: not known
	revision int    // times 100; -1: not known
	flash    int64  // bytes; 0: not known
}

// target returns what Connect found.
func (f *Flasher) target() target {
	t := target{revision: -1, flash: f.details.Flash}
	if f.load.chip == nil {
		return t
	}
	t.chip = f.load.chip.ID
	if f.details.Revision != "" {
		t.revision = 100*f.details.Major + f.details.Minor
	}
	return t
}

// canDigest tells whether the loader takes digests of the flash memory.
func (f *Flasher) canDigest() bool {
	return f.load.stub || f.load.chip != nil && !f.load.chip.old && !f.details.Security.Download
}

// canUnpack tells whether the loader unpacks what it gets.
func (f *Flasher) canUnpack() bool { return f.canDigest() }

// romErasesMore tells that the ROM erases more than it is told to.
func (f *Flasher) romErasesMore() bool { return f.load.chip != nil && f.load.chip.old }

// hasEncryptWord tells that the commands which announce data have a fifth word.
func (f *Flasher) hasEncryptWord() bool {
	return f.load.stub || f.load.chip != nil && f.load.chip.encrypt
}

// usualTable is where partition tables usually are: below it is the boot loader.
const usualTable = 0x8000

// secure refuses what the fuses of the chip make useless or harmful: firmware as it is
// where the chip decrypts what it starts; another boot loader where only a signed one
// starts, since without one the chip is lost; everything where nothing can be verified.
func (f *Flasher) secure(image *firmware.Image) error {
	no := func(detail string) error {
		return &flash.Error{Code: flash.CodeSecure, Op: "check the chip", Phase: flash.PhaseCompare, Detail: detail}
	}
	s := f.details.Security
	switch {
	case f.load.chip == nil:
		return &flash.Error{Code: flash.CodeTimeout, Op: "check the chip", Phase: flash.PhaseCompare, Detail: "no chip is connected"}
	case s.Download:
		return no("secure download mode: what is written cannot be verified")
	case s.Encrypted && !f.o.How.Encrypted:
		return no("flash encryption is on: firmware that is not encrypted does not start")
	case s.Boot && f.o.How.EraseAll:
		return no("secure boot is on: erasing would take the signed boot loader away")
	}
	if s.Boot && image != nil {
		for i := range image.Segments {
			if image.Segments[i].Addr < usualTable {
				return no("secure boot is on: the boot loader must stay as it is")
			}
		}
	}
	return nil
}

// secureErase refuses to erase by itself what a secured chip could not get back.
func (f *Flasher) secureErase() error {
	s := f.details.Security
	if f.load.chip == nil {
		return f.secure(nil)
	}
	if s.Boot || s.Encrypted || s.Download {
		return &flash.Error{Code: flash.CodeSecure, Op: "erase", Phase: flash.PhaseErase, Detail: "the chip is secured"}
	}
	return nil
}

// listens asks the loader whether it hears, after a reply was missed, or, if answered, after
// one that said that a frame arrived damaged. What came last may have lost its closing
// delimiter: then one more closes it, and it is done and answered only now. Otherwise that
// one opened a frame of nothing, which the one before the question ends. The plain form is
// for a loader that is outside of frames.
func (f *Flasher) listens(ctx context.Context, answered bool) error {
	const (
		late  = 1500 * time.Millisecond // longer than any digest of verifyChunk takes
		limit = 300 * time.Millisecond
	)
	question := frameOf([]byte{slip.End}, opReadReg, 0, words(magicAddr))
	plain, closed := question[1:], question
	ask := [][]byte{plain, closed, plain}
	if !answered {
		if err := f.load.send(ctx, []byte{slip.End}); err != nil {
			return f.load.fail("ask again", f.phase, err)
		}
		_, err := f.load.packet(ctx, late, f.phase)
		if code(err) == flash.CodeTimeout {
			ask = [][]byte{closed, closed, plain}
		} else if err != nil {
			return err
		}
	}
	var err error
	for _, frame := range ask {
		if err = f.load.send(ctx, frame); err != nil {
			return f.load.fail("ask again", f.phase, err)
		}
		_, err = f.load.answer(ctx, opReadReg, limit+f.onWire(len(frame)), 0)
		var s *statusError
		if err == nil || errors.As(err, &s) {
			return nil
		}
		if code(err) != flash.CodeTimeout {
			return err
		}
	}
	return err
}
