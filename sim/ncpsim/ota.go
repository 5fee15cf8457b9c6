package ncpsim

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"time"
)

// Limits and times of the deployed firmware in an update of the MCU (protocol sheet,
// "Firmware update of the Primary MCU").
const (
	otaResend     = 5
	otaMaxChunk   = 1520 // what fits into a message
	otaMaxSuspend = 18 * time.Hour
	otaPatience   = time.Minute            // for otaUpdateStart; how long is ours
	otaRestart    = 500 * time.Millisecond // from the end to the restart; ours
	otaLook       = 200 * time.Millisecond // how often a suspended one looks; ours
	maxDigests    = 100                    // that an Outcome keeps
)

// Results of otaUpdatePrefetch.
const (
	PrefetchOK       uint8 = 1
	PrefetchError    uint8 = 2 // generic
	PrefetchConnect  uint8 = 3 // no connection
	PrefetchRequest  uint8 = 4 // request failed
	PrefetchTimeout  uint8 = 5 // of the download
	PrefetchNoSpace  uint8 = 6
	PrefetchWrite    uint8 = 7 // write failed
	PrefetchFinalize uint8 = 8 // finalize failed
)

// UpdateFault is what the NCP, or the cloud behind it, does wrong in an update.
type UpdateFault uint8

// Faults of an update.
const (
	UpdateSound       UpdateFault = iota
	UpdateWrongCRC                // the sum of one chunk is wrong, the first time
	UpdateWrongDigest             // the digests are those of another file
	UpdateStops                   // no chunk comes any more, without a word
	UpdateRestarts                // the NCP restarts in the middle
	UpdateCanceled                // the cloud gives it up
)

// Update is a firmware file for the MCU that the cloud has.
type Update struct {
	Name, Type, Version, Build string
	Data                       []byte

	Prefetch       time.Duration // how long fetching the file takes
	PrefetchResult uint8         // 0: PrefetchOK
	Patience       time.Duration // until the MCU must have asked for the first chunk; 0: a minute
	Fault          UpdateFault
	At             float64 // share of the file at which it goes wrong; 0: at the first chunk
}

// UpdateEnd is how an update ended, as the NCP sees it.
type UpdateEnd string

// Ends of an update.
const (
	EndDone       UpdateEnd = "done"          // the MCU said yes to otaUpdateFinish
	EndRefused    UpdateEnd = "refused"       // it does not want the file
	EndNoStart    UpdateEnd = "not started"   // it never asked for a chunk
	EndBadChunk   UpdateEnd = "chunk size"    // it asked for chunks of 0 bytes
	EndChunk      UpdateEnd = "chunk refused" // it did not take a chunk
	EndSilent     UpdateEnd = "silent"        // it did not answer
	EndDigest     UpdateEnd = "not verified"  // it said no to otaUpdateFinish
	EndUnanswered UpdateEnd = "no answer to finish"
	EndStopped    UpdateEnd = "stopped" // by the NCP: see UpdateFault
)

// Outcome tells what the MCU did in an update.
type Outcome struct {
	End        UpdateEnd
	Chunk      int   // bytes that it asked for
	Taken      int64 // bytes that it said yes to
	Resent     int
	Refused    int // chunks that it said no to
	Unanswered int
	Prefetched bool          // it asked for the file to be fetched
	Digests    []string      // what it asked for while otaUpdateFinish was open, in order
	Suspended  time.Duration // for how long it asked the NCP to rest, all together
	Took       time.Duration
	Err        error // of Offer
}

// delivery is an update that is under way.
type delivery struct {
	u         Update
	out       Outcome
	started   chan struct{} // closed by otaUpdateStart
	gone      chan struct{} // closed by a restart of the NCP
	asked     bool          // otaUpdateStart came
	finishing bool
	until     time.Time // suspended until then
}

// ErrUpdating is the error of Offer while an update is under way.
var ErrUpdating = errors.New("ncpsim: an update is under way")

// Offer offers a file to the MCU and sends it, as deployed firmware does: a chunk that
// is not taken is sent again up to five times, and nothing else is tried. After the end
// of a good one the NCP restarts and waits to be brought up again. The error is ErrUpdating,
// ErrStopped where the NCP does not run or restarts meanwhile, or that of ctx.
func (n *NCP) Offer(ctx context.Context, u Update) (Outcome, error) {
	d := &delivery{u: u, started: make(chan struct{}), gone: make(chan struct{})}
	n.mu.Lock()
	busy, running := n.delivery != nil, n.running
	if running && !busy {
		n.delivery = d
	}
	n.mu.Unlock()
	switch {
	case !running:
		return Outcome{}, ErrStopped
	case busy:
		return Outcome{}, ErrUpdating
	}
	begin := time.Now()
	end, err := n.deliver(ctx, d)
	out, tell := n.settleUpdate(d, Outcome{End: end, Took: time.Since(begin), Err: err})
	if tell != nil {
		tell(out)
	}
	return out, err
}

// settleUpdate ends an update, and plans the restart after a good one. It completes the
// outcome, and returns who is told of it.
func (n *NCP) settleUpdate(d *delivery, o Outcome) (Outcome, func(Outcome)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	d.out.End, d.out.Took, d.out.Err = o.End, o.Took, o.Err
	n.note(Entry{Kind: "update", Text: string(o.End), Value: int(d.out.Taken)})
	if n.delivery != d {
		return d.out, n.offered // it has restarted meanwhile
	}
	n.delivery = nil
	if o.End == EndDone {
		n.after(otaRestart, "ota", func() {
			n.send(uidEvent, EventRebooting)
			n.restart = true
			n.poke()
		})
	}
	return d.out, n.offered
}

// dropDelivery ends an update by a restart of the NCP. The lock is held.
func (n *NCP) dropDelivery() {
	if n.delivery != nil {
		close(n.delivery.gone)
		n.delivery = nil
	}
}

func (n *NCP) deliver(ctx context.Context, d *delivery) (UpdateEnd, error) {
	u := &d.u
	ok, end, err := n.otaAsk(ctx, d, uidOTAAvailable, u.Name, uint32(len(u.Data)), u.Type, u.Version, u.Build)
	if err != nil || end != "" {
		return end, err
	}
	if !ok {
		return EndRefused, nil
	}
	if end, err := d.awaitStart(ctx); end != "" || err != nil {
		return end, err
	}
	if d.chunk(n) == 0 {
		return EndBadChunk, nil
	}
	if end, err := n.sendChunks(ctx, d); end != "" || err != nil {
		return end, err
	}
	n.mu.Lock()
	d.finishing = true
	n.mu.Unlock()
	ok, end, err = n.otaAsk(ctx, d, uidOTAFinish)
	switch {
	case err != nil:
		return EndStopped, err
	case end != "":
		return EndUnanswered, nil
	case !ok:
		return EndDigest, nil
	}
	return EndDone, nil
}

// awaitStart waits until the MCU asks for the first chunk.
func (d *delivery) awaitStart(ctx context.Context) (UpdateEnd, error) {
	patience := d.u.Patience
	setDefault(&patience, otaPatience)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-d.started:
		return "", nil
	case <-timer.C:
		return EndNoStart, nil
	case <-d.gone:
		return EndStopped, ErrStopped
	case <-ctx.Done():
		return EndStopped, ctx.Err()
	}
}

func (d *delivery) chunk(n *NCP) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return d.out.Chunk
}

// otaAsk calls a method that says yes or no. end is EndSilent where it says nothing.
func (n *NCP) otaAsk(ctx context.Context, d *delivery, uid uint16, args ...any) (ok bool, end UpdateEnd, err error) {
	select {
	case <-d.gone: // it has restarted: a call now would be one of its new life
		return false, EndStopped, ErrStopped
	default:
	}
	ret, status, err := n.Call(ctx, uid, args...)
	switch {
	case errors.Is(err, ErrTimeout):
		return false, EndSilent, nil
	case err != nil:
		return false, EndStopped, err
	case status != statusOK:
		return false, "", nil
	}
	ok, _ = ret.(bool)
	return ok, "", nil
}

// sendChunks sends the file. The end is empty when all of it was taken.
func (n *NCP) sendChunks(ctx context.Context, d *delivery) (UpdateEnd, error) {
	u := &d.u
	wrong := u.Fault != UpdateSound
	for at := 0; at < len(u.Data); {
		if err := n.otaRest(ctx, d); err != nil {
			return EndStopped, err
		}
		goesWrong := wrong && float64(at) >= u.At*float64(len(u.Data))
		if goesWrong {
			if over, err := n.giveUp(ctx, u.Fault); over || err != nil {
				return EndStopped, err
			}
		}
		end := min(at+d.chunk(n), len(u.Data))
		how, err := n.sendChunk(ctx, d, at, u.Data[at:end], goesWrong && u.Fault == UpdateWrongCRC)
		if how != "" || err != nil {
			return how, err
		}
		if goesWrong {
			wrong = false
		}
		at = end
		n.mu.Lock()
		d.out.Taken = int64(at)
		n.mu.Unlock()
	}
	return "", nil
}

// giveUp does what a fault that ends an update does. over tells whether f is one.
func (n *NCP) giveUp(ctx context.Context, f UpdateFault) (over bool, err error) {
	switch f {
	case UpdateStops:
	case UpdateRestarts:
		n.Crash()
	case UpdateCanceled:
		_, _, err = n.Call(ctx, uidOTACancel)
		if errors.Is(err, ErrTimeout) {
			err = nil
		}
	default:
		return false, nil
	}
	return true, err
}

// sendChunk sends a chunk until it is taken.
func (n *NCP) sendChunk(ctx context.Context, d *delivery, at int, data []byte, spoil bool) (UpdateEnd, error) {
	end := EndChunk
	for try := range otaResend + 1 {
		crc := crc32.ChecksumIEEE(data)
		if spoil && try == 0 {
			crc ^= 1
		}
		ok, how, err := n.otaAsk(ctx, d, uidOTAWrite, uint32(at), data, crc)
		if err != nil {
			return EndStopped, err
		}
		if ok {
			return "", nil
		}
		n.mu.Lock()
		if try < otaResend {
			d.out.Resent++
		}
		if how == EndSilent {
			d.out.Unanswered++
			end = EndSilent
		} else {
			d.out.Refused++
			end = EndChunk
		}
		n.mu.Unlock()
	}
	return end, nil
}

// otaRest waits while the MCU has suspended the update.
func (n *NCP) otaRest(ctx context.Context, d *delivery) error {
	for {
		n.mu.Lock()
		left := time.Until(d.until)
		n.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(min(left, otaLook)) // it may be resumed before
		select {
		case <-timer.C:
		case <-d.gone:
			timer.Stop()
			return ErrStopped
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// The calls of the MCU in an update. They run with the lock held.

func (n *NCP) otaStart(a args) answer {
	d := n.delivery
	if d == nil || d.asked {
		return yes(false)
	}
	d.asked = true
	d.out.Chunk = min(int(a.u16(0)), otaMaxChunk)
	close(d.started)
	return yes(d.out.Chunk > 0)
}

func (n *NCP) otaPrefetch(args) answer {
	d := n.delivery
	if d == nil {
		return answer{rets: []any{PrefetchError}}
	}
	d.out.Prefetched = true
	result := d.u.PrefetchResult
	setDefault(&result, PrefetchOK)
	return answer{rets: []any{result}, delay: d.u.Prefetch}
}

func (n *NCP) otaSuspend(a args) answer {
	d, rest := n.delivery, time.Duration(a.u16(0))*time.Second
	if d == nil || rest > otaMaxSuspend {
		return yes(false)
	}
	d.until = time.Now().Add(rest)
	d.out.Suspended += rest
	return yes(true)
}

// digested returns the file whose digests the MCU gets. ok is false while there is none.
func (n *NCP) digested(name string) (data []byte, ok bool) {
	d := n.delivery
	if d == nil {
		return nil, false
	}
	if d.finishing && len(d.out.Digests) < maxDigests {
		d.out.Digests = append(d.out.Digests, name)
	}
	if d.u.Fault == UpdateWrongDigest {
		return append([]byte("another"), d.u.Data...), true
	}
	return d.u.Data, true
}

func (n *NCP) otaCRC32(args) answer {
	data, ok := n.digested("CRC-32")
	return answer{rets: []any{crc32.ChecksumIEEE(data), ok}} // 0 of nothing
}

func (n *NCP) otaMD5(args) answer {
	data, ok := n.digested("MD5")
	if !ok {
		return noDigest()
	}
	sum := md5.Sum(data)
	return answer{rets: []any{sum[:], true}}
}

func (n *NCP) otaSHA256(args) answer {
	data, ok := n.digested("SHA-256")
	if !ok {
		return noDigest()
	}
	sum := sha256.Sum256(data)
	return answer{rets: []any{sum[:], true}}
}

func noDigest() answer { return answer{rets: []any{[]byte(nil), false}} }
