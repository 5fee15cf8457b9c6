package ota

import (
	"context"
	"hash/crc32"
	"strconv"
	"sync"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
)

// Fault is what a Receiver does wrong on purpose, to see what the other side makes of it.
type Fault uint8

// Faults.
const (
	FaultNone     Fault = iota
	FaultRefuse         // it does not want the file
	FaultStall          // it never asks for the first chunk
	FaultChunk          // it refuses a chunk in the middle, however often it comes
	FaultSilence        // it stores a chunk in the middle, but its answer is lost, once
	FaultDigest         // it says that the file is not what it should be
	FaultNoFinish       // it does not answer otaUpdateFinish
	FaultDeaf           // it misses a chunk in the middle, once: it neither stores nor answers it
)

// Offer is what the other side offers. Its texts are hostile.
type Offer struct {
	Name                 string
	Size                 int64
	Type, Version, Build string
}

// Received tells how far a Receiver is.
type Received struct {
	Phase       Phase
	Offer       Offer
	Done        int64
	Repeated    int    // chunks that came again
	Wrong       int    // chunks with a wrong sum or offset
	Whole       bool   // all of it is here and its digests are right
	Canceled    bool   // the other side gave it up
	End         Ending // how it ended; 0: it has not
	Checks      []Check
	Note        string // one short remark, in English; may be empty
	Chunk       int
	Began, Last time.Time // of the first and the last chunk
	Suspended   time.Time // until when the other side was asked to rest; zero: it was not
}

// Ending is how an update ended, as a Receiver sees it.
type Ending uint8

// Endings.
const (
	EndWhole    Ending = iota + 1 // all of it is here and right
	EndRefused                    // it was not wanted
	EndCanceled                   // the other side gave it up
	EndPrefetch                   // the other side could not fetch the file
	EndDigest                     // it is not the file that was offered
	EndQuiet                      // nothing came any more
)

// Check is a digest that was compared.
type Check struct {
	Name          string // "MD5", "SHA-256", "CRC-32"
	Expected, Got []byte // by the other side, which may have told none, and of what came
	Same          bool
}

// ReceiverOptions are how a Receiver works.
type ReceiverOptions struct {
	Max      int64  // of a file, in bytes; 0: MaxFile
	Chunk    uint16 // to ask for, in bytes; 0: 1024, as deployed receivers do
	Prefetch bool   // let the other side fetch the file first
	Fault    Fault
	// Rest is for how many seconds the other side is asked to rest in the middle of the
	// file, once; 0: it is not.
	Rest uint16
	// Patience is how long nothing may come; 0: a minute (protocol sheet).
	Patience time.Duration
	// Accept is asked for each offer; nil: every one. It must not wait.
	Accept func(Offer) bool
	// Event is told how far it is. It must not wait. nil: nobody listens.
	Event func(Received)
}

const (
	// defaultChunk is what deployed receivers ask for (protocol sheet).
	defaultChunk = 1024
	// defaultPatience is after how long an MCU should give up (protocol sheet).
	defaultPatience = time.Minute
)

// Receiver takes one file at a time from an NCP, as an MCU does, but keeps it instead of
// running it. Its methods answer the calls of the same names.
type Receiver struct {
	ncp *ncp.NCP
	o   ReceiverOptions

	mu     sync.Mutex
	ev     Received
	data   []byte
	silent bool // the answer that FaultSilence keeps back is kept back
	rested bool // the other side was asked to rest
	run    int  // counts the offers
	stop   context.CancelFunc
	quiet  *time.Timer // ends an update of which nothing comes any more
	sums   sums
}

// NewReceiver makes a Receiver that asks its NCP through c.
func NewReceiver(c rpc.Caller, o ReceiverOptions) *Receiver {
	if o.Max <= 0 || o.Max > MaxFile {
		o.Max = MaxFile
	}
	if o.Chunk == 0 {
		o.Chunk = defaultChunk
	}
	if o.Patience <= 0 {
		o.Patience = defaultPatience
	}
	r := &Receiver{ncp: ncp.NewNCP(c), o: o}
	r.quiet = time.AfterFunc(o.Patience, r.giveUp)
	r.quiet.Stop()
	return r
}

// Close gives up what is under way, without a word to the other side.
func (r *Receiver) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle()
	r.ev.Phase = PhaseOffer
}

// idle stops what was begun for an offer. r.mu is held.
func (r *Receiver) idle() {
	r.quiet.Stop()
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// giveUp ends an update of which nothing comes any more.
func (r *Receiver) giveUp() {
	r.mu.Lock()
	over := r.ev.Phase == PhasePrepare || r.ev.Phase == PhaseSend
	if over {
		r.idle()
		r.ev.Phase, r.ev.End, r.ev.Note = PhaseOffer, EndQuiet, "nothing came for too long"
	}
	r.mu.Unlock()
	if over {
		r.tell()
	}
}

// File returns the file, once all of it is here and right.
func (r *Receiver) File() (name string, data []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ev.Offer.Name, r.data, r.ev.Whole
}

// Available answers otaUpdateAvailable. An offer in the middle of a file begins anew.
func (r *Receiver) Available(_ context.Context, offer Offer) (bool, error) {
	accept := r.o.Fault != FaultRefuse && offer.Size > 0 && offer.Size <= r.o.Max && (r.o.Accept == nil || r.o.Accept(offer))
	r.mu.Lock()
	r.idle()
	r.ev = Received{Phase: PhaseOffer, Offer: offer}
	r.data, r.silent, r.rested = nil, false, false
	r.sums = newSums()
	r.run++
	if accept {
		r.ev.Phase = PhasePrepare
		ctx, stop := context.WithCancel(context.Background())
		r.stop = stop
		r.quiet.Reset(r.o.Patience)
		go r.begin(ctx)
	} else {
		r.ev.Note, r.ev.End = "refused", EndRefused
	}
	r.mu.Unlock()
	r.tell()
	return accept, nil
}

// begin asks for the file once the offer is answered.
func (r *Receiver) begin(ctx context.Context) {
	if r.o.Fault == FaultStall {
		return
	}
	if r.o.Prefetch {
		status, err := r.ncp.OtaUpdatePrefetch(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil: // the NCP may know no such method: the chunks tell
			r.note("otaUpdatePrefetch was not answered")
		case ncp.PrefetchStatus(status) != ncp.PrefetchOK:
			r.mu.Lock()
			r.quiet.Stop()
			r.ev.Phase, r.ev.End = PhaseOffer, EndPrefetch
			r.mu.Unlock()
			r.note("the file could not be fetched: " + ncp.PrefetchStatus(status).String())
			return
		}
	}
	r.mu.Lock()
	if ctx.Err() != nil { // r.idle was called: something else goes on
		r.mu.Unlock()
		return
	}
	r.ev.Phase, r.ev.Chunk = PhaseSend, int(r.o.Chunk)
	r.quiet.Reset(r.o.Patience)
	r.mu.Unlock()
	// Deployed receivers do not look at what is answered: the chunks tell.
	if ok, err := r.ncp.OtaUpdateStart(ctx, r.o.Chunk); err != nil || !ok {
		r.note("otaUpdateStart was not answered with yes")
	}
	r.tell()
}

// Write answers otaUpdateWrite: a chunk is taken if its offset is what is stored so far
// and its sum is right.
func (r *Receiver) Write(_ context.Context, offset uint32, chunk []byte, crc uint32) (bool, error) {
	r.mu.Lock()
	ok, hold := r.store(int64(offset), chunk, crc)
	r.mu.Unlock()
	r.tell()
	if hold {
		return false, rpc.ErrNoReply
	}
	return ok, nil
}

// store takes a chunk. hold: it is not answered. r.mu is held.
func (r *Receiver) store(offset int64, chunk []byte, crc uint32) (ok, hold bool) {
	ev := &r.ev
	if ev.Phase != PhaseSend {
		return false, false
	}
	r.quiet.Reset(r.o.Patience + max(0, time.Until(ev.Suspended)))
	if offset < ev.Done {
		ev.Repeated++
	}
	half := ev.Offer.Size / 2
	if r.o.Fault == FaultDeaf && ev.Done >= half && !r.silent {
		r.silent = true
		ev.Note = "missed on purpose"
		return false, true
	}
	if r.o.Fault == FaultChunk && ev.Done >= half {
		ev.Note = "refused on purpose"
		return false, false
	}
	if offset != ev.Done || offset+int64(len(chunk)) > ev.Offer.Size || crc32.ChecksumIEEE(chunk) != crc {
		ev.Wrong++
		return false, false
	}
	if ev.Done == 0 {
		ev.Began = time.Now()
	}
	r.data = append(r.data, chunk...)
	r.sums.add(chunk)
	ev.Done += int64(len(chunk))
	ev.Last = time.Now()
	if r.o.Rest > 0 && ev.Done >= half && !r.rested {
		r.rested = true
		go r.rest()
	}
	if r.o.Fault == FaultSilence && ev.Done >= half && !r.silent {
		r.silent = true
		ev.Note = "stored, but not answered, on purpose"
		return true, true
	}
	return true, false
}

// Cancel answers otaUpdateCancel.
func (r *Receiver) Cancel(context.Context) error {
	r.mu.Lock()
	r.idle()
	if r.ev.Phase != PhaseOffer && !r.ev.Whole {
		r.ev.Phase, r.ev.Canceled, r.ev.End = PhaseOffer, true, EndCanceled
		r.ev.Note = "given up by the other side at " + strconv.FormatInt(r.ev.Done, 10)
	}
	r.mu.Unlock()
	r.tell()
	return nil
}

// Suspend asks the other side to rest for some seconds; 0: to go on.
func (r *Receiver) Suspend(ctx context.Context, seconds uint16) (bool, error) {
	ok, err := r.ncp.OtaUpdateSuspend(ctx, seconds)
	if ok && err == nil {
		r.mu.Lock()
		r.ev.Suspended = time.Time{}
		if d := time.Duration(seconds) * time.Second; d > 0 {
			r.ev.Suspended = time.Now().Add(d)
			if r.ev.Phase == PhaseSend {
				r.quiet.Reset(r.o.Patience + d)
			}
		}
		r.mu.Unlock()
		r.tell()
	}
	return ok, err
}

// rest asks the other side to rest, as Rest of the options says.
func (r *Receiver) rest() {
	ctx, cancel := context.WithTimeout(context.Background(), rpc.Hold)
	defer cancel()
	if ok, err := r.Suspend(ctx, r.o.Rest); !ok || err != nil {
		r.note("the other side does not rest")
	}
}

func (r *Receiver) tell() {
	if r.o.Event == nil {
		return
	}
	r.mu.Lock()
	ev := r.ev
	r.mu.Unlock()
	r.o.Event(ev)
}

func (r *Receiver) note(text string) {
	r.mu.Lock()
	r.ev.Note = text
	r.mu.Unlock()
	r.tell()
}
