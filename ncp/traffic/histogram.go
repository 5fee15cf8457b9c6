package traffic

import (
	"math/bits"
	"time"
)

// histogram counts durations in steps that are at most 1/16 of their value wide, from a
// microsecond on; what is above an hour or so counts as that. It takes 2 KiB.
type histogram struct {
	count [fine * 32]uint32
	all   uint32
}

const fine = 16 // steps from a power of two to the next one

func (h *histogram) add(d time.Duration) {
	h.count[step(d)]++
	h.all++
}

// step returns in which step d is.
func step(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 0))
	if us < fine {
		return int(us)
	}
	power := bits.Len64(us) - 5 // 0 for 16 to 31
	return min((power+1)*fine+int(us>>power)-fine, fine*32-1)
}

// middle returns the duration in the middle of a step.
func middle(i int) time.Duration {
	if i < fine {
		return time.Duration(i) * time.Microsecond
	}
	power := i/fine - 1
	low := uint64(i%fine+fine) << power
	return time.Duration(low)*time.Microsecond + time.Duration(uint64(1)<<power-1)*time.Microsecond/2
}

// quantile returns the duration below which that share of all lies; 0 without any.
func (h *histogram) quantile(share float64) time.Duration {
	want := uint32(share * float64(h.all))
	seen := uint32(0)
	for i, n := range h.count {
		if seen += n; n > 0 && seen > want {
			return middle(i)
		}
	}
	return 0
}
