package espsim

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// Geometry of the flash.
const (
	pageSize   = 256
	sectorSize = 4096
	blockSize  = 64 << 10
)

// Busy times of the flash: typical values of the W25Q32JV's data sheet (tPP, tSE, tBE2).
// A whole chip of 4 MiB takes 64 times as long as a block: 9.6 s; the sheet measured 9.2 s
// and 9.8 s (section 2).
const (
	programTime = 400 * time.Microsecond // a page
	sectorTime  = 45 * time.Millisecond
	blockTime   = 150 * time.Millisecond
)

// readSpeed is how fast a chip looks at its flash, in bytes per second: about 40 MHz, two
// bits at a time, half of it lost to commands.
const readSpeed = 5_000_000

// nor is a flash memory. Only the chip works on it, one thing at a time; anybody may copy it.
type nor struct {
	mu   sync.Mutex // guards mem and the counters; never held across a wait
	mem  []byte
	bad  []Range
	slow float64

	programmed, erased int64
	busy               time.Duration

	late time.Duration // how late the last wait woke up; the next one is that much shorter
}

func newNOR(o *Options) *nor {
	m := make([]byte, o.Size)
	n := copy(m, o.Content)
	fill(m[n:])
	return &nor{mem: m, bad: o.Bad, slow: o.Slow}
}

// fill makes memory blank.
func fill(b []byte) {
	if len(b) == 0 {
		return
	}
	b[0] = 0xFF
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}

// isBlank tells whether there is nothing but FF.
func isBlank(b []byte) bool {
	return len(b) == 0 || b[0] == 0xFF && bytes.Equal(b[1:], b[:len(b)-1])
}

func (f *nor) copy() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]byte(nil), f.mem...)
}

// wait lets the flash be busy for d. It returns the share of d that passed, 1 unless ctx
// ended.
func (f *nor) wait(ctx context.Context, d time.Duration) float64 {
	d = time.Duration(float64(d) * f.slow)
	credit := min(f.late, d)
	begin := time.Now()
	ok := sleep(ctx, d-credit)
	took := time.Since(begin)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.busy += d
	if !ok {
		return min(float64(took+credit)/float64(max(d, 1)), 1)
	}
	f.late = min(max(took+credit-d, 0), maxCredit)
	return 1
}

// maxCredit bounds how much of a timer's lateness is made up for.
const maxCredit = 20 * time.Millisecond

// blocks is how many blocks the flash has.
func (b *Board) flashBlocks() time.Duration { return time.Duration(b.o.Size / blockSize) }

// program writes data at addr: it clears bits. A ctx that ends leaves the rest as it was,
// and in the page that is being programmed a part of the bits.
func (f *nor) program(ctx context.Context, addr uint32, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	pages := (int(addr%pageSize) + len(data) + pageSize - 1) / pageSize
	share := f.wait(ctx, time.Duration(pages)*programTime)
	n := len(data)
	if share < 1 {
		n = int(share * float64(n))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.programmed += int64(n)
	f.and(addr, data[:n])
	if share < 1 && n < len(data) { // the page in which it was cut
		end := min(len(data), n+pageSize/4)
		half := append([]byte(nil), data[n:end]...)
		for i := range half {
			half[i] |= 0x5A
		}
		f.and(addr+uint32(n), half)
	}
	return ctx.Err()
}

// and clears bits, with the lock held. Addresses wrap, as they do in a chip that ignores
// the bits it has no cells for.
func (f *nor) and(addr uint32, data []byte) {
	size := uint32(len(f.mem))
	for i, c := range data {
		a := (addr + uint32(i)) % size
		if !f.isBad(a) {
			f.mem[a] &= c
		}
	}
}

func (f *nor) isBad(a uint32) bool {
	for _, r := range f.bad {
		if a >= r.From && a < r.To {
			return true
		}
	}
	return false
}

// erase makes n bytes at addr blank: a sector or a block, or the whole chip. A ctx that
// ends leaves a part of the bits.
func (f *nor) erase(ctx context.Context, addr uint32, n int, d time.Duration) error {
	share := f.wait(ctx, d)
	f.mu.Lock()
	defer f.mu.Unlock()
	size := uint32(len(f.mem))
	addr %= size
	mem := f.mem[addr:min(int64(size), int64(addr)+int64(n))]
	if share >= 1 {
		fill(mem)
		f.erased += int64(len(mem))
		return ctx.Err()
	}
	for i := range mem[:int(share*float64(len(mem)))] {
		mem[i] |= byte(0xA5 + i)
	}
	return ctx.Err()
}

// eraseStep erases the first block or sector of what is left and returns how far it came.
func (f *nor) eraseStep(ctx context.Context, addr, end uint32) (uint32, error) {
	if addr%blockSize == 0 && end-addr >= blockSize {
		return addr + blockSize, f.erase(ctx, addr, blockSize, blockTime)
	}
	return addr + sectorSize, f.erase(ctx, addr, sectorSize, sectorTime)
}

// blankTo looks from addr to end, both at sectors, for the first sector that is not
// blank, which takes its time.
func (f *nor) blankTo(ctx context.Context, addr, end uint32) (uint32, error) {
	from := addr
	f.mu.Lock()
	for addr < end && isBlank(f.mem[addr:addr+sectorSize]) {
		addr += sectorSize
	}
	f.mu.Unlock()
	if !sleep(ctx, perByte(int(addr-from)+pageSize, readSpeed)) {
		return from, ctx.Err()
	}
	return addr, nil
}

// read copies what is at addr; addresses wrap.
func (f *nor) read(addr uint32, b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	addr %= uint32(len(f.mem))
	for len(b) > 0 {
		n := copy(b, f.mem[addr:])
		b, addr = b[n:], 0
	}
}

// view calls g with the memory, which it must neither change nor keep.
func (f *nor) view(g func(mem []byte)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g(f.mem)
}

// perByte is how long n bytes take.
func perByte(n, perSecond int) time.Duration {
	return time.Duration(int64(n) * int64(time.Second) / int64(perSecond))
}

// sleep waits for d and tells whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
