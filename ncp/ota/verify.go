package ota

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"strings"
	"time"

	"ncpweb/ncp/rpc"
)

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

// Finish answers otaUpdateFinish: it asks for the digests and compares them. ctx is that
// of the call: the questions are nested in it.
func (r *Receiver) Finish(ctx context.Context) (bool, error) {
	r.mu.Lock()
	if r.ev.Whole { // the answer was lost
		r.mu.Unlock()
		return r.finished(ctx, true)
	}
	if r.ev.Phase != PhaseSend {
		r.mu.Unlock()
		return false, nil
	}
	r.quiet.Stop()
	r.ev.Phase, r.ev.Checks = PhaseFinish, nil
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
	if run != r.run || r.ev.Canceled { // a new offer came meanwhile, or the end
		r.mu.Unlock()
		return false, nil
	}
	if len(wrong) > 0 {
		r.ev.Note = "not the file that was offered: " + strings.Join(wrong, ", ")
		r.ev.Phase, r.ev.End = PhaseSend, EndDigest
	} else {
		r.ev.Whole, r.ev.End = true, EndWhole
	}
	r.mu.Unlock()
	r.tell()
	return r.finished(ctx, len(wrong) == 0)
}

// finished is the answer to otaUpdateFinish. One that is kept back keeps our own calls
// back as well, for as long as the other side waits.
func (r *Receiver) finished(ctx context.Context, ok bool) (bool, error) {
	if r.o.Fault != FaultNoFinish {
		return ok, nil
	}
	timer := time.NewTimer(rpc.Hold)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return false, rpc.ErrNoReply
}

// compare asks for the digests, MD5 first as deployed receivers do, and returns the names
// of those that differ. One that cannot be had is remarked only, unless it is the CRC-32:
// that one decides.
func (r *Receiver) compare(ctx context.Context, s *sums) (wrong []string) {
	check := func(name string, told, got []byte, ok bool, err error) {
		missing := !ok || err != nil
		same := !missing && string(told) == string(got)
		if missing {
			told = nil
			r.note(name + " could not be read")
		}
		if !same && (!missing || name == "CRC-32") {
			wrong = append(wrong, name)
		}
		r.mu.Lock()
		r.ev.Checks = append(r.ev.Checks[:len(r.ev.Checks):len(r.ev.Checks)], Check{name, told, got, same})
		r.mu.Unlock()
		r.tell()
	}
	told, ok, err := r.ncp.OtaUpdateGetMD5(ctx)
	check("MD5", told, s.md5.Sum(nil), ok, err)
	told, ok, err = r.ncp.OtaUpdateGetSHA256(ctx)
	check("SHA-256", told, s.sha256.Sum(nil), ok, err)
	crc, ok, err := r.ncp.OtaUpdateGetCRC32(ctx)
	check("CRC-32", binary.BigEndian.AppendUint32(nil, crc), binary.BigEndian.AppendUint32(nil, s.crc.Sum32()), ok, err)
	return wrong
}
