package ncpsim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/sim"
)

// TestOffer: the file arrives whole, the digests are its own, and the NCP restarts.
func TestOffer(t *testing.T) {
	for _, chunk := range []uint16{1, 16, 1000, 1024, 1520, 65535} {
		size := 20_000
		if chunk < 100 {
			size = 600
		}
		u := MadeUp("TMPLx", "2.0.0", size)
		updating(t, Options{}, &mcu{chunk: chunk}, func(m *mcu) {
			o, err := m.n.Offer(m.t.Context(), u)
			want := min(int(chunk), 1520)
			if err != nil || o.End != EndDone || o.Chunk != want || o.Taken != int64(size) || o.Resent != 0 {
				m.t.Fatalf("%v, %v", o, err)
			}
			if !bytes.Equal(m.file, u.Data) || len(m.times) != (size+want-1)/want {
				m.t.Errorf("%d bytes in %d chunks", len(m.file), len(m.times))
			}
			offer := append([]byte("firmware-2.0.0.bin\x00"), binary.LittleEndian.AppendUint32(nil, uint32(size))...)
			offer = append(offer, "TMPLx\x002.0.0\x00"+u.Build+"\x00"...)
			if !bytes.Equal(m.offer, offer) {
				m.t.Errorf("offered % x", m.offer)
			}
			if !slices.Equal(o.Digests, []string{"MD5", "SHA-256", "CRC-32"}) || !bytes.Equal(m.starts, []byte{1, 0}) {
				m.t.Errorf("digests %v, start gave % x", o.Digests, m.starts)
			}
			boots := m.n.Stats().Boots
			time.Sleep(time.Second)
			if m.n.Stats().Boots != boots+1 {
				m.t.Error("it did not restart")
			}
			if r := m.n.delivery; r != nil {
				m.t.Error("the update is still under way")
			}
		})
	}
}

// TestOfferEnds: what the MCU does is told as it is.
func TestOfferEnds(t *testing.T) {
	u := MadeUp("TMPLx", "2.0.0", 4096)
	for name, c := range map[string]struct {
		m    *mcu
		want Outcome
	}{
		"refused":       {&mcu{chunk: 1024}, Outcome{End: EndRefused}},
		"never started": {&mcu{chunk: 1024}, Outcome{End: EndNoStart}},
		"zero":          {&mcu{}, Outcome{End: EndBadChunk}},
		"chunk refused": {&mcu{chunk: 1024, reject: 99}, Outcome{End: EndChunk, Chunk: 1024, Taken: 1024, Resent: 5, Refused: 6}},
		"some refused":  {&mcu{chunk: 1024, reject: 5}, Outcome{End: EndDone, Chunk: 1024, Taken: 4096, Resent: 5, Refused: 5}},
		"silent":        {&mcu{chunk: 1024, mute: 99}, Outcome{End: EndSilent, Chunk: 1024, Taken: 1024, Resent: 5, Unanswered: 6}},
		"silent once":   {&mcu{chunk: 1024, mute: 1}, Outcome{End: EndDone, Chunk: 1024, Taken: 4096, Resent: 1, Unanswered: 1}},
		"bad status":    {&mcu{chunk: 1024, odd: 0x15}, Outcome{End: EndChunk, Chunk: 1024, Resent: 5, Refused: 6}},
		"no end":        {&mcu{chunk: 1024, finish: 2}, Outcome{End: EndUnanswered, Chunk: 1024, Taken: 4096}},
		"for ever":      {&mcu{chunk: 1024, finish: 3}, Outcome{End: EndUnanswered, Chunk: 1024, Taken: 4096}},
		"fetched":       {&mcu{chunk: 1024, fetch: true}, Outcome{End: EndDone, Chunk: 1024, Taken: 4096, Prefetched: true}},
		"rests":         {&mcu{chunk: 1024, rest: 60}, Outcome{End: EndDone, Chunk: 1024, Taken: 4096, Suspended: time.Minute}},
	} {
		c.m.refuse.Store(c.want.End == EndRefused)
		c.m.never.Store(c.want.End == EndNoStart)
		updating(t, Options{}, c.m, func(m *mcu) {
			began := time.Now()
			o, err := m.n.Offer(m.t.Context(), u)
			if took := time.Since(began); o.Took != took || took > 2*time.Minute {
				m.t.Errorf("%s: took %v, told %v", name, took, o.Took)
			}
			if n := len(o.Digests); n > maxDigests || n == 0 && o.End == EndDone {
				m.t.Errorf("%s: %d digests", name, n)
			}
			o.Took, o.Digests = 0, nil
			if err != nil || !same(o, c.want) {
				m.t.Errorf("%s: %+v, %v", name, o, err)
			}
		})
	}
}

func same(a, b Outcome) bool {
	return a.End == b.End && a.Chunk == b.Chunk && a.Taken == b.Taken && a.Resent == b.Resent && a.Refused == b.Refused &&
		a.Unanswered == b.Unanswered && a.Prefetched == b.Prefetched && a.Suspended == b.Suspended
}

// TestOfferFaults: what the NCP does wrong arrives so.
func TestOfferFaults(t *testing.T) {
	const size = 8192
	u := MadeUp("TMPLx", "2.0.0", size)
	for name, c := range map[string]struct {
		fault  UpdateFault
		end    UpdateEnd
		taken  int64
		resent int
		came   int // chunks
	}{
		"crc":      {UpdateWrongCRC, EndDone, size, 1, 9},
		"digest":   {UpdateWrongDigest, EndDigest, size, 0, 8},
		"stops":    {UpdateStops, EndStopped, size / 2, 0, 4},
		"restarts": {UpdateRestarts, EndStopped, size / 2, 0, 4},
		"cancel":   {UpdateCanceled, EndStopped, size / 2, 0, 4},
	} {
		updating(t, Options{}, &mcu{chunk: 1024}, func(m *mcu) {
			u.Fault, u.At = c.fault, 0.5
			boots := m.n.Stats().Boots
			o, err := m.n.Offer(m.t.Context(), u)
			if err != nil || o.End != c.end || o.Taken != c.taken || o.Resent != c.resent || len(m.times) != c.came {
				m.t.Errorf("%s: %v, %v, %d chunks", name, o, err, len(m.times))
			}
			time.Sleep(2 * time.Second)
			if m.cancel != (c.fault == UpdateCanceled) || len(m.times) != c.came {
				m.t.Errorf("%s: canceled %v, %d chunks afterwards", name, m.cancel, len(m.times))
			}
			restarted := m.n.Stats().Boots > boots
			if restarted != (c.fault == UpdateRestarts || c.end == EndDone) {
				m.t.Errorf("%s: restarted %v", name, restarted)
			}
			if wrong := slices.Index(m.sums, crc32.ChecksumIEEE(u.Data[4096:5120])^1); (wrong == 4) != (c.fault == UpdateWrongCRC) {
				m.t.Errorf("%s: wrong CRC at %d", name, wrong)
			}
		})
	}
}

// TestOfferPauses: the MCU has the NCP rest for as long as it says, or until it says so.
func TestOfferPauses(t *testing.T) {
	u := MadeUp("TMPLx", "2.0.0", 4096)
	for resume, want := range map[bool][2]time.Duration{
		false: {30 * time.Second, 31 * time.Second}, true: {time.Second, 2 * time.Second},
	} {
		updating(t, Options{}, &mcu{chunk: 1024, rest: 30, resume: resume}, func(m *mcu) {
			o, err := m.n.Offer(m.t.Context(), u)
			if err != nil || o.End != EndDone || !bytes.Equal(m.file, u.Data) {
				m.t.Fatalf("%v, %v", o, err)
			}
			var gap time.Duration
			for i := range m.times[1:] {
				gap = max(gap, m.times[i+1].Sub(m.times[i]))
			}
			if gap < want[0] || gap > want[1] {
				m.t.Errorf("resumed %v: %v between chunks", resume, gap)
			}
		})
	}
}

// TestOfferPrefetch: fetching takes its time, and may fail.
func TestOfferPrefetch(t *testing.T) {
	u := MadeUp("TMPLx", "2.0.0", 1024)
	u.Prefetch, u.PrefetchResult, u.Patience = 20*time.Second, PrefetchTimeout, 40*time.Second
	updating(t, Options{}, &mcu{chunk: 1024, fetch: true}, func(m *mcu) {
		began := time.Now()
		o, err := m.n.Offer(m.t.Context(), u)
		if err != nil || !o.Prefetched || m.fetched != int(PrefetchTimeout) || time.Since(began) < 20*time.Second {
			m.t.Errorf("%v, %v, the MCU was told %d", o, err, m.fetched)
		}
	})
}

// TestOfferStops: an update ends with its NCP, and with its context.
func TestOfferStops(t *testing.T) {
	u := MadeUp("TMPLx", "2.0.0", 4096)
	if _, err := New(Options{}).Offer(t.Context(), u); !errors.Is(err, ErrStopped) {
		t.Errorf("without power: %v", err)
	}
	updating(t, Options{}, &mcu{chunk: 1024, rest: 3600}, func(m *mcu) {
		type end struct {
			o   Outcome
			err error
		}
		ends := make(chan end, 1)
		ctx, cancel := context.WithCancel(m.t.Context())
		offer := func() {
			o, err := m.n.Offer(ctx, u)
			ends <- end{o, err}
		}
		go offer()
		time.Sleep(5 * time.Second)
		if _, err := m.n.Offer(ctx, u); !errors.Is(err, ErrUpdating) {
			m.t.Errorf("a second one: %v", err)
		}
		m.n.Crash()
		if e := <-ends; !errors.Is(e.err, ErrStopped) || e.o.End != EndStopped || e.o.Taken != 2048 { // one was on its way
			m.t.Errorf("restart: %v, %v", e.o, e.err)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(m.times) != 2 {
			m.t.Errorf("%d chunks after the restart", len(m.times)-2)
		}
		m.never.Store(true)
		go offer()
		time.Sleep(5 * time.Second)
		m.n.Crash()
		if e := <-ends; !errors.Is(e.err, ErrStopped) || e.o.End != EndStopped {
			m.t.Errorf("restart before the first chunk: %v, %v", e.o, e.err)
		}
		time.Sleep(5 * time.Second)
		go offer()
		time.Sleep(5 * time.Second)
		cancel()
		if e := <-ends; !errors.Is(e.err, context.Canceled) || e.o.End != EndStopped {
			m.t.Errorf("canceled: %v, %v", e.o, e.err)
		}
	})
}

// TestSelfOffer: the lab's NCP offers by itself, once.
func TestSelfOffer(t *testing.T) {
	o, err := ParseOptions("provisioned,offer=4K,after=3s")
	if err != nil {
		t.Fatal(err)
	}
	updating(t, o, &mcu{chunk: 1024}, func(m *mcu) {
		var mu sync.Mutex
		var all []UpdateEnd
		m.n.SetOffered(func(o Outcome) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, o.End)
		})
		ends := func() []UpdateEnd {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(all)
		}
		m.refuse.Store(true)
		time.Sleep(time.Minute)
		if got := ends(); !slices.Equal(got, []UpdateEnd{EndRefused}) {
			m.t.Fatalf("%v", got)
		}
		m.refuse.Store(false)
		m.n.SetOnline(false)
		time.Sleep(time.Second)
		m.n.SetOnline(true)
		time.Sleep(time.Minute)
		if got := ends(); !slices.Equal(got, []UpdateEnd{EndRefused, EndDone}) || len(m.file) != 4096 || !bytes.Contains(m.offer, []byte(demoTemplateID)) {
			m.t.Fatalf("%v, %d bytes", got, len(m.file))
		}
		m.n.mu.Lock()
		m.n.initialize(args{demoTemplateID, demoTemplateName})
		m.n.mu.Unlock()
		time.Sleep(time.Minute)
		if got := ends(); len(got) != 2 || m.n.State() != StateConnected {
			m.t.Errorf("%v, state %d", got, m.n.State())
		}
	})
}

// TestSelfOfferWaits: an MCU that comes late gets the offer as well.
func TestSelfOfferWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := ParseOptions("provisioned,initialized,offer=4K")
		n := New(o)
		wire := sim.NewWire(sim.WireOptions{})
		defer wire.Close()
		ctx, cancel := context.WithCancel(t.Context())
		end := make(chan error, 1)
		go func() { end <- n.Run(ctx, wire.UART()) }()
		var told atomic.Int32
		n.SetOffered(func(Outcome) { told.Add(1) })
		time.Sleep(24 * time.Second)
		if told := told.Load(); told != 1 {
			t.Errorf("%d offers to nobody", told)
		}
		n.mu.Lock()
		n.lastHeard = time.Now()
		n.mu.Unlock()
		time.Sleep(8 * time.Second)
		if told := told.Load(); told != 2 {
			t.Errorf("%d offers", told)
		}
		cancel()
		if err := <-end; err != nil {
			t.Error(err)
		}
	})
}
