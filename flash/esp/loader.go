package esp

import (
	"context"
	"errors"
	"os"
	"time"

	"ncpweb/flash"
	"ncpweb/serial"
	"ncpweb/slip"
)

const (
	// maxPacket is the longest packet that is taken: a block of READ_FLASH, whose
	// largest size is 4096 bytes, or a reply, which is much shorter.
	maxPacket = 4096 + 256
	// maxNoise is how many bytes that belong to no reply are read for one.
	maxNoise = 1 << 20
	// maxPrinted is how much of what a chip prints is kept to tell why it does not answer.
	maxPrinted = 4096

	writeSlack  = 10 * time.Second // beside twice the time on the wire: a browser may be busy for long
	signalLimit = 3 * time.Second  // of one call of SetSignals
	modeLimit   = 10 * time.Second // of one call of SetMode
)

// errSilent is the cause of CodeTimeout.
var errSilent = errors.New("no answer in time")

// errNoise is the cause of CodeGarbled.
var errNoise = errors.New("too much that means nothing")

// errStuck tells that the port does not take what it was given.
var errStuck = errors.New("the port does not take the data")

// past is a read deadline that ends a Read at once.
var past = time.Unix(1, 0)

// loader is the conversation with the boot loader in ROM or with the stub: one command
// at a time, never more than one frame without an answer.
type loader struct {
	port  serial.Port
	event func(flash.Event)
	log   func([]byte)

	chip  *Chip
	stub  bool         // the stub answers, not the ROM
	block int          // bytes of a block of FLASH_DATA: 0x400 ROM, 0x4000 stub, 0x800 over USB-OTG
	ram   int          // bytes of a block of MEM_DATA
	size  int64        // of the flash memory in bytes; 0: not known
	baud  int          // of the port; 0: not known
	dtr   serial.Level // as last set; Keep: not known

	decoder slip.Decoder
	in      []byte // read, but not decoded yet; part of buf
	buf     [4096]byte
	out     []byte     // the frame that is being written
	writing chan error // a Write that nobody waited for to end; nil: none
	printed []byte     // what came outside of frames since the last reset
	heard   int        // bytes that came since the last reset
}

func newLoader(port serial.Port, o Options) *loader {
	l := &loader{port: port, event: o.Event, log: o.Log, baud: o.Opened, block: romBlock, ram: ramBlock}
	l.decoder.Max = maxPacket
	if l.event == nil {
		l.event = func(flash.Event) {}
	}
	if l.log == nil {
		l.log = func([]byte) {}
	}
	return l
}

// note tells a remark about what is going on.
func (l *loader) note(p flash.Phase, text string) { l.event(flash.Event{Phase: p, Note: text}) }

// watch makes Reads end when ctx does, until release is called.
func (l *loader) watch(ctx context.Context) (release func()) {
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		l.port.SetReadDeadline(past)
		close(ended)
	})
	return func() {
		if !stop() {
			<-ended
		}
	}
}

// rest leaves the port as somebody else expects it: without a deadline.
func (l *loader) rest() { l.port.SetReadDeadline(time.Time{}) }

// fill reads what has come, at least one byte unless it returns early for no reason.
// There must be a watch on ctx.
func (l *loader) fill(ctx context.Context, until time.Time) error {
	if err := l.port.SetReadDeadline(until); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // only now: watch may have come before the deadline
		return err
	}
	n, err := l.port.Read(l.buf[:])
	l.in = l.buf[:n]
	l.heard += n
	switch {
	case n > 0 || err == nil:
		return nil
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case time.Now().Before(until): // the deadline of a watch before this one
		return nil
	}
	return errSilent
}

// next returns the next packet, which is valid until the one after it. Budget counts
// down what is read.
func (l *loader) next(ctx context.Context, until time.Time, budget *int) ([]byte, error) {
	for {
		for len(l.in) > 0 {
			packet, taken, noise := l.decoder.Decode(l.in)
			l.in = l.in[taken:]
			l.print(noise)
			if packet != nil {
				return packet, nil
			}
		}
		if *budget <= 0 {
			return nil, errNoise
		}
		if !time.Now().Before(until) {
			return nil, errSilent
		}
		if err := l.fill(ctx, until); err != nil {
			return nil, err
		}
		*budget -= max(1, len(l.in))
	}
}

// packet returns the next packet as it is, or an error of phase p after limit. It is
// valid until the next call.
func (l *loader) packet(ctx context.Context, limit time.Duration, p flash.Phase) ([]byte, error) {
	defer l.watch(ctx)()
	budget := maxNoise
	b, err := l.next(ctx, time.Now().Add(limit), &budget)
	if err != nil {
		return nil, l.fail("read packet", p, err)
	}
	return b, nil
}

// print keeps what the chip says outside of frames.
func (l *loader) print(text []byte) {
	if len(text) == 0 {
		return
	}
	l.log(text)
	if n := len(l.printed) + len(text) - maxPrinted; n > 0 {
		n = min(len(l.printed), n+maxPrinted/4)
		l.printed = append(l.printed[:0], l.printed[n:]...)
	}
	l.printed = append(l.printed, text[max(0, len(text)-maxPrinted):]...)
}

// pause waits, and takes what comes meanwhile as noise.
func (l *loader) pause(ctx context.Context, d time.Duration) error {
	defer l.watch(ctx)()
	l.print(l.in)
	l.in = nil
	until := time.Now().Add(d)
	for budget := maxNoise; budget > 0; budget -= max(1, len(l.in)) {
		if !time.Now().Before(until) {
			return ctx.Err()
		}
		if err := l.fill(ctx, until); err == errSilent {
			return ctx.Err()
		} else if err != nil {
			return err
		}
		l.print(l.in)
		l.in = nil
	}
	return sleep(ctx, time.Until(until))
}

// forget drops what is left of the conversation so far: the device starts anew.
func (l *loader) forget() {
	l.in, l.printed, l.heard = nil, l.printed[:0], 0
	l.decoder.Reset()
	l.stub = false
}

// send writes a frame, in one Write. It returns when the port has taken it, when that
// takes much longer than it should, or when ctx ends; the frame may be used again then.
func (l *loader) send(ctx context.Context, frame []byte) error {
	limit := writeSlack
	if l.baud > 0 {
		limit += 2 * serial.Mode{Baud: l.baud}.Wire(len(frame))
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	if l.writing != nil { // a Write of before that was given up
		select {
		case <-l.writing:
			l.writing = nil
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return errStuck
		}
	}
	l.out = append(l.out[:0], frame...)
	done := make(chan error, 1)
	go func(b []byte) {
		_, err := l.port.Write(b)
		done <- err
	}(l.out)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		l.abandon(done)
		return ctx.Err()
	case <-timer.C:
		l.abandon(done)
		return errStuck
	}
}

// abandon leaves a Write alone, with the bytes that it still reads.
func (l *loader) abandon(done chan error) { l.writing, l.out = done, nil }

// signals sets output lines. DTR is written once more after RTS: a driver of Windows
// for USB CDC sends a change of RTS only together with one of DTR.
func (l *loader) signals(ctx context.Context, s serial.Signals) error {
	ctx, cancel := context.WithTimeout(ctx, signalLimit)
	defer cancel()
	if s.DTR != serial.Keep {
		l.dtr = s.DTR
	}
	err := l.port.SetSignals(ctx, s)
	if err != nil || s.RTS == serial.Keep || l.dtr == serial.Keep {
		return err
	}
	return l.port.SetSignals(ctx, serial.Signals{DTR: l.dtr})
}

// sleep waits, unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
