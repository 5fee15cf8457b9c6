package mcusim

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// update is a file that is being received.
type update struct {
	size      int
	data      []byte
	suspended bool
	happened  bool // what is Broken has happened
}

// finishPatience is how long the digests may take. The NCP waits five seconds for the
// answer to otaUpdateFinish.
const finishPatience = time.Second

// updateCall answers the calls of an update.
func (l *life) updateCall(ctx context.Context, uid, id uint16, a *args) error {
	switch uid {
	case uidAvailable:
		a.str()
		size := a.u32()
		a.str()
		a.str()
		a.str()
		if !a.clean() {
			return l.reply(id, statusArgsRead)
		}
		return l.offered(ctx, id, int64(size))
	case uidChunk:
		offset, data, crc := a.u32(), a.bin(), a.u32()
		if !a.clean() {
			return l.reply(id, statusArgsRead)
		}
		return l.chunk(ctx, id, int64(offset), data, crc)
	case uidFinish:
		return l.finish(ctx, id)
	}
	l.m.mu.Lock()
	l.m.update = nil
	l.m.mu.Unlock()
	return l.reply(id, statusOK)
}

// offered takes or refuses a file, and asks for its first chunk.
func (l *life) offered(ctx context.Context, id uint16, size int64) error {
	m := l.m
	take := m.o.Broken != Refuses && size > 0 && size <= int64(m.o.Slot)
	if err := l.reply(id, statusOK, flag(take)); err != nil || !take {
		return err
	}
	m.mu.Lock()
	m.update = &update{size: int(size)}
	m.slots[1-m.active] = nil // erased
	m.mu.Unlock()
	if m.o.Broken == NeverStarts {
		return nil
	}
	if m.o.Prefetch {
		rets, err := l.invoke(ctx, uidOTAPrefetch, prefetchTimeout, nil)
		if err != nil && err != errSilent {
			return err
		}
		if err != nil || len(rets) != 1 || rets[0] != 1 {
			m.mu.Lock()
			m.update = nil
			m.mu.Unlock()
			return nil
		}
	}
	if err := l.pause(ctx, m.o.Erase); err != nil {
		return err
	}
	// What the NCP says to this the deployed receivers do not look at.
	_, err := l.yes(ctx, uidOTAStart, callTimeout, binary.LittleEndian.AppendUint16(nil, m.o.Chunk))
	if err == errSilent {
		return nil
	}
	return err
}

// chunk stores a chunk.
func (l *life) chunk(ctx context.Context, id uint16, offset int64, data []byte, crc uint32) error {
	m := l.m
	if err := l.pause(ctx, m.o.Write); err != nil {
		return err
	}
	m.mu.Lock()
	up := m.update
	ok, have := false, int64(0)
	if up != nil {
		have = int64(len(up.data))
		ok = l.store(up, offset, data, crc)
	}
	happens := up != nil && !up.happened && float64(len(up.data)) >= m.o.At*float64(up.size)
	if happens && (m.o.Broken == Deaf || m.o.Broken == Restarts) {
		up.happened = true
	} else {
		happens = false
	}
	suspend := up != nil && !up.suspended && m.o.SuspendFor > 0 && float64(len(up.data)) >= m.o.SuspendAt*float64(up.size)
	if suspend {
		up.suspended = true
	}
	if !ok {
		m.stats.Refused++
		if up != nil && m.o.Strict == Strict && offset != have {
			m.update = nil
		}
	} else {
		m.stats.Chunks++
	}
	m.mu.Unlock()
	switch {
	case happens && m.o.Broken == Deaf:
		return l.pause(ctx, 24*time.Hour)
	case happens:
		return errReset
	}
	if err := l.reply(id, statusOK, flag(ok)); err != nil || !suspend {
		return err
	}
	_, err := l.yes(ctx, uidOTASuspend, callTimeout, binary.LittleEndian.AppendUint16(nil, uint16(m.o.SuspendFor/time.Second)))
	if err == errSilent {
		return nil
	}
	return err
}

// store appends a chunk to the file. The lock is held.
func (l *life) store(up *update, offset int64, data []byte, crc uint32) bool {
	m := l.m
	have := int64(len(up.data))
	if offset < have {
		m.stats.Duplicates++
		return m.o.Strict == Lenient && bytes.Equal(data, up.data[offset:min(have, offset+int64(len(data)))])
	}
	if offset != have || offset+int64(len(data)) > int64(up.size) || crc32.ChecksumIEEE(data) != crc {
		return false
	}
	up.data = append(up.data, data...)
	return true
}

// finish compares the digests while the NCP waits, and applies the file.
func (l *life) finish(ctx context.Context, id uint16) error {
	m := l.m
	m.mu.Lock()
	up := m.update
	m.mu.Unlock()
	if up == nil {
		return l.reply(id, statusOK, 0)
	}
	right, err := l.compare(ctx, up)
	if err != nil {
		return err
	}
	if m.o.Broken == OwnSum {
		right = len(up.data) == up.size
	}
	if m.o.Broken != SilentEnd {
		if err := l.reply(id, statusOK, flag(right)); err != nil {
			return err
		}
	}
	if !right {
		return nil
	}
	if err := l.pause(ctx, 50*time.Millisecond); err != nil {
		return err
	}
	m.mu.Lock()
	m.apply(up.data)
	m.mu.Unlock()
	return errReset
}

// compare asks for the digests, in the order of the deployed receivers; CRC-32 decides.
func (l *life) compare(ctx context.Context, up *update) (bool, error) {
	m := l.m
	if m.o.Broken == OwnSum {
		return true, nil
	}
	md, sha := md5.Sum(up.data), sha256.Sum256(up.data)
	crc := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(up.data))
	binary16 := func(b []byte) []byte {
		return append(binary.LittleEndian.AppendUint16(nil, uint16(len(b))), b...)
	}
	decides := false
	for {
		for _, q := range []struct {
			uid  uint16
			want []byte
		}{{uidOTAMD5, binary16(md[:])}, {uidOTASHA256, binary16(sha[:])}, {uidOTACRC32, crc}} {
			rets, err := l.invoke(ctx, q.uid, finishPatience, nil)
			if err != nil && err != errSilent {
				return false, err
			}
			m.mu.Lock()
			m.stats.Digests++
			m.mu.Unlock()
			decides = err == nil && bytes.Equal(rets, append(q.want, 1))
		}
		if m.o.Broken != AsksForEver {
			break
		}
	}
	return decides && len(up.data) == up.size && m.o.Broken != WrongSum, nil
}

// apply writes the file into the other slot and marks that for the next start. The lock
// is held.
func (m *MCU) apply(data []byte) {
	if m.o.Broken == KeepsOld {
		return
	}
	m.slots[1-m.active] = bytes.Clone(data)
	m.pending = true
	m.stats.Updates++
}

// bootloader chooses the slot to start: a new firmware once, and again only after it
// has told its NCP what it is. Losing power in the middle changes nothing: the mark is
// set last, and cleared first.
func (m *MCU) bootloader() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pending && m.o.Broken == LosesPower {
		m.stats.Boots++ // that start ended before the mark was moved; this one moves it
	}
	switch {
	case m.pending && m.o.Broken == Reverts:
		m.pending = false // it was started, never came up, and its watchdog brought us here
	case m.pending:
		m.pending, m.tested = false, true
		m.active = 1 - m.active
	case m.tested:
		m.tested = false
		m.active = 1 - m.active
	}
}
