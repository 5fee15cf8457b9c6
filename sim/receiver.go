package sim

import (
	"math/bits"
	"time"

	"ncpweb/serial"
)

// tolerance is the rate error, in thousandths, below which a character is always
// sampled right: at 3 % the last bit of the longest character, 11.5 bit times after
// the start edge, is off by a third of a bit.
const tolerance = 30

// receiver is the receiving half of a UART. It waits for a falling edge and
// samples each bit in its middle, by its own clock. Sender and receiver that agree
// need no sampling; where they do not, what comes out is what a real one makes of
// the same waveform.
type receiver struct {
	line      *line
	mode      serial.Mode
	before    serial.Mode // mode until changedAt
	changedAt time.Duration

	fed  time.Duration // the line was looked at until here
	low  bool          // its level there
	busy bool          // inside a character
	cur  serial.Mode   // which began with this mode
	t0   time.Duration // at this edge
	k    int           // and has had k samples
	word uint16        // of these levels
	last time.Duration // when the last character was complete
}

// setMode changes the receiver's clock and framing. A character that has begun is
// finished with the old ones.
func (r *receiver) setMode(m serial.Mode, now time.Duration) {
	r.before, r.mode, r.changedAt = r.mode, m, now
}

// modeAt is the mode a character is sampled with that starts at t.
func (r *receiver) modeAt(t time.Duration) serial.Mode {
	if t < r.changedAt {
		return r.before
	}
	return r.mode
}

// char receives one sent character.
func (r *receiver) char(f flight, b byte) {
	r.idle(f.start)
	if !r.busy && !r.low && alike(f.mode, r.modeAt(f.start)) {
		r.fed = max(r.fed, f.end)
		r.deliver(f.end, b&dataMask(f.mode))
		return
	}
	word, n := waveform(f.mode, b)
	for i := range n {
		to := f.end
		if i < n-1 {
			to = f.start + time.Duration(int64(i+1)*int64(time.Second)/int64(f.mode.Baud))
		}
		r.feed(word>>i&1 == 0, to)
	}
}

// idle tells the receiver that the line was high until t.
func (r *receiver) idle(t time.Duration) {
	if !r.busy && !r.low {
		r.fed = max(r.fed, t)
		return
	}
	r.feed(false, t)
}

// feed tells the receiver the level of the line from where it last looked until t.
func (r *receiver) feed(low bool, t time.Duration) {
	if t <= r.fed {
		return
	}
	if low && !r.low && !r.busy {
		r.busy, r.t0, r.k, r.word = true, r.fed, 0, 0
		r.cur = r.modeAt(r.fed)
	}
	for r.busy && r.sampleTime(r.k) <= t {
		r.sample(low)
	}
	r.fed, r.low = t, low
}

// sampleTime is the middle of bit k of the present character.
func (r *receiver) sampleTime(k int) time.Duration {
	return r.t0 + time.Duration(int64(2*k+1)*int64(time.Second)/int64(2*r.cur.Baud))
}

// done is when the present character will be complete.
func (r *receiver) done() (time.Duration, bool) {
	if !r.busy {
		return 0, false
	}
	return r.sampleTime(firstStop(r.cur)), true
}

// sample takes one bit.
func (r *receiver) sample(low bool) {
	if !low {
		r.word |= 1 << r.k
	}
	r.k++
	switch {
	case r.k == 1 && !low: // a spike, not a start bit
		r.busy = false
	case r.k > firstStop(r.cur):
		r.busy = false
		r.complete(low)
	}
}

// complete hands the sampled character over. As real UARTs do it also does so
// with a wrong parity or without a stop bit, and a break is a zero.
func (r *receiver) complete(noStop bool) {
	st := &r.line.stats
	b := byte(r.word>>1) & dataMask(r.cur)
	if noStop {
		st.FramingErrors++
	}
	if r.cur.Parity != serial.ParityNone {
		bit := r.word >> (firstStop(r.cur) - 1) & 1
		if bit != parity(r.cur, b) {
			st.ParityErrors++
		}
	}
	r.deliver(r.sampleTime(firstStop(r.cur)), b)
}

// deliver keeps arrivals in order across a change of mode.
func (r *receiver) deliver(at time.Duration, b byte) {
	r.last = max(r.last, at)
	r.line.w.take(r.line.dir, r.last, b)
}

// alike tells whether a character sent with one mode is read right with the other
// for sure. Stop bits do not matter: a receiver looks at the first one only.
func alike(a, b serial.Mode) bool {
	if a.Parity != b.Parity || dataBits(a) != dataBits(b) {
		return false
	}
	d := int64(a.Baud) - int64(b.Baud)
	return max(d, -d)*1000 <= tolerance*int64(min(a.Baud, b.Baud))
}

// waveform returns the levels of a character, first bit lowest, and their count.
func waveform(m serial.Mode, b byte) (word uint16, n int) {
	b &= dataMask(m)
	word = uint16(b) << 1 // behind the start bit, which is low
	n = 1 + dataBits(m)
	if m.Parity != serial.ParityNone {
		word |= parity(m, b) << n
		n++
	}
	for range stopBits(m) {
		word |= 1 << n
		n++
	}
	return word, n
}

// parity is the parity bit of b.
func parity(m serial.Mode, b byte) uint16 {
	odd := uint16(bits.OnesCount8(b) & 1)
	if m.Parity == serial.ParityOdd {
		return odd ^ 1
	}
	return odd
}

// firstStop is the index of the first stop bit of a character, the last bit that a
// receiver looks at.
func firstStop(m serial.Mode) int {
	n := 1 + dataBits(m)
	if m.Parity != serial.ParityNone {
		n++
	}
	return n
}

func dataBits(m serial.Mode) int {
	if m.DataBits == 7 {
		return 7
	}
	return 8
}

func stopBits(m serial.Mode) int {
	if m.StopBits == 2 {
		return 2
	}
	return 1
}

func dataMask(m serial.Mode) byte { return 0xFF >> (8 - dataBits(m)) }

// validMode tells whether a UART can be set to m.
func validMode(m serial.Mode) bool {
	return m.Baud > 0 && m.Baud <= maxBaud &&
		(m.DataBits == 0 || m.DataBits == 7 || m.DataBits == 8) &&
		m.Parity <= serial.ParityOdd && m.StopBits <= 2
}

// maxBaud keeps a bit longer than the nanosecond that times are counted in.
const maxBaud = 100_000_000
