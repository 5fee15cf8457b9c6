package esp

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"io"

	"ncpweb/flash"
	"ncpweb/slip"
)

// Numbers of reading.
const (
	readPiece  = 64 << 10 // what is read and verified at once
	readPacket = 4096     // what comes without an acknowledgement between; the stub's most
	slowRead   = 64       // bytes of one READ_FLASH_SLOW
)

// Read writes n bytes of flash memory from addr on to w, a backup. What it writes is
// verified by digest. Without the stub it is slow, and an ESP8266 cannot do it.
func (f *Flasher) Read(ctx context.Context, addr uint32, n int64, w io.Writer) error {
	f.enter(flash.PhaseRead)
	defer f.leave()
	if n <= 0 || int64(addr)+n > f.room() {
		return &flash.Error{Code: flash.CodeTooLarge, Op: "read", Phase: flash.PhaseRead, Addr: addr, Detail: "outside of the flash memory"}
	}
	if !f.load.stub && !f.canDigest() {
		return &flash.Error{Code: flash.CodeUnsupport, Op: "read", Phase: flash.PhaseRead, Detail: "without the stub, this chip cannot read its flash memory"}
	}
	f.disturbed = 0
	defer f.load.rest()
	piece := make([]byte, 0, readPiece)
	for at, tries := int64(0), 0; at < n; {
		var err error
		from := addr + uint32(at)
		piece, err = f.readPiece(ctx, piece[:0], from, min(readPiece, n-at), func(k int64) {
			f.event(flash.Event{Phase: flash.PhaseRead, Done: at + k, Total: n, Addr: from + uint32(k)})
		})
		if err != nil {
			if tries++; tries > retries || !passing(err) {
				return f.readError(ctx, err, from)
			}
			if err := f.revive(ctx, err); err != nil {
				return f.readError(ctx, err, from)
			}
			continue
		}
		if _, err := w.Write(piece); err != nil {
			return &flash.Error{Code: flash.CodePort, Op: "save what was read", Phase: flash.PhaseRead, Addr: from, Err: err}
		}
		at, tries = at+int64(len(piece)), 0
	}
	return nil
}

// readError places an error of Read. Nothing in the chip was changed.
func (f *Flasher) readError(ctx context.Context, err error, addr uint32) error {
	f.torn = false
	err = f.final(ctx, err)
	var e *flash.Error
	if errors.As(err, &e) {
		e.Addr = addr
	}
	return err
}

// readPiece appends n bytes from addr on to dst, which is empty, and proves them.
func (f *Flasher) readPiece(ctx context.Context, dst []byte, addr uint32, n int64, passed func(int64)) ([]byte, error) {
	if !f.load.stub {
		return f.readSlow(ctx, dst, addr, n, passed)
	}
	_, err := f.load.command(ctx, command{op: opReadFlash, data: [][]byte{words(addr, uint32(n), readPacket, 1)}, phase: flash.PhaseRead})
	if err != nil {
		return dst, err
	}
	for int64(len(dst)) < n {
		p, err := f.load.packet(ctx, usual+f.onWire(2*readPacket), flash.PhaseRead)
		if err != nil {
			return dst, err
		}
		want := min(readPacket, n-int64(len(dst)))
		if int64(len(p)) != want {
			return dst, f.unread(ctx, addr, "a packet of "+decimal(int64(len(p)))+" bytes instead of "+decimal(want))
		}
		dst = append(dst, p...)
		if err := f.load.send(ctx, acknowledged(len(dst))); err != nil {
			return dst, f.load.fail("acknowledge", flash.PhaseRead, err)
		}
		passed(int64(len(dst)))
	}
	p, err := f.load.packet(ctx, usual, flash.PhaseRead)
	if err != nil {
		return dst, err
	}
	if sum := md5.Sum(dst); !bytes.Equal(sum[:], p) {
		return dst, &flash.Error{Code: flash.CodeVerify, Op: "read", Phase: flash.PhaseRead, Addr: addr, Detail: "the digest of what came is not that of what was sent"}
	}
	return dst, nil
}

// acknowledged is the frame that asks for the next packet.
func acknowledged(total int) []byte {
	return slip.Append(nil, binary.LittleEndian.AppendUint32(nil, uint32(total)))
}

// unread ends a transfer that has gone wrong: the stub gives it up when an acknowledgement
// has not four bytes.
func (f *Flasher) unread(ctx context.Context, addr uint32, detail string) error {
	if err := f.load.send(ctx, slip.Append(nil, []byte{0})); err != nil {
		return f.load.fail("give up reading", flash.PhaseRead, err)
	}
	return &flash.Error{Code: flash.CodeTimeout, Op: "read", Phase: flash.PhaseRead, Addr: addr, Detail: detail}
}

// readSlow is readPiece for the ROM.
func (f *Flasher) readSlow(ctx context.Context, dst []byte, addr uint32, n int64, passed func(int64)) ([]byte, error) {
	for int64(len(dst)) < n {
		k := min(slowRead, n-int64(len(dst)))
		r, err := f.load.command(ctx, command{op: opReadSlow, data: [][]byte{words(addr+uint32(len(dst)), uint32(k))}, want: slowRead, phase: flash.PhaseRead})
		if err != nil {
			return dst, err
		}
		dst = append(dst, r.body[:k]...)
		if len(dst)%readPacket == 0 {
			passed(int64(len(dst)))
		}
	}
	sum, err := f.digest(ctx, addr, n)
	if err != nil {
		return dst, err
	}
	if md5.Sum(dst) != sum {
		return dst, &flash.Error{Code: flash.CodeVerify, Op: "read", Phase: flash.PhaseRead, Addr: addr, Detail: "what came is not what the chip holds"}
	}
	passed(n)
	return dst, nil
}
