package esp

import (
	"context"
	"crypto/md5"
	"time"

	"ncpweb/flash"
)

// A job is one stretch of flash memory to write, or to erase where it is blank.
type job struct {
	addr  uint32
	data  []byte // whole sectors
	blank bool   // nothing but FF: erase it
}

func (j *job) end() int64 { return int64(j.addr) + int64(len(j.data)) }

// span is a stretch of the image without a gap and without what is kept.
type span struct {
	addr    uint32
	data    []byte
	regions []Region // that it consists of
}

// spans returns everything that the chip must hold in the end.
func (p *Plan) spans() []span {
	var all []span
	end := int64(-1)
	for _, r := range p.Regions {
		if r.Kind == RegionKept {
			continue
		}
		if end == int64(r.Addr) {
			last := &all[len(all)-1]
			last.data = last.data[:int64(len(last.data))+r.Size]
			last.regions = append(last.regions, r)
		} else {
			all = append(all, span{r.Addr, r.data, []Region{r}})
		}
		end = r.End()
	}
	return all
}

// Sizes of the comparison, in bytes.
const (
	sampleSize = sector
	samples    = 4
	// chunk is what one digest covers where a round trip takes long; unit is what is
	// looked at more closely where it differs: the block that a flash memory erases at
	// once. What differs is found to the sector, or to the grain where round trips take
	// long.
	chunk = 256 << 10
	unit  = 64 << 10
	grain = 16 << 10
	// verifyChunk is what one digest covers at the end, so that the progress moves.
	verifyChunk = 1 << 20
	// slowTrip is the time of the first sample from which on round trips are spared.
	slowTrip = 8 * time.Millisecond
)

// todo finds out what is to be written.
func (f *Flasher) todo(ctx context.Context, p *Plan) ([]job, error) {
	f.enter(flash.PhaseCompare)
	switch {
	case f.erased:
		f.event(flash.Event{Phase: flash.PhaseCompare, Skipped: true})
		return p.jobs(false), nil
	case !f.canDigest():
		f.event(flash.Event{Phase: flash.PhaseCompare, Skipped: true, Note: "The loader of this chip cannot compare: everything is written."})
		return p.jobs(true), nil
	}
	any, trip := false, time.Duration(0)
	if !f.o.How.All {
		var err error
		if any, trip, err = f.sample(ctx, p); err != nil {
			return nil, err
		}
	}
	if !any {
		f.event(flash.Event{Phase: flash.PhaseCompare, Skipped: f.o.How.All})
		return f.whole(ctx, p)
	}
	levels := []int64{unit, sector}
	if trip > slowTrip {
		levels = []int64{chunk, unit, grain}
	}
	var jobs []job
	done := int64(0)
	for _, s := range p.spans() {
		more, err := f.differing(ctx, s, levels, func(n int64) {
			done += n
			f.event(flash.Event{Phase: flash.PhaseCompare, Done: done, Total: p.Data + p.Blank, Addr: s.addr})
		})
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, more...)
	}
	return jobs, nil
}

// sample compares a few sectors spread over the image, until one is the same in the
// chip. trip is how long the first took.
func (f *Flasher) sample(ctx context.Context, p *Plan) (same bool, trip time.Duration, err error) {
	for i := range samples {
		addr, data := p.telling(p.Data * int64(2*i+1) / (2 * samples))
		began := time.Now()
		same, err := f.equal(ctx, addr, data)
		if i == 0 {
			trip = time.Since(began)
		}
		if err != nil || same {
			return same, trip, err
		}
	}
	return false, trip, nil
}

// telling returns a sector from the at-th byte of the data on that is not one byte all
// over: those are the same in many firmwares.
func (p *Plan) telling(at int64) (addr uint32, data []byte) {
	for i := range p.Regions {
		r := &p.Regions[i]
		if r.Kind != RegionData {
			continue
		}
		if at >= r.Size {
			at -= r.Size
			continue
		}
		for off := down(at); off < r.Size; off += sector {
			addr, data = r.Addr+uint32(off), r.data[off:off+sector]
			if !uniform(data) {
				return addr, data
			}
		}
		at = 0
	}
	return addr, data
}

func uniform(b []byte) bool {
	for _, c := range b {
		if c != b[0] {
			return false
		}
	}
	return true
}

// jobs returns everything as jobs. Blank stretches are among them on request only.
func (p *Plan) jobs(blank bool) []job {
	var all []job
	for i := range p.Regions {
		r := &p.Regions[i]
		if r.Kind == RegionData || r.Kind == RegionBlank && blank {
			all = append(all, job{r.Addr, r.data[:r.Size], r.Kind == RegionBlank})
		}
	}
	return all
}

// whole returns all data as jobs, unless it is short and the same in the chip, and the
// blank stretches that are not blank there.
func (f *Flasher) whole(ctx context.Context, p *Plan) ([]job, error) {
	var all []job
	for _, j := range bridged(p.jobs(true)) {
		// A boot loader or a partition table is often the same although nothing else is.
		if j.blank || len(j.data) <= unit && !f.o.How.All {
			same, err := f.equalLong(ctx, j.addr, j.data, nil)
			if err != nil {
				return nil, err
			}
			if same {
				continue
			}
		}
		all = append(all, j)
	}
	return all, nil
}

// bridge is the longest blank stretch, in bytes, that is written along with the data on
// both sides where a block of the flash memory is erased as a whole anyway: packed it is
// a few bytes, and to begin anew costs more than to program it.
const bridge = 16 << 10

// bridged joins stretches of data that have only a short blank one between them.
func bridged(jobs []job) []job {
	var all []job
	for i, j := range jobs {
		if j.blank && len(j.data) <= bridge && i > 0 && i+1 < len(jobs) &&
			jobs[i-1].end() == int64(j.addr) && j.end() == int64(jobs[i+1].addr) &&
			begin(jobs, i) <= int64(j.addr)/unit*unit && end(jobs, i) >= (j.end()+unit-1)/unit*unit {
			j.blank = false
		}
		all = joined(all, j)
	}
	return all
}

// begin and end return the bounds of the stretch without a gap to which a job belongs, as
// far as the blocks around it matter.
func begin(jobs []job, i int) int64 {
	for far := int64(jobs[i].addr) - unit; i > 0 && jobs[i-1].end() == int64(jobs[i].addr) && int64(jobs[i].addr) > far; i-- {
	}
	return int64(jobs[i].addr)
}

func end(jobs []job, i int) int64 {
	for far := jobs[i].end() + unit; i+1 < len(jobs) && jobs[i].end() == int64(jobs[i+1].addr) && jobs[i].end() < far; i++ {
	}
	return jobs[i].end()
}

// joined appends a job, to the one before where they are one stretch of data. Both are
// parts of the same array.
func joined(all []job, j job) []job {
	if n := len(all); n > 0 {
		last := &all[n-1]
		if last.blank == j.blank && last.end() == int64(j.addr) && cap(last.data) >= len(last.data)+len(j.data) {
			last.data = last.data[:len(last.data)+len(j.data)]
			return all
		}
	}
	return append(all, j)
}

// differing returns the parts of a span that are different in the chip. Its digests
// become shorter by levels; passed is told of bytes that are known to be the same or
// different.
func (f *Flasher) differing(ctx context.Context, s span, levels []int64, passed func(int64)) ([]job, error) {
	var all []job
	for at := int64(0); at < int64(len(s.data)); {
		part := s.cut(at, levels[0], len(levels) == 1)
		n := int64(len(part.data))
		at += n
		same, err := f.equal(ctx, part.addr, part.data)
		if err != nil {
			return nil, err
		}
		if same {
			passed(n)
			continue
		}
		if len(levels) == 1 || n <= levels[len(levels)-1] && len(part.regions) == 1 {
			all = joined(all, job{part.addr, part.data, part.regions[0].Kind == RegionBlank})
			passed(n)
			continue
		}
		more, err := f.differing(ctx, part, levels[1:], passed)
		if err != nil {
			return nil, err
		}
		if levels[0] == unit {
			more = rounded(part, more)
		}
		for _, j := range more {
			all = joined(all, j)
		}
	}
	return all, nil
}

// cut returns the part of a span from at to the next multiple of size in the flash
// memory, or to the end of the region if pure.
func (s *span) cut(at, size int64, pure bool) span {
	from := int64(s.addr) + at
	to := min((from/size+1)*size, int64(s.addr)+int64(len(s.data)))
	var regions []Region
	for _, r := range s.regions {
		if r.End() <= from || int64(r.Addr) >= to {
			continue
		}
		if pure {
			to = min(to, r.End())
		}
		regions = append(regions, r)
		if pure {
			break
		}
	}
	base := from - int64(s.addr)
	return span{uint32(from), s.data[base : to-int64(s.addr)], regions}
}

// rounded takes a whole unit where most of it differs: it is erased at once, faster than
// its sectors one by one.
func rounded(part span, jobs []job) []job {
	n := 0
	for _, j := range jobs {
		n += len(j.data)
	}
	if len(part.regions) == 1 && part.regions[0].Kind == RegionData && len(part.data) == unit && n > unit/2 {
		return []job{{part.addr, part.data, false}}
	}
	return jobs
}

// equal tells whether the chip holds data at addr. Both take the digest at the same time.
func (f *Flasher) equal(ctx context.Context, addr uint32, data []byte) (bool, error) {
	want := make(chan [md5.Size]byte, 1)
	go func() { want <- md5.Sum(data) }()
	got, err := f.digest(ctx, addr, int64(len(data)))
	if err != nil {
		return false, err
	}
	return got == <-want, nil
}

// equalLong is equal for any length, by digests of at most verifyChunk. passed, if it is
// not nil, is told of every part that is the same.
func (f *Flasher) equalLong(ctx context.Context, addr uint32, data []byte, passed func(int64)) (bool, error) {
	for at := 0; at < len(data); at += verifyChunk {
		part := data[at:min(at+verifyChunk, len(data))]
		same, err := f.equal(ctx, addr+uint32(at), part)
		if err != nil || !same {
			return false, err
		}
		if passed != nil {
			passed(int64(len(part)))
		}
		f.breathe(ctx)
	}
	return true, nil
}
