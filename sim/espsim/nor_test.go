package espsim

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func testNOR(o Options) *nor {
	o = o.withDefaults()
	return newNOR(&o)
}

func TestProgramClearsEraseSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := testNOR(Options{Bad: []Range{{0x310, 0x312}}})
		ctx := t.Context()
		begin := time.Now()
		if err := f.program(ctx, 0x2F0, bytes.Repeat([]byte{0xF0}, 0x30)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begin); d != 2*programTime {
			t.Errorf("two pages took %v", d)
		}
		if err := f.program(ctx, 0x2F0, []byte{0x3C}); err != nil {
			t.Fatal(err)
		}
		b := f.copy()
		if b[0x2EF] != 0xFF || b[0x2F0] != 0x30 || b[0x2F1] != 0xF0 || b[0x310] != 0xFF || b[0x312] != 0xF0 || b[0x320] != 0xFF {
			t.Errorf("after programming: % x", b[0x2EE:0x322])
		}
		begin = time.Now()
		if next, err := f.eraseStep(ctx, 0, 0x20000); next != blockSize || err != nil || time.Since(begin) != blockTime {
			t.Errorf("a block: to %x, %v, in %v", next, err, time.Since(begin))
		}
		if !isBlank(f.copy()) {
			t.Error("not blank after erasing")
		}
		begin = time.Now()
		if next, _ := f.eraseStep(ctx, 0x1000, 0x20000); next != 0x2000 || time.Since(begin) != sectorTime {
			t.Errorf("a sector: to %x in %v", next, time.Since(begin))
		}
	})
}

// A cut leaves a beginning that is as it should be, a page that is half so, and an end
// that is as it was.
func TestCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := testNOR(Options{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*programTime+programTime/2)
		defer cancel()
		if err := f.program(ctx, 0, make([]byte, 32*pageSize)); err == nil {
			t.Fatal("not cut")
		}
		b := f.copy()
		done := bytes.IndexFunc(b, func(r rune) bool { return r != 0 })
		if done < 10*pageSize || done >= 11*pageSize {
			t.Errorf("programmed up to %x", done)
		}
		if c := b[done]; c == 0 || c == 0xFF {
			t.Errorf("the page of the cut: %02x", c)
		}
		if !isBlank(b[12*pageSize:]) {
			t.Error("the rest was touched")
		}

		ctx, cancel = context.WithTimeout(t.Context(), blockTime/2)
		defer cancel()
		f = testNOR(Options{Content: make([]byte, 2*blockSize)})
		if _, err := f.eraseStep(ctx, 0, blockSize); err == nil {
			t.Fatal("not cut")
		}
		b = f.copy()
		if isBlank(b[:blockSize]) || bytes.Count(b[:blockSize], []byte{0}) == blockSize || b[blockSize] != 0 {
			t.Error("a cut erase left all or nothing")
		}
	})
}

func TestBlankTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := testNOR(Options{})
		f.mem[0x5FFF] = 0xFE
		if a, err := f.blankTo(t.Context(), 0x1000, 0x10000); a != 0x5000 || err != nil {
			t.Errorf("first used sector: %x, %v", a, err)
		}
		if a, _ := f.blankTo(t.Context(), 0x6000, 0x10000); a != 0x10000 {
			t.Errorf("all blank: %x", a)
		}
	})
}
