package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Go's linker cuts the data of a wasm program at every run of zeros, into some seventy
// thousand segments. Each has a header with an address that no packer can guess, so
// the cuts cost about a tenth of the packed program; the zeros themselves pack to
// nothing. mergeSegments joins the segments again.

// maxGap is how many zero bytes may stand between two segments that are joined. The
// linker's own runs are shorter; more makes the program no smaller.
const maxGap = 64

// dataSection is the id of the section that holds the data segments (WebAssembly core
// specification, "Binary Format", "Modules").
const dataSection = 11

var errWasm = errors.New("not a wasm program as Go's linker makes it")

// mergeSegments returns the program with its data segments joined where at most gap
// zero bytes lie between them, and with short names of functions. What the program
// does is the same.
func mergeSegments(program []byte, gap int64) ([]byte, error) {
	const header = 8 // magic and version
	if len(program) < header || string(program[:4]) != "\x00asm" {
		return nil, errWasm
	}
	out := append(make([]byte, 0, len(program)*5/4), program[:header]...)
	r := wasmReader{program[header:], nil}
	for len(r.data) > 0 && r.err == nil {
		id, body := r.byte(), r.bytes(r.uint())
		if id == dataSection && r.err == nil {
			segments, err := readSegments(body)
			if err != nil {
				return nil, err
			}
			joined := joinSegments(segments, gap)
			if err := shortenAll(joined); err != nil {
				return nil, err
			}
			body = appendSegments(nil, joined)
		}
		out = append(out, id)
		out = binary.AppendUvarint(out, uint64(len(body)))
		out = append(out, body...)
	}
	return out, r.err
}

// shortenAll shortens the names of functions in the one segment that holds them.
func shortenAll(segments []segment) error {
	for _, s := range segments {
		if done, err := shortenNames(s.data); done || err != nil {
			return err
		}
	}
	return nil
}

// segment is a piece of the memory that a program starts with.
type segment struct {
	at   int64
	data []byte
}

func readSegments(body []byte) ([]segment, error) {
	r := wasmReader{body, nil}
	segments := make([]segment, 0, 1024)
	for n := r.uint(); n > 0 && r.err == nil; n-- {
		// An active segment of memory 0 at a constant address: 0, i32.const, address, end.
		if r.byte() != 0 || r.byte() != 0x41 {
			return nil, errWasm
		}
		at := r.int()
		if r.byte() != 0x0B {
			return nil, errWasm
		}
		segments = append(segments, segment{at, r.bytes(r.uint())})
	}
	if r.err != nil || len(r.data) > 0 {
		return nil, errWasm
	}
	return segments, nil
}

// joinSegments joins neighbours. Segments that overlap or go backwards stay apart:
// their order matters then.
func joinSegments(segments []segment, gap int64) []segment {
	var joined []segment
	for _, s := range segments {
		if len(joined) > 0 {
			last := &joined[len(joined)-1]
			zeros := s.at - last.at - int64(len(last.data))
			if zeros >= 0 && zeros <= gap {
				last.data = append(append(last.data, make([]byte, zeros)...), s.data...)
				continue
			}
		}
		joined = append(joined, segment{s.at, append([]byte(nil), s.data...)})
	}
	return joined
}

func appendSegments(dst []byte, segments []segment) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(segments)))
	for _, s := range segments {
		dst = append(dst, 0, 0x41)
		dst = appendSigned(dst, s.at)
		dst = append(dst, 0x0B)
		dst = binary.AppendUvarint(dst, uint64(len(s.data)))
		dst = append(dst, s.data...)
	}
	return dst
}

// appendSigned appends a signed LEB128 number.
func appendSigned(dst []byte, n int64) []byte {
	for {
		b := byte(n & 0x7F)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(dst, b)
		}
		dst = append(dst, b|0x80)
	}
}

// wasmReader reads the numbers and bytes of a wasm program. After an error it reads
// zeros.
type wasmReader struct {
	data []byte
	err  error
}

func (r *wasmReader) byte() byte {
	b := r.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (r *wasmReader) bytes(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.data)) {
		r.err = fmt.Errorf("%w: it is cut", errWasm)
	}
	if r.err != nil {
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *wasmReader) uint() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.err = fmt.Errorf("%w: a number does not end", errWasm)
		return 0
	}
	r.data = r.data[size:]
	return n
}

// int reads a signed LEB128 number of 32 bits.
func (r *wasmReader) int() int64 {
	n, shift := int64(0), 0
	for {
		b := r.byte()
		n |= int64(b&0x7F) << shift
		shift += 7
		if b&0x80 == 0 || shift > 35 {
			if shift < 64 && b&0x40 != 0 {
				n |= -1 << shift
			}
			return n
		}
	}
}
