package ncpsim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// SelfOffer is an update that the cloud has for the MCU from the start. The NCP offers it
// some time after it has connected, to an MCU that was heard lately, and again at each
// connection until it was taken.
type SelfOffer struct {
	Size  int           // of the file, in bytes, 256 at least; 0: there is none
	After time.Duration // from connecting to the offer; 0: 2 s
	Fault UpdateFault   // what goes wrong in the middle
}

const (
	offerAfter   = 2 * time.Second
	offerSilence = livenessPause // of an MCU that is not there
	offerVersion = "2.0.0"
	offerFault   = 0.5 // share of the file
	minOffer     = 256
	maxOffer     = 16 << 20
)

// MadeUp makes an update of n bytes, 256 at least, that carries the tag of a firmware of
// that type and version.
func MadeUp(fwType, version string, n int) Update {
	u := Update{
		Name: "firmware-" + version + ".bin", Type: fwType, Version: version, Build: defaultBuild,
		Data: make([]byte, max(n, minOffer)),
	}
	r := rand.New(rand.NewPCG(uint64(n), 0x6F7461))
	for i := range u.Data {
		u.Data[i] = byte(r.Uint32())
	}
	tag := "blnkinf\x00mcu\x00" + version + "\x00fw-type\x00" + fwType + "\x00build\x00" + u.Build + "\x00blynk\x001.3.2\x00\x00"
	copy(u.Data[min(64, len(u.Data)-len(tag)):], tag)
	return u
}

// SetOffered sets what is told of the outcome of each update. f must not wait, nor call
// methods of the NCP.
func (n *NCP) SetOffered(f func(Outcome)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.offered = f
}

// planOffer offers what the cloud has, some time from now. The lock is held.
func (n *NCP) planOffer() {
	o := n.o.Offer
	if o.Size == 0 || n.taken {
		return
	}
	setDefault(&o.After, offerAfter)
	n.after(o.After, "offer", func() {
		switch {
		case n.state != StateConnected || n.spawn == nil:
			// It comes again with the next connection.
		case time.Since(n.lastHeard) >= offerSilence:
			n.planOffer() // nobody is there yet
		default:
			n.spawn(n.offerIt)
		}
	})
}

// offerIt makes the file for the product at hand, and offers it.
func (n *NCP) offerIt(ctx context.Context) {
	n.mu.Lock()
	o, fwType := n.o.Offer, n.set.Firmware.Type
	setDefault(&fwType, n.set.TemplateID)
	n.mu.Unlock()
	u := MadeUp(fwType, offerVersion, o.Size)
	u.Fault, u.At = o.Fault, offerFault
	out, _ := n.Offer(ctx, u) // the outcome has the error
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case out.End == EndDone:
		n.taken = true
	case out.End == EndSilent && out.Chunk == 0:
		n.planOffer() // it was not heard
	}
}

// String tells an outcome in a line.
func (o Outcome) String() string {
	var b strings.Builder
	b.WriteString(string(o.End) + ", " + strconv.FormatInt(o.Taken, 10) + " bytes taken in chunks of " + strconv.Itoa(o.Chunk))
	for _, c := range []struct {
		n    int
		text string
	}{{o.Resent, "sent again"}, {o.Refused, "refused"}, {o.Unanswered, "unanswered"}} {
		if c.n > 0 {
			fmt.Fprintf(&b, ", %d %s", c.n, c.text)
		}
	}
	if o.Prefetched {
		b.WriteString(", prefetched")
	}
	if o.Suspended > 0 {
		fmt.Fprintf(&b, ", suspended for %v", o.Suspended)
	}
	if len(o.Digests) > 0 {
		fmt.Fprintf(&b, ", digests asked for: %.200s", strings.Join(o.Digests, " "))
	}
	fmt.Fprintf(&b, ", after %v", o.Took.Round(time.Millisecond))
	if o.Err != nil {
		fmt.Fprintf(&b, ": %v", o.Err)
	}
	return b.String()
}

// offerFaults are the faults of an update by the names that ParseOptions takes.
var offerFaults = map[string]UpdateFault{
	"crc": UpdateWrongCRC, "digest": UpdateWrongDigest, "stops": UpdateStops,
	"restarts": UpdateRestarts, "cancel": UpdateCanceled,
}

func (o *Options) parseOffer(value string) error {
	digits, kilo := strings.CutSuffix(value, "K")
	n, err := strconv.Atoi(digits)
	if kilo && n <= maxOffer {
		n <<= 10
	}
	if err != nil || n < minOffer || n > maxOffer {
		return fmt.Errorf("not a size from %d to %d bytes", minOffer, maxOffer)
	}
	o.Offer.Size = n
	return nil
}

func (o *Options) parseOfferFault(value string) error {
	f, ok := offerFaults[value]
	if !ok {
		return fmt.Errorf("no such fault of an update")
	}
	o.Offer.Fault = f
	return nil
}
