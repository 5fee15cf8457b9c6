package espsim

import (
	"compress/zlib"
	"errors"
	"io"
	"iter"
)

// window is how much the stub's inflater gives out at a time.
const window = 32 << 10

// inflateState is how far an inflater came.
type inflateState uint8

const (
	inflateMore   inflateState = iota // there may be more at once
	inflateWants                      // it needs more input
	inflateDone                       // the stream is at its end, its check sum right
	inflateBroken                     // the stream is no such stream
)

// inflater takes a zlib stream in pieces. It is a coroutine around the standard
// library's, which pulls.
type inflater struct {
	in   []byte
	out  []byte
	pull func() (inflateState, bool)
	stop func()
	last inflateState
}

func newInflater() *inflater {
	f := &inflater{out: make([]byte, 0, window)}
	f.pull, f.stop = iter.Pull(f.run)
	return f
}

// push adds input.
func (f *inflater) push(b []byte) { f.in = append(f.in, b...) }

// next returns the next output, at most a window, valid until the call after, and the
// state behind it.
func (f *inflater) next() ([]byte, inflateState) {
	f.out = f.out[:0]
	if f.last == inflateDone || f.last == inflateBroken {
		f.in = nil
		return nil, f.last
	}
	s, ok := f.pull()
	if !ok {
		s = inflateBroken
	}
	f.last = s
	return f.out, s
}

// errStopped is what the coroutine reads once nobody wants more.
var errStopped = errors.New("espsim: the inflater was stopped")

// source is the input as the standard library reads it. It gives byte by byte, so that
// nothing is taken that is not needed.
type source struct {
	f     *inflater
	yield func(inflateState) bool
}

func (s source) ReadByte() (byte, error) {
	for len(s.f.in) == 0 {
		if !s.yield(inflateWants) {
			return 0, errStopped
		}
	}
	c := s.f.in[0]
	s.f.in = s.f.in[1:]
	return c, nil
}

func (s source) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = c
	return 1, nil
}

func (f *inflater) run(yield func(inflateState) bool) {
	z, err := zlib.NewReader(source{f, yield})
	for err == nil {
		n := 0
		n, err = z.Read(f.out[len(f.out):cap(f.out)])
		f.out = f.out[:len(f.out)+n]
		if err == nil && len(f.out) == cap(f.out) && !yield(inflateMore) {
			return
		}
	}
	switch {
	case errors.Is(err, errStopped):
	case errors.Is(err, io.EOF):
		yield(inflateDone)
	default:
		yield(inflateBroken)
	}
}
