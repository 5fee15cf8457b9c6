package inbox

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
)

// put adds p to b.
func put(b *Box, p []byte) { b.Put(len(p), func(dst []byte) { copy(dst, p) }) }

// What is put in any chunks comes out in any chunks, in order.
func TestOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	b := New()
	var sent, got []byte
	for len(sent) < 1<<20 {
		p := make([]byte, random.IntN(5000))
		for i := range p {
			p[i] = byte(random.Uint32())
		}
		put(b, p)
		sent = append(sent, p...)
		for random.IntN(3) > 0 && len(got) < len(sent) {
			buf := make([]byte, 1+random.IntN(4000))
			n, err := b.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
	}
	b.End(serial.ErrLost)
	for {
		buf := make([]byte, 777)
		n, err := b.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			if !errors.Is(err, serial.ErrLost) {
				t.Error(err)
			}
			break
		}
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came, want %d", len(got), len(sent))
	}
}

// Nobody reads: the buffer stays bounded, and what is dropped is counted.
func TestBound(t *testing.T) {
	b := New()
	chunk := make([]byte, 1<<20)
	for range 10 {
		put(b, chunk)
	}
	if got, want := b.Overflow(), uint64(10<<20-Max); got != want {
		t.Errorf("%d bytes dropped, want %d", got, want)
	}
	if len(b.buf) > 4*Max {
		t.Errorf("the buffer has %d bytes", len(b.buf))
	}
	total := 0
	b.End(serial.ErrLost)
	for {
		n, err := b.Read(chunk)
		total += n
		if err != nil {
			break
		}
	}
	if total != Max {
		t.Errorf("%d bytes came, want %d", total, Max)
	}
}

func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New()
		read := func() (int, time.Duration, error) {
			start := time.Now()
			n, err := b.Read(make([]byte, 10))
			return n, time.Since(start), err
		}
		time.AfterFunc(time.Second, func() { put(b, []byte("abc")) })
		if n, d, err := read(); n != 3 || err != nil || d != time.Second {
			t.Errorf("bytes: %d, %v after %v", n, err, d)
		}
		b.SetDeadline(time.Now().Add(2 * time.Second))
		if n, d, err := read(); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || d != 2*time.Second {
			t.Errorf("deadline: %d, %v after %v", n, err, d)
		}
		put(b, []byte("kept"))
		if _, _, err := read(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("past deadline: %v", err)
		}
		b.SetDeadline(time.Time{})
		if n, _, err := read(); n != 4 || err != nil {
			t.Errorf("after the deadline: %d, %v", n, err)
		}
		time.AfterFunc(time.Second, func() { b.SetDeadline(time.Now().Add(-time.Minute)) })
		if _, d, err := read(); !errors.Is(err, os.ErrDeadlineExceeded) || d != time.Second {
			t.Errorf("deadline set while waiting: %v after %v", err, d)
		}
		b.SetDeadline(time.Time{})
		time.AfterFunc(time.Second, b.Close)
		if _, d, err := read(); !errors.Is(err, serial.ErrClosed) || d != time.Second {
			t.Errorf("close: %v after %v", err, d)
		}
		if err := b.SetDeadline(time.Time{}); !errors.Is(err, serial.ErrClosed) {
			t.Errorf("deadline of a closed box: %v", err)
		}
	})
}
