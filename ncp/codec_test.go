package ncp

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"ncpweb/ncp/rpc"
)

// Every wire type, with the bytes that the protocol sheet gives it.
func TestWireTypes(t *testing.T) {
	w := newWriter(invokeHead, 0)
	w.bool("a", true)
	w.bool("b", false)
	w.uint8("c", 0xFE)
	w.uint16("d", 0x0102)
	w.uint32("e", 0x01020304)
	w.uint64("f", 0x0102030405060708)
	w.int8("g", -2)
	w.int16("h", -2)
	w.int32("i", -2)
	w.int64("j", -2)
	w.float32("k", 1.5)
	w.string("l", "é")
	w.string("m", "")
	w.binary("n", []byte{0, 1})
	w.binary("o", nil)
	want := []byte{
		1, 0, 0xFE, 2, 1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1,
		0xFE, 0xFE, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
		0, 0, 0xC0, 0x3F, 0xC3, 0xA9, 0, 0, 2, 0, 0, 1, 0, 0,
	}
	if w.err != nil || !bytes.Equal(w.buf, want) {
		t.Fatalf("% x (%v), want % x", w.buf, w.err, want)
	}
	if w.room != MaxMessage-invokeHead-len(want) {
		t.Errorf("room for %d bytes", w.room)
	}
	r := reader{buf: w.buf}
	ok := r.bool() && !r.bool() && r.uint8() == 0xFE && r.uint16() == 0x0102 && r.uint32() == 0x01020304 &&
		r.uint64() == 0x0102030405060708 && r.int8() == -2 && r.int16() == -2 && r.int32() == -2 && r.int64() == -2 &&
		r.float32() == 1.5 && r.string() == "é" && r.string() == "" && bytes.Equal(r.binary(), []byte{0, 1}) && len(r.binary()) == 0
	if !ok || !r.complete() {
		t.Errorf("read differs; %d bytes left, bad %v", len(r.buf), r.bad)
	}
}

// What is cut off reads as zero, is noticed, and takes nothing away.
func TestReadShort(t *testing.T) {
	reads := map[string]func(*reader) bool{
		"Bool":   func(r *reader) bool { return !r.bool() },
		"UInt16": func(r *reader) bool { return r.uint16() == 0 },
		"UInt32": func(r *reader) bool { return r.uint32() == 0 },
		"UInt64": func(r *reader) bool { return r.uint64() == 0 },
		"Float":  func(r *reader) bool { return r.float32() == 0 },
		"String": func(r *reader) bool { return r.string() == "" },
		"Binary": func(r *reader) bool { return r.binary() == nil },
	}
	for name, read := range reads {
		for _, b := range [][]byte{{}, {5}, {5, 6, 7}} {
			if name == "Bool" && len(b) > 0 || name == "UInt16" && len(b) > 1 {
				continue
			}
			r := reader{buf: b}
			if !read(&r) || !r.bad || r.complete() || len(r.buf) != len(b) {
				t.Errorf("%s of % x: %+v", name, b, r)
			}
		}
	}
}

// A reader's bytes cannot be appended to those behind them.
func TestBinaryIsClipped(t *testing.T) {
	r := reader{buf: []byte{1, 0, 7, 8}}
	if b := append(r.binary(), 9); r.uint8() != 8 || !bytes.Equal(b, []byte{7, 9}) {
		t.Error("the bytes behind a Binary were written")
	}
}

func FuzzCodec(f *testing.F) {
	f.Add(true, uint8(1), uint16(2), uint32(3), uint64(4), int64(-5), float32(1.5), "text", []byte{1, 2})
	f.Fuzz(func(t *testing.T, a bool, b uint8, c uint16, d uint32, e uint64, i int64, x float32, s string, p []byte) {
		w := newWriter(onewayHead, len(s)+len(p))
		w.bool("a", a)
		w.uint8("b", b)
		w.uint16("c", c)
		w.uint32("d", d)
		w.uint64("e", e)
		w.int8("i8", int8(i))
		w.int16("i16", int16(i))
		w.int32("i32", int32(i))
		w.int64("i64", i)
		w.float32("x", x)
		w.string("s", s)
		w.binary("p", p)
		if len(w.buf) > MaxMessage-onewayHead {
			t.Fatalf("%d bytes", len(w.buf))
		}
		if w.err != nil {
			if !errors.Is(w.err, ErrNUL) && !errors.Is(w.err, rpc.ErrTooLarge) {
				t.Fatal(w.err)
			}
			return
		}
		r := reader{buf: w.buf}
		same := r.bool() == a && r.uint8() == b && r.uint16() == c && r.uint32() == d && r.uint64() == e &&
			r.int8() == int8(i) && r.int16() == int16(i) && r.int32() == int32(i) && r.int64() == i &&
			math.Float32bits(r.float32()) == math.Float32bits(x) && r.string() == s && bytes.Equal(r.binary(), p)
		if !same || !r.complete() {
			t.Fatalf("% x does not read as it was written", w.buf)
		}
		for cut := range w.buf {
			r := reader{buf: w.buf[:cut]}
			readAll(&r)
			if r.complete() {
				t.Fatalf("% x cut at %d is complete", w.buf, cut)
			}
		}
	})
}

func readAll(r *reader) {
	r.bool()
	r.uint8()
	r.uint16()
	r.uint32()
	r.uint64()
	r.int8()
	r.int16()
	r.int32()
	r.int64()
	r.float32()
	r.string()
	r.binary()
}
