package portlink

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// script is a Conn whose page says what it is given.
type script struct {
	in  chan packet
	out chan packet
}

type packet struct {
	data []byte
	text bool
}

func newScript() *script { return &script{make(chan packet, 100), make(chan packet, 1000)} }

func (s *script) Receive(ctx context.Context) ([]byte, bool, error) {
	select {
	case p, ok := <-s.in:
		if !ok {
			return nil, false, io.EOF
		}
		return p.data, p.text, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

func (s *script) SendText(ctx context.Context, b []byte) error  { return s.send(ctx, packet{b, true}) }
func (s *script) SendBytes(ctx context.Context, b []byte) error { return s.send(ctx, packet{b, false}) }

func (s *script) send(ctx context.Context, p packet) error {
	select {
	case s.out <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *script) ask(text string) { s.in <- packet{[]byte(text), true} }

// reply waits for the next text message.
func (s *script) reply(t *testing.T) (r reply) {
	t.Helper()
	for p := range s.out {
		if p.text {
			if err := json.Unmarshal(p.data, &r); err != nil {
				t.Fatal(err)
			}
			return r
		}
	}
	return r
}

// serve serves a wire to a page.
func serve(t *testing.T, wire *sim.Wire) (s *script, end <-chan error) {
	s = newScript()
	ended := make(chan error, 1)
	go func() { ended <- Serve(t.Context(), s, wire.Adapter()) }()
	return s, ended
}

const openRequest = `{"op":"open","id":1,"baud":115200,"bits":8,"parity":"none","stop":1}`

// The order of what a page hears: each answer once, then the loss, then the end.
func TestLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(sim.WireOptions{})
		defer wire.Close()
		s, end := serve(t, wire)
		s.ask(openRequest)
		if r := s.reply(t); r.Op != "done" || r.ID != 1 || r.Error != "" {
			t.Fatalf("open: %+v", r)
		}
		s.in <- packet{[]byte("abc"), false}
		if r := s.reply(t); r.Op != "wrote" {
			t.Errorf("write: %+v", r)
		}
		time.AfterFunc(time.Second, wire.Unplug)
		if r := s.reply(t); r.Op != "lost" {
			t.Errorf("unplug: %+v", r)
		}
		if err := <-end; !errors.Is(err, serial.ErrLost) {
			t.Errorf("Serve: %v", err)
		}
	})
}

// A page that does not wait for its writes is cut off, and holds no more than that.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(sim.WireOptions{})
		defer wire.Close()
		s, end := serve(t, wire)
		s.ask(openRequest)
		s.reply(t)
		for range 2 * maxWrites {
			select {
			case s.in <- packet{make([]byte, 64<<10), false}:
			case err := <-end:
				if !errors.Is(err, ErrFlood) {
					t.Errorf("Serve: %v", err)
				}
				return
			}
		}
		if err := <-end; !errors.Is(err, ErrFlood) {
			t.Errorf("Serve: %v", err)
		}
	})
}

// FuzzServe: whatever a page says, the link neither panics nor hangs, and the port
// is closed in the end.
func FuzzServe(f *testing.F) {
	f.Add([]byte(openRequest), []byte("data"), []byte(`{"op":"close","id":2}`))
	f.Add([]byte(`{"op":"signals","id":1,"dtr":true}`), []byte{}, []byte(`{"op":"open","id":-1,"baud":1e9,"bits":8,"stop":1}`))
	f.Add([]byte(`{"op":"open","id":9,"baud":1,"bits":7,"parity":"odd","stop":2}`), []byte{0}, []byte(`[]`))
	f.Fuzz(func(t *testing.T, first, data, second []byte) {
		if len(data) > 256 {
			t.Skip()
		}
		wire := sim.NewWire(sim.WireOptions{})
		defer wire.Close()
		s := newScript()
		s.in <- packet{first, true}
		s.in <- packet{data, false}
		s.in <- packet{second, true}
		close(s.in)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		Serve(ctx, s, wire.Adapter())
		if ctx.Err() != nil {
			t.Error("the link hung")
		}
		if wire.UART().Lines().Open {
			t.Error("the port is still open")
		}
	})
}

// A page changes the rate by closing and opening. What it wrote before leaves at the
// rate at which it was written, as with a browser, which empties its buffers first.
func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(sim.WireOptions{})
		defer wire.Close()
		if err := wire.UART().SetMode(serial.Mode{Baud: 9600}); err != nil {
			t.Fatal(err)
		}
		s, end := serve(t, wire)
		s.ask(`{"op":"open","id":1,"baud":9600,"bits":8,"parity":"none","stop":1}`)
		s.reply(t)
		want := "forty bytes at 9600 baud, 42 ms of wire."
		s.in <- packet{[]byte(want), false}
		if r := s.reply(t); r.Op != "wrote" {
			t.Fatalf("write: %+v", r)
		}
		s.ask(`{"op":"close","id":2}`)
		s.reply(t)
		s.ask(openRequest)
		s.reply(t)
		got := make([]byte, len(want))
		wire.UART().SetReadDeadline(time.Now().Add(time.Second))
		if n, err := io.ReadFull(wire.UART(), got); err != nil || string(got) != want {
			t.Errorf("the device got %q, %v", got[:n], err)
		}
		close(s.in)
		<-end
	})
}

// A line that does not move does not hold a close for long.
func TestCloseStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wire := sim.NewWire(sim.WireOptions{})
		defer wire.Close()
		s, end := serve(t, wire)
		s.ask(openRequest)
		s.reply(t)
		s.ask(`{"op":"signals","id":2,"brk":true}`)
		s.reply(t)
		s.in <- packet{[]byte("held back"), false}
		s.reply(t)
		start := time.Now()
		s.ask(`{"op":"close","id":3}`)
		if r := s.reply(t); r.ID != 3 || r.Error != "" {
			t.Errorf("close: %+v", r)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("close took %v", d)
		}
		close(s.in)
		<-end
	})
}
