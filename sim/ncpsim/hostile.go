package ncpsim

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Hostile is a set of ways to misbehave.
type Hostile uint16

// Ways to misbehave. Those that send something do so in bursts, every
// Options.HostilePeriod.
const (
	HostileRandom  Hostile = 1 << iota // random bytes, delimiters among them
	HostileHuge                        // frames far beyond every buffer, with a right CRC
	HostileLengths                     // length prefixes that lie
	HostileEndless                     // a frame that never ends, and strings without NUL
	HostileMarkup                      // markup and control characters in all texts and pin values
	HostileTypes                       // results that are too short, too long or of another type
	HostileResults                     // RESULTs that nobody waits for, and each one many times
	HostileInvokes                     // calls without end, of known and unknown methods
	HostileSilence                     // no answer to anything
	HostileSlow                        // late answers
)

var hostileNames = []struct {
	name string
	h    Hostile
}{
	{"random", HostileRandom}, {"huge", HostileHuge}, {"lengths", HostileLengths}, {"endless", HostileEndless},
	{"markup", HostileMarkup}, {"types", HostileTypes}, {"results", HostileResults}, {"invokes", HostileInvokes},
	{"silence", HostileSilence}, {"slow", HostileSlow},
}

// nasty are texts that must come out as text. They go into names and values by chance.
var nasty = []string{
	`<img src=x onerror="document.title='owned'">`,
	`<script>document.title='owned'</script>`,
	`"><svg/onload=document.title='owned'>`,
	"\u202Egnp.exe\u202C \u2066\u200B",
	"\x1b[2J\x1b[31mred\x1b]0;owned\x07",
	"a\rb\nc\td\bz\x7f\x01",
	"\xff\xfe\xc3\x28 \xed\xa0\x80",
	`javascript:document.title='owned'`,
	`&lt;b&gt; &#60; %3Cb%3E ${7*7} {{7*7}}`,
	"=cmd|' /C calc'!A0",
}

// hostileText returns a text, or with HostileMarkup one that it must not be.
func (n *NCP) hostileText(s string) string {
	if n.o.Hostile&HostileMarkup == 0 {
		return s
	}
	return s + nasty[n.rand.IntN(len(nasty))]
}

// startHostile begins or ends the bursts.
func (n *NCP) startHostile() {
	const bursts = HostileRandom | HostileHuge | HostileLengths | HostileEndless | HostileResults | HostileInvokes
	n.cancel("hostile")
	if n.running && n.o.Hostile&bursts != 0 {
		n.after(n.o.HostilePeriod, "hostile", n.burst)
	}
}

// burst misbehaves once in each of the chosen ways. While the line is busy it does
// not, so that what waits to be sent stays little.
func (n *NCP) burst() {
	n.after(n.o.HostilePeriod, "hostile", n.burst)
	if len(n.out.frames) > 0 {
		return
	}
	for _, way := range []struct {
		h    Hostile
		make func() []byte
	}{
		{HostileRandom, n.randomBytes},
		{HostileHuge, n.hugeFrame},
		{HostileLengths, n.lyingLength},
		{HostileEndless, n.endless},
		{HostileResults, n.strayResults},
		{HostileInvokes, n.invokes},
	} {
		if n.o.Hostile&way.h != 0 {
			n.queueFrame(way.make())
		}
	}
}

func (n *NCP) randomBytes() []byte {
	b := make([]byte, 1+n.rand.IntN(200))
	specials := []byte{beg, end, esc, xon, xoff, 0}
	for i := range b {
		b[i] = byte(n.rand.Uint32())
		if n.rand.IntN(4) == 0 {
			b[i] = specials[n.rand.IntN(len(specials))]
		}
	}
	return b
}

// hugeFrame is a pin change of 5 to 15 kB.
func (n *NCP) hugeFrame() []byte {
	size := 5000 + n.rand.IntN(10000)
	arg := binary.LittleEndian.AppendUint16(nil, uint16(n.rand.Uint32()))
	arg = binary.LittleEndian.AppendUint16(arg, uint16(size))
	arg = append(arg, bytes.Repeat([]byte{'A'}, size)...)
	return appendFrame(nil, onewayMessage(uidVPinChange, arg))
}

// lyingLength is a pin change whose value says that it is longer, or shorter, than it
// is.
func (n *NCP) lyingLength() []byte {
	arg := binary.LittleEndian.AppendUint16(nil, 1)
	arg = binary.LittleEndian.AppendUint16(arg, uint16(n.rand.Uint32()))
	arg = append(arg, make([]byte, n.rand.IntN(20))...)
	return appendFrame(nil, onewayMessage(uidVPinChange, arg))
}

// endless is a piece of a frame, or of a line of text, that has no end.
func (n *NCP) endless() []byte {
	b := bytes.Repeat([]byte{'e'}, 500)
	if n.rand.IntN(10) == 0 {
		b[0] = beg
	}
	return b
}

func (n *NCP) strayResults() []byte {
	var b []byte
	for range 20 {
		b = appendFrame(b, resultMessage(uint16(n.rand.IntN(64)), uint8(n.rand.Uint32()), n.randomBytes()[:1]))
	}
	return b
}

func (n *NCP) invokes() []byte {
	uids := []uint16{uidMCUPing, uidMCUHasUID, uidMCUReboot, uidOTAAvailable, uidOTAWrite, uidOTAFinish, uidPing, 0xFFFF}
	var b []byte
	for range 20 {
		uid := uids[n.rand.IntN(len(uids))]
		b = appendFrame(b, invokeMessage(uid, uint16(n.rand.Uint32()), n.randomBytes()[:1]))
	}
	return b
}

// spoil returns the bytes that answer a call, and how late they leave. Those of a
// well-behaved NCP are one RESULT at once.
func (n *NCP) spoil(id uint16, status uint8, rets []byte) (out []byte, late time.Duration) {
	h := n.o.Hostile
	if h&HostileSilence != 0 {
		return nil, 0
	}
	if h&HostileSlow != 0 {
		late = n.o.Slow
	}
	if h&HostileTypes != 0 {
		rets = n.wrongType(rets)
	}
	if h&HostileEndless != 0 && n.rand.IntN(2) == 0 {
		rets = bytes.Repeat([]byte{'s'}, 1500)
	}
	copies := 1
	if h&HostileResults != 0 {
		copies = 20
	}
	for range copies {
		out = appendFrame(out, resultMessage(id, status, rets))
	}
	return out, late
}

func (n *NCP) wrongType(rets []byte) []byte {
	switch n.rand.IntN(4) {
	case 0:
		return nil
	case 1:
		return rets[:len(rets)/2]
	case 2:
		return append(bytes.Clone(rets), n.randomBytes()...)
	}
	return n.randomBytes()
}
