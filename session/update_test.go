package session

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/ota"
	"ncpweb/ncp/rpc"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// caller calls through a session, as the bridge does.
type caller struct{ s *Session }

func (c caller) InvokeFor(ctx context.Context, timeout time.Duration, uid uint16, args []byte) ([]byte, error) {
	rets, _, err := c.s.Invoke(ctx, timeout, uid, args)
	return rets, err
}

func (c caller) Notify(ctx context.Context, uid uint16, args []byte) error {
	return c.s.Notify(ctx, uid, args)
}

// taker answers firmware updates with a Receiver.
type taker struct {
	link.Base
	r    *ota.Receiver
	slow time.Duration // until otaUpdateFinish begins to be answered
}

func (h *taker) OtaUpdateAvailable(ctx context.Context, name string, size uint32, fwType, version, build string) (bool, error) {
	return h.r.Available(ctx, ota.Offer{Name: name, Size: int64(size), Type: fwType, Version: version, Build: build})
}
func (h *taker) OtaUpdateWrite(ctx context.Context, offset uint32, chunk []byte, crc uint32) (bool, error) {
	return h.r.Write(ctx, offset, chunk, crc)
}
func (h *taker) OtaUpdateFinish(ctx context.Context) (bool, error) {
	time.Sleep(h.slow)
	return h.r.Finish(ctx)
}
func (h *taker) OtaUpdateCancel(ctx context.Context) error { return h.r.Cancel(ctx) }

func firmwareOf(n int) []byte {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(5, 5))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// receive lets the NCP deliver an update to a Receiver behind a session.
func receive(t *testing.T, u ncpsim.Update, o ota.ReceiverOptions, slow time.Duration, after func(*lab, *ota.Receiver, ncpsim.Outcome, ota.Received)) {
	t.Helper()
	inLab(t, usual(), ncpsim.Options{}, Options{Target: 460800}, func(l *lab) {
		l.connect()
		l.untilPhase(30*time.Second, PhaseReady)
		var mu sync.Mutex
		var last ota.Received
		o.Event = func(ev ota.Received) { mu.Lock(); last = ev; mu.Unlock() }
		h := &taker{r: ota.NewReceiver(caller{l.s}, o), slow: slow}
		defer h.r.Close()
		l.s.ServeUpdates(ncp.ServeMCU(h))
		out, err := l.dev.Offer(l.ctx, u)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		ev := last
		mu.Unlock()
		after(l, h.r, out, ev)
	})
}

// TestReceive: 300 kB come whole, with all digests equal, and the session lives on.
func TestReceive(t *testing.T) {
	for _, prefetch := range []bool{false, true} {
		u := ncpsim.Update{Name: "app-1.1.0.bin", Type: "TMPLtest", Version: "1.1.0", Build: "Nov 22 2026 12:00:00", Data: firmwareOf(300_000), Prefetch: 3 * time.Second}
		receive(t, u, ota.ReceiverOptions{Prefetch: prefetch}, 0, func(l *lab, r *ota.Receiver, out ncpsim.Outcome, ev ota.Received) {
			name, data, ok := r.File()
			if !ok || name != u.Name || !bytes.Equal(data, u.Data) {
				t.Errorf("received %q, %d bytes, %v", name, len(data), ok)
			}
			if out.End != ncpsim.EndDone || out.Resent != 0 || out.Prefetched != prefetch || strings.Join(out.Digests, " ") != "MD5 SHA-256 CRC-32" {
				t.Errorf("the NCP saw %+v", out)
			}
			if ev.End != ota.EndWhole || len(ev.Checks) != 3 || !ev.Checks[0].Same || !ev.Checks[1].Same || !ev.Checks[2].Same {
				t.Errorf("%+v", ev)
			}
			l.s.ServeUpdates(nil)
			l.until(30*time.Second, "up again after the restart of the NCP", func(st State) bool {
				return st.Phase == PhaseReady && st.Link.BringUps > 1
			})
			if out, err := l.dev.Offer(l.ctx, u); err != nil || out.End != ncpsim.EndRefused {
				t.Errorf("with nobody who takes it: %+v, %v", out, err)
			}
		})
	}
}

// TestReceiveFails: the NCP sees each failure on purpose as it should.
func TestReceiveFails(t *testing.T) {
	for _, c := range []struct {
		name       string
		o          ota.ReceiverOptions
		u          ncpsim.Update
		end        ncpsim.UpdateEnd
		refused    int
		unanswered int
		rest       time.Duration
		mine       ota.Ending
	}{
		{name: "refuse", o: ota.ReceiverOptions{Fault: ota.FaultRefuse}, end: ncpsim.EndRefused, mine: ota.EndRefused},
		{name: "never start", o: ota.ReceiverOptions{Fault: ota.FaultStall, Patience: 30 * time.Second}, end: ncpsim.EndNoStart, mine: ota.EndQuiet},
		{name: "refuse a chunk", o: ota.ReceiverOptions{Fault: ota.FaultChunk}, end: ncpsim.EndChunk, refused: 6},
		{name: "lose an answer", o: ota.ReceiverOptions{Fault: ota.FaultSilence}, end: ncpsim.EndChunk, refused: 5, unanswered: 1},
		{name: "miss a chunk", o: ota.ReceiverOptions{Fault: ota.FaultDeaf}, end: ncpsim.EndDone, unanswered: 1, mine: ota.EndWhole},
		{name: "wrong digest", o: ota.ReceiverOptions{Fault: ota.FaultDigest}, end: ncpsim.EndDigest, mine: ota.EndDigest},
		{name: "no answer to finish", o: ota.ReceiverOptions{Fault: ota.FaultNoFinish}, end: ncpsim.EndUnanswered, mine: ota.EndWhole},
		{name: "rest", o: ota.ReceiverOptions{Rest: 90}, end: ncpsim.EndDone, rest: 90 * time.Second, mine: ota.EndWhole},
		{name: "digests of another file", u: ncpsim.Update{Fault: ncpsim.UpdateWrongDigest}, end: ncpsim.EndDigest, mine: ota.EndDigest},
		{name: "one wrong sum", u: ncpsim.Update{Fault: ncpsim.UpdateWrongCRC}, end: ncpsim.EndDone, refused: 1, mine: ota.EndWhole},
		{name: "cancelled", u: ncpsim.Update{Fault: ncpsim.UpdateCanceled, At: .5}, end: ncpsim.EndStopped, mine: ota.EndCanceled},
		{name: "too large", o: ota.ReceiverOptions{Max: 19_999}, end: ncpsim.EndRefused, mine: ota.EndRefused},
		{name: "cannot be fetched", o: ota.ReceiverOptions{Prefetch: true}, u: ncpsim.Update{PrefetchResult: ncpsim.PrefetchError, Patience: 10 * time.Second}, end: ncpsim.EndNoStart, mine: ota.EndPrefetch},
	} {
		c.u.Name, c.u.Type, c.u.Version, c.u.Data = "app.bin", "TMPLtest", "1.1.0", firmwareOf(20_000)
		receive(t, c.u, c.o, 0, func(_ *lab, r *ota.Receiver, out ncpsim.Outcome, ev ota.Received) {
			if out.End != c.end || out.Refused != c.refused || out.Unanswered != c.unanswered || out.Suspended != c.rest {
				t.Errorf("%s: the NCP saw %+v", c.name, out)
			}
			if c.rest > 0 && out.Took < c.rest {
				t.Errorf("%s: it took %v only", c.name, out.Took)
			}
			if _, data, ok := r.File(); ev.End != c.mine || ok != (c.mine == ota.EndWhole) || ok && !bytes.Equal(data, c.u.Data) {
				t.Errorf("%s: %+v, file %v", c.name, ev, ok)
			}
		})
	}
}

// TestQuietWhileFinishing: between otaUpdateFinish and its answer the session sends
// nothing but what the answer needs, whenever its own calls are due.
func TestQuietWhileFinishing(t *testing.T) {
	for _, before := range []time.Duration{0, 2 * time.Second, 4 * time.Second, 6 * time.Second, 8 * time.Second, 9500 * time.Millisecond, 12 * time.Second, 14 * time.Second} {
		inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
			l.connect()
			l.untilPhase(30*time.Second, PhaseReady)
			time.Sleep(5*time.Second + before) // the first reads are over
			var mu sync.Mutex
			finishing, digests, asked := false, 0, false
			var others []uint16
			l.s.SetTracer(func(e *rpc.Event) {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case e.Op == rpc.OpInvoke && e.Dir == rpc.In && e.UID == ncp.UIDClientOtaUpdateFinish:
					finishing, asked = true, true
				case e.Op == rpc.OpResult && e.Dir == rpc.Out && e.UID == ncp.UIDClientOtaUpdateFinish:
					finishing = false
				case e.Op == rpc.OpInvoke && e.Dir == rpc.Out && finishing:
					switch e.UID {
					case ncp.UIDBlynkOtaUpdateGetMD5, ncp.UIDBlynkOtaUpdateGetSHA256, ncp.UIDBlynkOtaUpdateGetCRC32:
						digests++
					default:
						others = append(others, e.UID)
					}
				}
			})
			h := &taker{r: ota.NewReceiver(caller{l.s}, ota.ReceiverOptions{}), slow: 4 * time.Second}
			defer h.r.Close()
			l.s.ServeUpdates(ncp.ServeMCU(h))
			l.s.want(wantState | wantNetwork)
			out, err := l.dev.Offer(l.ctx, ncpsim.Update{Name: "a", Data: firmwareOf(2000)})
			if err != nil || out.End != ncpsim.EndDone {
				t.Errorf("after %v: %+v, %v", before, out, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !asked || finishing || digests != 3 || len(others) > 0 {
				t.Errorf("after %v: asked %v, finishing %v, %d digests, other calls %x", before, asked, finishing, digests, others)
			}
		})
	}
}

// TestUpdateThroughNoise: a line that loses a byte now and then never makes a wrong file.
func TestUpdateThroughNoise(t *testing.T) {
	w := usual()
	w.Faults = []sim.Fault{{Dir: sim.ToHost, Kind: sim.Flip, At: 9_000, N: 1}, {Dir: sim.ToHost, Kind: sim.Drop, At: 14_000, N: 3}}
	inLab(t, w, ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		l.untilPhase(30*time.Second, PhaseReady)
		h := &taker{r: ota.NewReceiver(caller{l.s}, ota.ReceiverOptions{})}
		defer h.r.Close()
		l.s.ServeUpdates(ncp.ServeMCU(h))
		data := firmwareOf(40_000)
		out, err := l.dev.Offer(l.ctx, ncpsim.Update{Name: "a", Data: data})
		if _, got, ok := h.r.File(); err != nil || out.End != ncpsim.EndDone || out.Unanswered == 0 || !ok || !bytes.Equal(got, data) {
			t.Errorf("%+v, %v: %d bytes, %v", out, err, len(got), ok)
		}
	})
}
