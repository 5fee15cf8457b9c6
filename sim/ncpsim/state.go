package ncpsim

import (
	"strings"
	"time"
)

// changeState goes to a state and tells nobody but those who wait for it.
func (n *NCP) changeState(s State) {
	if s == n.state {
		return
	}
	n.state = s
	n.note(Entry{Kind: "state", Value: int(s)})
	close(n.watch)
	n.watch = make(chan struct{})
}

// enter goes to a state and tells the MCU.
func (n *NCP) enter(s State) {
	if s == n.state {
		return
	}
	n.changeState(s)
	n.send(uidStateChange, uint8(s))
}

func (n *NCP) initialized() bool { return n.state != StateNotInitialized }

// settle goes where an initialized NCP goes by itself: online if it is provisioned,
// and idle otherwise.
func (n *NCP) settle() {
	n.cancel("link")
	n.cancel("configuration")
	n.cloud.hangUp()
	if !n.provisioned {
		n.enter(StateIdle)
		return
	}
	n.enter(StateConnectingNetwork)
	if n.online {
		n.after(n.o.Times.Network, "link", n.connectCloud)
	}
}

func (n *NCP) connectCloud() {
	n.enter(StateConnectingCloud)
	n.after(n.o.Times.Cloud, "link", n.connected)
}

func (n *NCP) connected() {
	n.enter(StateConnected)
	n.cloud.dial()
	if !n.clock.known {
		n.send(uidEvent, EventTimeWanted)
		n.clock.set(time.Now())
	}
	n.place = true
	n.send(uidEvent, EventPlaceOrTime)
	n.planOffer()
}

// SetOnline takes the network away or gives it back.
func (n *NCP) SetOnline(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if on == n.online {
		return
	}
	n.online = on
	switch n.state {
	case StateConnectingNetwork, StateConnectingCloud, StateConnected:
		n.settle()
	}
}

// SetState forces a state, such as StateError or StateUpgrade, and tells the MCU.
func (n *NCP) SetState(s State) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cancel("link")
	n.enter(s)
}

// Provision does what a phone does in configuration mode: it gives network and cloud
// credentials. It tells whether the NCP was in that mode.
func (n *NCP) Provision() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.state != StateConfiguration {
		return false
	}
	n.provisioned = true
	n.send(uidEvent, EventProvisioned)
	n.settle()
	return true
}

// Crash restarts the NCP without a word.
func (n *NCP) Crash() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.note(Entry{Kind: "crash"})
	n.out = queue{}
	n.restart = true
	n.poke()
}

// Reboot restarts the NCP as a command of its cloud does: the MCU is told before.
func (n *NCP) Reboot() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.restartSoon()
}

func (n *NCP) restartSoon() {
	n.send(uidEvent, EventRebooting)
	n.after(n.o.Times.Restart, "restart", func() { n.restart = true })
}

// Click presses the user button once, shortly. Like the other presses it is without
// effect, and returns false, until initUserButton has told of a button.
func (n *NCP) Click() bool { return n.press(EventClick) }

// DoubleClick presses the user button twice.
func (n *NCP) DoubleClick() bool { return n.press(EventDoubleClick) }

func (n *NCP) press(code uint8) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.set.Button == nil {
		return false
	}
	n.send(uidEvent, code)
	return true
}

// Times of a held button (protocol sheet, "Bringing an NCP up"; that of a long press
// is ours).
const (
	longPress   = time.Second
	resetStart  = 10 * time.Second
	resetCancel = 15 * time.Second
)

// Hold holds the user button for d: a long press; from 10 s on letting go clears the
// configuration, and from 15 s on it does not any more.
func (n *NCP) Hold(d time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.set.Button == nil {
		return false
	}
	if d < longPress {
		n.after(d, "button release", func() { n.send(uidEvent, EventClick) })
		return true
	}
	event := func(at time.Duration, code uint8, name string) {
		if d >= at {
			n.after(at, name, func() { n.send(uidEvent, code) })
		}
	}
	event(longPress, EventLongPress, "button long")
	event(resetStart, EventResetStart, "button reset")
	event(resetCancel, EventResetCancel, "button cancel")
	n.after(d, "button release", func() {
		n.send(uidEvent, EventLongRelease)
		if d >= resetStart && d < resetCancel {
			n.send(uidEvent, EventResetDone)
			n.forget()
		}
	})
	return true
}

// forget erases the credentials.
func (n *NCP) forget() {
	n.provisioned = false
	if n.initialized() {
		n.settle()
	}
}

// The methods of the state machine.

func yes(ok bool) answer { return answer{rets: []any{ok}} }

func (n *NCP) initialize(a args) answer {
	id, name := a.str(0), a.str(1)
	ok := strings.HasPrefix(id, "TMPL") && len(id) > len("TMPL") && name != ""
	ans := yes(ok)
	ans.delay = n.o.Times.Initialize
	if !ok {
		return ans
	}
	same := id == n.set.TemplateID && name == n.set.TemplateName
	n.set.TemplateID, n.set.TemplateName = id, name
	if !n.initialized() || !same {
		n.settle()
	}
	return ans
}

func (n *NCP) getState(args) answer { return answer{rets: []any{uint8(n.state)}} }

func (n *NCP) isConfigured(args) answer { return yes(n.provisioned) }

func (n *NCP) configStart(args) answer {
	if !n.initialized() {
		return yes(false)
	}
	n.cancel("link")
	n.cloud.hangUp()
	n.enter(StateConfiguration)
	n.after(time.Duration(n.set.ConfigTimeout)*time.Second, "configuration", n.settle)
	return yes(true)
}

func (n *NCP) configStop(args) answer {
	if n.state != StateConfiguration {
		return yes(false)
	}
	n.settle()
	return yes(true)
}

func (n *NCP) configReset(args) answer {
	n.forget()
	return yes(true)
}

func (n *NCP) setConfigTimeout(a args) answer {
	s := a.u16(0)
	ok := s >= minConfig && s <= maxConfig
	if ok {
		n.set.ConfigTimeout = s
	}
	return yes(ok)
}

func (n *NCP) setConfigSkipLimit(a args) answer {
	c := a.u8(0)
	ok := c == 0 || c >= minConfigSkips && c <= maxConfigSkips
	if ok {
		n.set.ConfigSkipLimit = c
	}
	return yes(ok)
}

func (n *NCP) reboot(args) answer {
	n.restartSoon()
	return yes(true)
}

func (n *NCP) factoryReset(args) answer {
	n.provisioned = false
	n.cloud.hangUp()
	n.restartSoon()
	return yes(true)
}
