package esp

import (
	"context"
	stdhex "encoding/hex"
	"errors"
	"time"

	"ncpweb/flash"
	"ncpweb/serial"
)

// Times per million bytes that the loader may take (section 13 of the sheet), and what
// every limit is at least.
const (
	perErased  = 40 * time.Second
	perWritten = 40 * time.Second
	perDigest  = 8 * time.Second
	atLeast    = 3 * time.Second
	eraseMost  = 240 * time.Second // the whole flash memory, or as perErased says if that is longer
)

// scaled is the limit of work on n bytes.
func scaled(n int64, per time.Duration) time.Duration {
	return max(atLeast, time.Duration(float64(n)/1e6*float64(per)))
}

// blockLimit is how long the reply to a block may take when the chip may still have
// behind bytes to erase and write.
func blockLimit(behind int64) time.Duration { return scaled(behind, perWritten) }

// onWire is how long n bytes travel.
func (f *Flasher) onWire(n int) time.Duration {
	if f.load.baud <= 0 {
		return 0
	}
	return serial.Mode{Baud: f.load.baud}.Wire(n)
}

// begin announces a stretch. The stub erases while the data travels and wants the exact
// size; the ROM erases first and wants to know how much.
func (f *Flasher) begin(ctx context.Context, w *writing, s *stream) error {
	size, limit := int64(len(s.data)), blockLimit(w.behind)
	if !f.load.stub {
		limit += scaled(size, perErased)
		if f.romErasesMore() {
			size = romEraseSize(int64(s.addr), size)
		}
	}
	blocks := (len(s.bytes) + s.block - 1) / s.block
	body := words(uint32(size), uint32(blocks), uint32(s.block), s.addr)
	if f.hasEncryptWord() {
		body = append(body, words(0)...)
	}
	_, err := f.load.command(ctx, command{op: s.begin, data: [][]byte{body}, limit: limit, phase: flash.PhaseWrite})
	if err == nil {
		w.behind = 0
	}
	return err
}

// romEraseSize is what the ROM of the ESP8266 must be told so that it erases size bytes
// from addr on: it counts what lies in the first block of 64 KiB twice.
func romEraseSize(addr, size int64) int64 {
	const perBlock = unit / sector
	n, first := (size+sector-1)/sector, addr/sector
	head := min(n, perBlock-first%perBlock)
	if n < 2*head {
		return (n + 1) / 2 * sector
	}
	return (n - head) * sector
}

// blockFrame makes the frame of block k, in the room of dst.
func (f *Flasher) blockFrame(dst []byte, s *stream, k int) []byte {
	data := s.bytes[k*s.block : min((k+1)*s.block, len(s.bytes))]
	return frameOf(dst[:0], s.more, checksum(0xEF, data), words(uint32(len(data)), uint32(k), 0, 0), data)
}

// answer waits for the reply to a block.
func (f *Flasher) answer(ctx context.Context, op byte, limit time.Duration) error {
	_, err := f.load.answer(ctx, op, limit, 0)
	return err
}

// finish ends what was begun; the stub answers when everything is written, or tells what
// failed. It goes on to listen for commands.
func (f *Flasher) finish(ctx context.Context, op byte, behind int64) error {
	_, err := f.load.command(ctx, command{op: op, data: [][]byte{words(1)}, limit: blockLimit(behind), phase: flash.PhaseWrite})
	return err
}

// digest returns the MD5 of n bytes in the flash memory.
func (f *Flasher) digest(ctx context.Context, addr uint32, n int64) (sum [16]byte, err error) {
	c := command{op: opMD5, data: [][]byte{words(addr, uint32(n), 0, 0)}, limit: scaled(n, perDigest), want: 16, phase: f.phase}
	if !f.load.stub {
		c.want = 32 // in hexadecimal
	}
	r, err := f.load.command(ctx, c)
	if err != nil {
		return sum, err
	}
	if f.load.stub {
		copy(sum[:], r.body)
		return sum, nil
	}
	if _, err := stdhex.Decode(sum[:], r.body); err != nil {
		return sum, &flash.Error{Code: flash.CodeGarbled, Op: "digest", Phase: f.phase, Addr: addr, Detail: "not a digest"}
	}
	return sum, nil
}

// eraseRegion erases whole sectors. behind is what the chip may still be writing.
func (f *Flasher) eraseRegion(ctx context.Context, addr uint32, n, behind int64) error {
	limit := scaled(n, perErased) + blockLimit(behind)
	if f.load.stub {
		_, err := f.load.command(ctx, command{op: opEraseRegion, data: [][]byte{words(addr, uint32(n))}, limit: limit, phase: f.phase})
		return err
	}
	return f.romErase(ctx, addr, n, limit)
}

// romErase lets the ROM erase: it does so when a stretch is announced, and need not get
// the data.
func (f *Flasher) romErase(ctx context.Context, addr uint32, n int64, limit time.Duration) error {
	size := n
	if f.romErasesMore() {
		size = romEraseSize(int64(addr), n)
	}
	body := words(uint32(size), uint32((n+romBlock-1)/romBlock), romBlock, addr)
	if f.hasEncryptWord() {
		body = append(body, words(0)...)
	}
	_, err := f.load.command(ctx, command{op: opFlashBegin, data: [][]byte{body}, limit: limit, name: "erase", phase: f.phase})
	return err
}

// damaged tells that a block did not arrive as it was sent, and that the loader did
// nothing with it: it may be sent again.
func damaged(err error) bool {
	var s *statusError
	if !errors.As(err, &s) {
		return false
	}
	switch s.number() {
	case 0x07, 0xC0, 0xC1:
		return true
	}
	return false
}
