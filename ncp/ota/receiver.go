package ota

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"hash"
	"hash/crc32"
	"strconv"
	"strings"
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
	FaultSilence        // it does not answer for a chunk in the middle, once
	FaultDigest         // it says that the file is not what it should be
	FaultNoFinish       // it does not answer otaUpdateFinish
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
	Note        string // one short remark, in English; may be empty
	Chunk       int
	Began, Last time.Time // of the first and the last chunk
}

// ReceiverOptions are how a Receiver works.
type ReceiverOptions struct {
	Max      int64  // of a file, in bytes; 0: MaxFile
	Chunk    uint16 // to ask for, in bytes; 0: 1024, as deployed receivers do
	Prefetch bool   // let the other side fetch the file first
	Fault    Fault
	// Accept is asked for each offer; nil: every one. It must not wait.
	Accept func(Offer) bool
	// Event is told how far it is. It must not wait. nil: nobody listens.
	Event func(Received)
}

// defaultChunk is what deployed receivers ask for (protocol sheet).
const defaultChunk = 1024

// Receiver takes one file at a time from an NCP, as an MCU does, but keeps it instead of
// running it. Its methods answer the calls of the same names.
type Receiver struct {
	ncp *ncp.NCP
	o   ReceiverOptions

	mu     sync.Mutex
	ev     Received
	data   []byte
	silent bool // the answer that FaultSilence keeps back is kept back
	run    int  // counts the offers
	stop   context.CancelFunc
	sums   sums
}

// sums are the digests of what has come so far.
type sums struct {
	md5, sha256 hash.Hash
	crc         hash.Hash32
}

func newSums() sums { return sums{md5: md5.New(), sha256: sha256.New(), crc: crc32.NewIEEE()} }

func (s *sums) add(b []byte) {
	s.md5.Write(b)
	s.sha256.Write(b)
	s.crc.Write(b)
}

// NewReceiver makes a Receiver that asks its NCP through c.
func NewReceiver(c rpc.Caller, o ReceiverOptions) *Receiver {
	if o.Max <= 0 || o.Max > MaxFile {
		o.Max = MaxFile
	}
	if o.Chunk == 0 {
		o.Chunk = defaultChunk
	}
	return &Receiver{ncp: ncp.NewNCP(c), o: o}
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
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
	r.ev = Received{Phase: PhaseOffer, Offer: offer}
	r.data, r.silent = nil, false
	r.sums = newSums()
	r.run++
	if accept {
		r.ev.Phase = PhasePrepare
		ctx, stop := context.WithCancel(context.Background())
		r.stop = stop
		go r.begin(ctx)
	} else {
		r.ev.Note = "refused"
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
		if err != nil || ncp.PrefetchStatus(status) != ncp.PrefetchOK {
			r.note("the file could not be fetched: " + ncp.PrefetchStatus(status).String())
			if err == nil {
				return
			}
		}
	}
	if ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	r.ev.Phase, r.ev.Chunk = PhaseSend, int(r.o.Chunk)
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

func (r *Receiver) store(offset int64, chunk []byte, crc uint32) (ok, hold bool) {
	ev := &r.ev
	if ev.Phase != PhaseSend {
		return false, false
	}
	if offset < ev.Done {
		ev.Repeated++
	}
	half := ev.Offer.Size / 2
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
	if r.o.Fault == FaultSilence && ev.Done >= half && !r.silent {
		r.silent = true
		ev.Note = "stored, but not answered, on purpose"
		return true, true
	}
	return true, false
}

// Finish answers otaUpdateFinish: it asks for the digests and compares them. ctx is that
// of the call: the questions are nested in it.
func (r *Receiver) Finish(ctx context.Context) (bool, error) {
	r.mu.Lock()
	if r.ev.Phase != PhaseSend {
		r.mu.Unlock()
		return false, nil
	}
	r.ev.Phase = PhaseFinish
	whole, run := r.ev.Done == r.ev.Offer.Size, r.run
	sums := r.sums
	r.mu.Unlock()
	r.tell()
	wrong := r.compare(ctx, &sums)
	if !whole {
		wrong = append(wrong, "size")
	}
	if r.o.Fault == FaultDigest {
		wrong = append(wrong, "on purpose")
	}
	r.mu.Lock()
	if run != r.run { // a new offer came meanwhile
		r.mu.Unlock()
		return false, nil
	}
	if len(wrong) > 0 {
		r.ev.Note = "not the file that was offered: " + strings.Join(wrong, ", ")
		r.ev.Phase = PhaseSend
	} else {
		r.ev.Whole = true
	}
	r.mu.Unlock()
	r.tell()
	if r.o.Fault == FaultNoFinish {
		return false, rpc.ErrNoReply
	}
	return len(wrong) == 0, nil
}

// compare asks for the digests, MD5 first as deployed receivers do, and returns the names
// of those that differ. One that cannot be had is remarked only.
func (r *Receiver) compare(ctx context.Context, s *sums) (wrong []string) {
	check := func(name string, same, ok bool, err error) {
		switch {
		case err != nil || !ok:
			r.note(name + " could not be read")
			if name == "CRC-32" { // the one that decides
				wrong = append(wrong, name)
			}
		case !same:
			wrong = append(wrong, name)
		}
	}
	d, ok, err := r.ncp.OtaUpdateGetMD5(ctx)
	check("MD5", string(d) == string(s.md5.Sum(nil)), ok, err)
	d, ok, err = r.ncp.OtaUpdateGetSHA256(ctx)
	check("SHA-256", string(d) == string(s.sha256.Sum(nil)), ok, err)
	crc, ok, err := r.ncp.OtaUpdateGetCRC32(ctx)
	check("CRC-32", crc == s.crc.Sum32(), ok, err)
	return wrong
}

// Cancel answers otaUpdateCancel.
func (r *Receiver) Cancel(context.Context) error {
	r.mu.Lock()
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
	if r.ev.Phase != PhaseOffer && !r.ev.Whole {
		r.ev.Phase, r.ev.Canceled = PhaseOffer, true
		r.ev.Note = "given up by the other side at " + strconv.FormatInt(r.ev.Done, 10)
	}
	r.mu.Unlock()
	r.tell()
	return nil
}

// Suspend asks the other side to rest for some seconds; 0: to go on.
func (r *Receiver) Suspend(ctx context.Context, seconds uint16) (bool, error) {
	return r.ncp.OtaUpdateSuspend(ctx, seconds)
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
