package bridge

import "time"

// writer and reader are the form of what crosses: numbers of seven bits per byte, low
// ones first, and texts with their length before them.
type writer struct{ b []byte }

func (w *writer) numbers(list ...uint64) {
	for _, n := range list {
		for n >= 0x80 {
			w.b = append(w.b, byte(n)|0x80)
			n >>= 7
		}
		w.b = append(w.b, byte(n))
	}
}

// text adds at most most bytes of s.
func (w *writer) text(s string, most int) {
	if len(s) > most {
		s = s[:most]
	}
	w.numbers(uint64(len(s)))
	w.b = append(w.b, s...)
}

func flag(on bool) uint64 {
	if on {
		return 1
	}
	return 0
}

// reader takes apart what a writer made. After the first mistake all that it returns
// is zero and bad is set.
type reader struct {
	b   []byte
	bad bool
}

// number returns the next number, which must be at most most.
func (r *reader) number(most uint64) uint64 {
	var n uint64
	for i := 0; i < len(r.b) && i < 10; i++ {
		c := r.b[i]
		n |= uint64(c&0x7F) << (7 * i)
		if c < 0x80 {
			r.b = r.b[i+1:]
			if n > most {
				break
			}
			return n
		}
	}
	r.bad, r.b = true, nil
	return 0
}

func (r *reader) duration() time.Duration { return time.Duration(r.number(1 << 62)) }

// text returns the next text, of at most most bytes.
func (r *reader) text(most int) string {
	n := int(r.number(uint64(most)))
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
