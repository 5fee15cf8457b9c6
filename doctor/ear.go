package doctor

import (
	"bytes"
	"math/bits"
)

// ear keeps what was heard at one rate. Its size is bounded whatever comes.
type ear struct {
	Rate
	framed int // bytes in good frames, about
	run    int // of text, at the end of what came

	unasked, foreign, asksUs, echoes int
	marks                            [numMarks]int
	bits                             bitErrors

	tail   []byte // the last bytes, for marks that lie across chunks
	sample []byte // the first bytes, or those of the first text
	text   bool   // sample holds a text
	recent []byte // the latest bytes: what an answer is looked for in
}

const (
	maxTail   = 64 // longer than any mark
	maxRecent = 512
)

// hear takes bytes of the line.
func (e *ear) hear(p []byte) {
	e.Bytes += len(p)
	for _, b := range p {
		if !printable(b) {
			e.run = 0
			continue
		}
		e.Text++
		if e.run++; e.run > e.Run {
			e.Run = e.run
		}
	}
	for len(p) > 0 {
		n := min(len(p), maxRecent)
		e.take(p[:n])
		p = p[n:]
	}
}

// take takes at most maxRecent bytes.
func (e *ear) take(p []byte) {
	e.recent = last(append(e.recent, p...), maxRecent)
	add := p
	if !e.text && e.Run >= 12 && len(e.sample) > 0 {
		e.sample, e.text = e.sample[:0], true // text says more than what came before it
		add = e.recent
	}
	if room := MaxSample - len(e.sample); room > 0 {
		e.sample = append(e.sample, add[:min(room, len(add))]...)
	}
	seen := len(e.tail)
	e.tail = append(e.tail, p...)
	for m, texts := range marks {
		for _, t := range texts {
			// Marks that end in the new bytes: those before were counted.
			from := max(0, seen-len(t)+1)
			e.marks[m] += bytes.Count(e.tail[from:], t)
		}
	}
	e.bits.search(e.tail, seen)
	e.tail = last(e.tail, maxTail)
}

// last keeps the last n bytes of p, in its memory.
func last(p []byte, n int) []byte {
	if len(p) <= n {
		return p
	}
	return p[:copy(p, p[len(p)-n:])]
}

// printable tells whether b can be part of a log.
func printable(b byte) bool {
	return b >= 0x20 && b < 0x7F || b == '\r' || b == '\n' || b == '\t' || b == 0x1B
}

// mark is something that a boot log says.
type mark uint8

const (
	markROM mark = iota
	markNCP
	markDownload
	markBrownout
	markNoImage
	numMarks
)

// marks are texts of boot logs, those of the ROMs of the ESP8266 and ESP32 families
// among them (facts of the serial bootloader, section 18, and of the protocol sheet).
var marks = [numMarks][][]byte{
	markROM:      {[]byte("rst:0x"), []byte("rst cause:")},
	markNCP:      {[]byte("Blynk.NCP started")},
	markDownload: {[]byte("waiting for download"), []byte("boot mode:(1,")},
	markBrownout: {[]byte("Brownout detector"), []byte("BROWN_OUT"), []byte("BROWNOUT_RST")},
	markNoImage:  {[]byte("invalid header: 0x"), []byte("flash read err"), []byte("No bootable app")},
}

// bitErrors count the bits that arrived wrong, where it is known what was sent.
type bitErrors struct {
	hits       int // texts and answers that were nearly right
	lost, more int // ones that arrived as zero, zeros that arrived as one
}

// compare counts the bits in which got differs from want, if it is nearly that.
func (c *bitErrors) compare(got, want []byte) {
	if len(got) != len(want) {
		return
	}
	wrong, lost, more := 0, 0, 0
	for i, w := range want {
		diff := got[i] ^ w
		if diff == 0 {
			continue
		}
		wrong++
		if bits.OnesCount8(diff) > 2 {
			return
		}
		lost += bits.OnesCount8(diff & w)
		more += bits.OnesCount8(diff &^ w)
	}
	if wrong == 0 || 2*wrong > len(want) {
		return
	}
	c.hits++
	c.lost += lost
	c.more += more
}

// known are long texts of boot logs that are found also with wrong bits in them.
var known = [][]byte{
	[]byte("Blynk.NCP started\r\nVersion: "),
	[]byte("(SPI_FAST_FLASH_BOOT)\r\n"),
	[]byte("waiting for download\r\n"),
}

// search looks for known texts that end in the bytes of p from seen on.
func (c *bitErrors) search(p []byte, seen int) {
	for _, t := range known {
		for end := max(seen+1, len(t)); end <= len(p); end++ {
			if got := p[end-len(t) : end]; near(got, t) {
				c.compare(got, t)
			}
		}
	}
}

// near tells whether most bytes are right, a quick look before compare.
func near(got, want []byte) bool {
	wrong, most := 0, len(want)/3
	for i := range want {
		if got[i] != want[i] {
			if wrong++; wrong > most {
				return false
			}
		}
	}
	return wrong > 0
}

// line returns a line of text out of a sample that is worth quoting: the first one that
// holds one of the marks, else the longest.
func textLine(sample []byte, of ...mark) string {
	var best []byte
	for _, l := range bytes.FieldsFunc(sample, func(r rune) bool { return r == '\r' || r == '\n' }) {
		for _, m := range of {
			for _, t := range marks[m] {
				if bytes.Contains(l, t) {
					return clip(l)
				}
			}
		}
		if len(l) > len(best) && mostly(l) {
			best = l
		}
	}
	return clip(best)
}

// mostly tells whether l is text but for a byte or two.
func mostly(l []byte) bool {
	n := 0
	for _, b := range l {
		if printable(b) {
			n++
		}
	}
	return 10*n >= 9*len(l)
}

// clip is at most maxText bytes as text.
func clip(p []byte) string { return string(p[:min(len(p), maxText)]) }

// maxText is how much text an Evidence holds.
const maxText = 120
