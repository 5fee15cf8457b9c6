package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// program makes a wasm program with one other section and these segments.
func program(segments []segment) []byte {
	p := []byte("\x00asm\x01\x00\x00\x00\x00\x03abc")
	body := appendSegments(nil, segments)
	p = append(p, dataSection)
	p = binary.AppendUvarint(p, uint64(len(body)))
	return append(p, body...)
}

// memory is what the segments leave in memory.
func memory(t *testing.T, p []byte) ([]byte, int) {
	t.Helper()
	r := wasmReader{p[8:], nil}
	m := make([]byte, 1<<16)
	count := 0
	for len(r.data) > 0 {
		id, body := r.byte(), r.bytes(r.uint())
		if id != dataSection {
			continue
		}
		segments, err := readSegments(body)
		if err != nil {
			t.Fatal(err)
		}
		count = len(segments)
		for _, s := range segments {
			copy(m[s.at:], s.data)
		}
	}
	if r.err != nil {
		t.Fatal(r.err)
	}
	return m, count
}

func TestMergeSegments(t *testing.T) {
	in := program([]segment{
		{100, []byte("ab")}, {102, []byte("cd")}, {168, []byte("ef")}, // 64 zeros before the last
		{235, []byte("gh")},                            // 65 before it
		{236, []byte("overlap")}, {40, []byte("back")}, // stay apart
		{60000, []byte("far")}, {60003, nil},
	})
	out, err := mergeSegments(in, maxGap)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := memory(t, in)
	got, count := memory(t, out)
	if !bytes.Equal(got, want) {
		t.Error("the memory is another one")
	}
	if count != 5 {
		t.Errorf("%d segments, want 5", count)
	}
	if !bytes.Contains(out, []byte("\x00\x03abc")) {
		t.Error("the other section is gone")
	}
	again, err := mergeSegments(out, maxGap)
	if err != nil || !bytes.Equal(again, out) {
		t.Errorf("merged once more it is another one (%v)", err)
	}
}

func TestMergeSegmentsRefuses(t *testing.T) {
	good := program([]segment{{1 << 20, []byte("abc")}})
	for i := range good {
		if i == 8 || i == 13 {
			continue // the end of a section: a program as well
		}
		if _, err := mergeSegments(good[:i], maxGap); err == nil {
			t.Errorf("cut after %d of %d bytes it was taken", i, len(good))
		}
	}
	passive := bytes.Replace(good, []byte{0, 0x41}, []byte{1, 0x41}, 1)
	if _, err := mergeSegments(passive, maxGap); err == nil {
		t.Error("a passive segment was taken")
	}
}
