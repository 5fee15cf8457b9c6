package ncpsim

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// mcu is an MCU of the bare wire that takes updates, by its own reading of the messages.
type mcu struct {
	t    *testing.T
	n    *NCP
	port serial.Port
	dec  *decoder
	in   [][]byte
	id   uint16

	chunk   uint16      // to ask for
	refuse  atomic.Bool // the offer
	never   atomic.Bool // ask for the first chunk
	fetch   bool        // before that
	fetched int         // what otaUpdatePrefetch gave; -1: nothing
	rest    uint16      // seconds to suspend for, at the first chunk
	resume  bool        // at the next second
	mute    int         // chunks that stay without an answer, from the second on
	reject  int         // chunks that get a no, from the second on
	odd     byte        // status of the answers to chunks
	finish  int         // 0: by the digests; 1: yes; 2: no answer; 3: it asks for ever

	offer   []byte // arguments of otaUpdateAvailable
	file    []byte
	times   []time.Time // of the chunks that came
	sums    []uint32    // CRCs that came with them
	answers map[uint16][]byte
	calls   []uint16
	cancel  bool
	starts  []byte // what otaUpdateStart gave
}

// updating runs f with an NCP, initialized, and an MCU behind it.
func updating(t *testing.T, o Options, m *mcu, f func(m *mcu)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.NoROMLog, o.Initialized = true, true
		n := New(o)
		wire := sim.NewWire(sim.WireOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		end, heard := make(chan error, 1), make(chan struct{})
		go func() { end <- n.Run(ctx, wire.UART()) }()
		port, err := wire.Adapter().Open(ctx, serial.Mode{Baud: 38400})
		if err != nil {
			t.Fatal(err)
		}
		m.t, m.n, m.port, m.dec, m.answers, m.fetched = t, n, port, newDecoder(1<<16), map[uint16][]byte{}, -1
		go func() {
			defer close(heard)
			for m.handle(m.next()) {
			}
		}()
		time.Sleep(time.Second)
		f(m)
		cancel()
		if err := <-end; err != nil {
			t.Errorf("Run ended with %v", err)
		}
		port.Close()
		<-heard
		wire.Close()
	})
}

// next waits for the next message; nil: the port is closed.
func (m *mcu) next() []byte {
	b := make([]byte, 512)
	for len(m.in) == 0 {
		k, err := m.port.Read(b)
		for _, c := range b[:k] {
			if p, ok := m.dec.push(c); ok {
				m.in = append(m.in, bytes.Clone(p))
			}
		}
		if err != nil {
			return nil
		}
	}
	p := m.in[0]
	m.in = m.in[1:]
	return p
}

// call calls the NCP, and handles what comes meanwhile.
func (m *mcu) call(uid uint16, args ...byte) []byte {
	m.id++
	m.calls = append(m.calls, uid)
	_, _ = m.port.Write(appendFrame(nil, invokeMessage(uid, m.id, args)))
	for {
		p := m.next()
		if p == nil {
			return nil
		}
		if len(p) > 4 && binary.LittleEndian.Uint16(p) == opResult && binary.LittleEndian.Uint16(p[2:]) == m.id {
			m.answers[uid] = p[5:]
			return p[5:]
		}
		if !m.handle(p) {
			return nil
		}
	}
}

func (m *mcu) say(id uint16, status byte, rets ...byte) {
	_, _ = m.port.Write(appendFrame(nil, resultMessage(id, status, rets)))
}

// handle handles a message. It returns false at the end.
func (m *mcu) handle(p []byte) bool {
	le := binary.LittleEndian
	if len(p) < 6 || le.Uint16(p) != opInvoke {
		return p != nil
	}
	id, a := le.Uint16(p[4:]), p[6:]
	switch le.Uint16(p[2:]) {
	case 0x0181:
		m.say(id, 0)
	case 0x0441:
		m.offer, m.file = a, nil
		m.say(id, 0, flag(!m.refuse.Load()))
		if !m.refuse.Load() {
			m.begin()
		}
	case 0x0442:
		m.take(id, a)
	case 0x0443:
		m.check(id)
	case 0x0444:
		m.cancel = true
		m.say(id, 0)
	}
	return true
}

func (m *mcu) begin() {
	if m.fetch {
		if r := m.call(0x0345); len(r) == 1 {
			m.fetched = int(r[0])
		}
	}
	if !m.never.Load() {
		m.starts = append(m.starts, m.call(0x0341, byte(m.chunk), byte(m.chunk>>8))...)
		m.starts = append(m.starts, m.call(0x0341, 16, 0)...)
	}
}

func (m *mcu) take(id uint16, a []byte) {
	le := binary.LittleEndian
	m.times = append(m.times, time.Now())
	size := int(le.Uint16(a[4:]))
	data, sum := a[6:6+size], le.Uint32(a[6+size:])
	m.sums = append(m.sums, sum)
	switch {
	case len(m.times) > 1 && m.mute > 0:
		m.mute--
		return
	case len(m.times) > 1 && m.reject > 0:
		m.reject--
		m.say(id, 0, 0)
		return
	}
	good := int(le.Uint32(a)) == len(m.file) && crc32.ChecksumIEEE(data) == sum
	if good {
		m.file = append(m.file, data...)
	}
	if m.odd != 0 {
		m.say(id, m.odd)
		return
	}
	m.say(id, 0, flag(good))
	if rest := m.rest; rest > 0 {
		m.rest = 0 // the next chunk may be here before the answer
		m.call(0x0346, byte(rest), byte(rest>>8))
		if m.resume {
			time.Sleep(time.Second)
			m.call(0x0346, 0, 0)
		}
	}
}

func (m *mcu) check(id uint16) {
	if m.finish == 2 {
		return
	}
	md, sha := md5.Sum(m.file), sha256.Sum256(m.file)
	for {
		got := [][]byte{m.call(0x0343), m.call(0x0344), m.call(0x0342)}
		want := [][]byte{
			append(append([]byte{16, 0}, md[:]...), 1), append(append([]byte{32, 0}, sha[:]...), 1),
			append(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(m.file)), 1),
		}
		right := slices.EqualFunc(got, want, bytes.Equal)
		if m.finish != 3 {
			m.say(id, 0, flag(right || m.finish == 1))
			return
		}
		if got[0] == nil {
			return
		}
	}
}

func flag(ok bool) byte {
	if ok {
		return 1
	}
	return 0
}
