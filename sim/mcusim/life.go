package mcusim

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"ncpweb/sim"
)

// Times and rates of the driver's bring-up (protocol sheet).
var (
	pingTimeout = 100 * time.Millisecond
	rates       = []int{38400, 115200, 9600, 19200, 28800, 57600, 76800, 230400, 460800, 921600, 2000000}
)

const (
	callTimeout     = time.Second
	initTimeout     = 5 * time.Second
	prefetchTimeout = 30 * time.Second
	switchPause     = 20 * time.Millisecond
	retryPause      = time.Second // after a bring-up that failed
	lostAfter       = 3           // unanswered pings: bring up again
)

// run lives until ctx ends.
func (l *life) run(ctx context.Context) error {
	for {
		err := l.live(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errReset):
		default:
			return err
		}
	}
}

// live is one life of the firmware, from reset to reset.
func (l *life) live(ctx context.Context) error {
	m := l.m
	m.mu.Lock()
	m.reset, m.up, m.update = false, false, nil
	m.stats.Boots++
	m.mu.Unlock()
	select {
	case <-m.wake:
	default:
	}
	l.in, l.id = nil, 0
	l.dec = newDecoder(m.o.Buffer)
	if r, ok := l.u.(sim.Resetter); ok {
		if err := r.Reset(); err != nil {
			return err
		}
	}
	m.bootloader()
	if err := l.pause(ctx, m.o.Boot); err != nil {
		return err
	}
	if m.o.Broken == NeverBack && m.Stats().Updates > 0 {
		for {
			if err := l.pause(ctx, time.Hour); err != nil {
				return err
			}
		}
	}
	for {
		if err := l.bringUp(ctx); err != nil {
			return err
		}
		if !m.Up() { // something was not answered: all of it once more
			if err := l.pause(ctx, retryPause); err != nil {
				return err
			}
			continue
		}
		if err := l.work(ctx); err != nil {
			return err
		}
	}
}

// bringUp finds the NCP and tells it what this is.
func (l *life) bringUp(ctx context.Context) error {
	m := l.m
	m.mu.Lock()
	m.up = false
	m.mu.Unlock()
	if err := l.find(ctx); err != nil {
		return err
	}
	le := binary.LittleEndian
	if m.o.Target > 0 {
		ok, err := l.yes(ctx, uidSetBaud, callTimeout, le.AppendUint32(nil, uint32(m.o.Target)))
		if ok {
			if err := l.setBaud(m.o.Target); err != nil {
				return err
			}
			if err := l.pause(ctx, switchPause); err != nil {
				return err
			}
			if _, err := l.invoke(ctx, uidPing, pingTimeout, nil); err != nil && !errors.Is(err, errSilent) {
				return err
			}
		} else if err != nil && !errors.Is(err, errSilent) {
			return err
		}
	}
	if _, err := l.invoke(ctx, uidVersion, callTimeout, nil); err != nil && !errors.Is(err, errSilent) {
		return err
	}
	m.mu.Lock()
	fwType, version, build, blynk := tagOf(m.slots[m.active])
	m.tested = false // it has come so far: the boot loader keeps it
	m.mu.Unlock()
	ok, err := l.yes(ctx, uidFirmware, callTimeout, text(fwType, version, build, blynk))
	if err == nil && ok && !m.o.NoInitially {
		_, err = l.yes(ctx, uidInitialize, initTimeout, text(m.o.Template, m.o.Name))
	}
	if err != nil && !errors.Is(err, errSilent) {
		return err
	}
	m.mu.Lock()
	m.up = err == nil
	m.stats.BringUps++
	m.mu.Unlock()
	return nil
}

// find pings at every rate until the NCP answers.
func (l *life) find(ctx context.Context) error {
	order := append([]int{l.m.o.Baud}, rates...)
	if l.m.o.Target > 0 {
		order = append(order, l.m.o.Target)
	}
	for {
		for _, baud := range order {
			if err := l.setBaud(baud); err != nil {
				return err
			}
			for range 2 { // the first one may end a frame that the NCP has half of
				_, err := l.invoke(ctx, uidPing, pingTimeout, nil)
				if err == nil {
					return nil
				}
				if !errors.Is(err, errSilent) {
					return err
				}
			}
		}
		if err := l.pause(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

// work is the main loop. It returns nil when the NCP has to be brought up again.
func (l *life) work(ctx context.Context) error {
	m := l.m
	missed, count := 0, 0
	ping, value := time.Now().Add(m.o.PingEvery), time.Now().Add(m.o.Values)
	for missed < lostAfter {
		now := time.Now()
		due := m.o.Values > 0 && !now.Before(value)
		if due {
			value = now.Add(m.o.Values)
		}
		if due && !l.updating() {
			count++
			item := []byte(strconv.Itoa(count))
			le := binary.LittleEndian
			if err := l.notify(uidWrite, append(le.AppendUint16(le.AppendUint16(nil, 0), uint16(len(item))), item...)); err != nil {
				return err
			}
		}
		if !now.Before(ping) {
			ping = now.Add(m.o.PingEvery)
			_, err := l.invoke(ctx, uidPing, pingTimeout, nil)
			switch {
			case err == nil:
				missed = 0
			case errors.Is(err, errSilent):
				missed++
				ping = now.Add(time.Second)
			default:
				return err
			}
		}
		until := ping
		if m.o.Values > 0 && value.Before(until) {
			until = value
		}
		p, err := l.next(ctx, until)
		switch {
		case errors.Is(err, errSilent):
			continue
		case err != nil:
			return err
		}
		missed = 0
		if err := l.handle(ctx, p); err != nil {
			return err
		}
		if l.restarted() {
			return nil
		}
	}
	return nil
}

// updating tells whether chunks are expected.
func (l *life) updating() bool {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	return l.m.update != nil
}

// restarted tells whether the NCP said that it is not initialized (any more).
func (l *life) restarted() bool {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	again := l.m.up && l.m.state == 10 && !l.m.o.NoInitially
	l.m.state = 0
	return again
}

// handle answers one message of the NCP. An unknown method is not answered at all.
func (l *life) handle(ctx context.Context, p []byte) error {
	le := binary.LittleEndian
	if len(p) < 4 {
		return nil
	}
	op, uid := le.Uint16(p), le.Uint16(p[2:])
	a := &args{b: p[4:]}
	if op == opOneway {
		l.told(uid, a)
		return nil
	}
	if op != opInvoke || len(p) < 6 {
		return nil
	}
	id := a.u16()
	l.m.mu.Lock()
	l.m.stats.Calls++
	l.m.mu.Unlock()
	switch uid {
	case uidMCUPing:
		return l.reply(id, statusOK)
	case uidMCUReboot:
		if err := l.reply(id, statusOK, 1); err != nil {
			return err
		}
		return errReset
	case uidMCUHasUID:
		uid := a.u16()
		if !a.clean() {
			return l.reply(id, statusArgsRead)
		}
		return l.reply(id, statusOK, flag(knows(uid)))
	case uidAvailable, uidChunk, uidFinish, uidCancel:
		return l.updateCall(ctx, uid, id, a)
	}
	return nil
}

// told takes a ONEWAY.
func (l *life) told(uid uint16, a *args) {
	m := l.m
	m.mu.Lock()
	defer m.mu.Unlock()
	switch uid {
	case uidPinChange:
		pin, value := a.u16(), a.bin()
		if a.clean() {
			m.pins[pin] = string(value)
		}
	case uidStateChange:
		if s := a.u8(); a.clean() {
			m.state = s
		}
	case uidEvent:
	}
}

func knows(uid uint16) bool {
	switch uid {
	case uidMCUPing, uidMCUReboot, uidMCUHasUID, uidPinChange, uidStateChange, uidEvent, uidAvailable, uidChunk, uidFinish, uidCancel:
		return true
	}
	return false
}

func flag(ok bool) byte {
	if ok {
		return 1
	}
	return 0
}
