package ncpsim

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cloud is the small cloud behind an NCP: it keeps what the device writes and changes
// pins as a person at a dashboard would. It outlives restarts of the device. Its
// methods are safe for concurrent use.
type Cloud struct {
	n *NCP // whose lock guards all

	online     bool
	pins       map[uint16]*PinValue
	properties map[uint16]map[string][]string
	events     []LoggedEvent
	metadata   map[string]string
	groups     []Group
	group      *Group // that is open
	changed    chan struct{}
	dash       dash
}

// PinValue is a virtual pin as the cloud knows it. Its Values must not be written to.
type PinValue struct {
	Pin        uint16
	Values     []string
	Time       time.Time // of the value; in a group that of the group
	FromDevice bool      // the device wrote it, not the dashboard
	Writes     uint64    // of the device
}

// LoggedEvent is an event that the device logged.
type LoggedEvent struct {
	Code, Description string
	Time              time.Time
	Resolved          bool
}

// Group is a set of values that belong together.
type Group struct {
	Time   time.Time // as the device gave it; the present for 0
	Writes []PinWrite
}

// PinWrite is one value of a group.
type PinWrite struct {
	Pin    uint16
	Values []string
}

// Bounds of what a device can make the cloud keep.
const (
	maxCloudPins     = 4096
	maxEvents        = 1000
	maxMetadata      = 256
	maxGroups        = 256
	maxGroupWrites   = 256
	maxPinProperties = 64
	maxPinValue      = 1528 // bytes: 1536 of a message less what blynkVPinChange adds
)

// Errors of Set.
var (
	ErrValue = errors.New("ncpsim: a value holds a NUL, or the values are too long together")
	ErrPins  = errors.New("ncpsim: too many pins")
)

func newCloud(n *NCP) *Cloud {
	return &Cloud{
		n:          n,
		pins:       make(map[uint16]*PinValue),
		properties: make(map[uint16]map[string][]string),
		metadata:   make(map[string]string),
		changed:    make(chan struct{}),
	}
}

// Online tells whether the device is connected.
func (c *Cloud) Online() bool {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	return c.online
}

// Set changes a pin as a dashboard does: the device hears of it if it is connected,
// and at the next sync otherwise.
func (c *Cloud) Set(pin uint16, values ...string) error {
	value := strings.Join(values, "\x00")
	if len(value) > maxPinValue || strings.Count(value, "\x00") != max(len(values)-1, 0) {
		return ErrValue
	}
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	return c.set(pin, values)
}

func (c *Cloud) set(pin uint16, values []string) error {
	p := c.pin(pin)
	if p == nil {
		return ErrPins
	}
	p.Values, p.Time, p.FromDevice = slices.Clone(values), time.Now(), false
	if c.online {
		c.tell(p)
	}
	return nil
}

// pin returns the record of a pin, a new one if there is room, or nil.
func (c *Cloud) pin(pin uint16) *PinValue {
	p := c.pins[pin]
	if p == nil && len(c.pins) < maxCloudPins {
		p = &PinValue{Pin: pin}
		c.pins[pin] = p
	}
	return p
}

// tell sends a pin to the device.
func (c *Cloud) tell(p *PinValue) {
	c.n.stats.PinChanges++
	c.n.send(uidVPinChange, p.Pin, []byte(c.n.hostileText(strings.Join(p.Values, "\x00"))))
}

// dial and hangUp are called when the device comes online and when it goes.
func (c *Cloud) dial() {
	c.online = true
	c.startDashboard()
}

func (c *Cloud) hangUp() {
	c.online = false
	c.endGroup()
	c.stopDashboard()
}

// Pin returns a pin.
func (c *Cloud) Pin(pin uint16) (PinValue, bool) {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	p := c.pins[pin]
	if p == nil {
		return PinValue{}, false
	}
	return *p, true
}

// WaitPin returns when the device has written just these values to a pin, or with
// ctx's error. A value that it wrote before counts.
func (c *Cloud) WaitPin(ctx context.Context, pin uint16, values ...string) error {
	for {
		c.n.mu.Lock()
		p, changed := c.pins[pin], c.changed
		done := p != nil && p.FromDevice && slices.Equal(p.Values, values)
		c.n.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Pins returns all pins by number.
func (c *Cloud) Pins() []PinValue {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	var all []PinValue
	for _, pin := range c.numbers() {
		all = append(all, *c.pins[pin])
	}
	return all
}

func (c *Cloud) numbers() []uint16 { return slices.Sorted(maps.Keys(c.pins)) }

// Properties returns the properties of a pin, each with its items.
func (c *Cloud) Properties(pin uint16) map[string][]string {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	return maps.Clone(c.properties[pin])
}

// Events returns the logged events, the oldest first.
func (c *Cloud) Events() []LoggedEvent {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	return slices.Clone(c.events)
}

// Metadata returns the metadata fields.
func (c *Cloud) Metadata() map[string]string {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	return maps.Clone(c.metadata)
}

// Groups returns the groups that have ended, the oldest first.
func (c *Cloud) Groups() []Group {
	c.n.mu.Lock()
	defer c.n.mu.Unlock()
	return slices.Clone(c.groups)
}

func (c *Cloud) endGroup() {
	if c.group == nil {
		return
	}
	c.groups = keepNewest(append(c.groups, *c.group), maxGroups)
	c.group = nil
}

func keepNewest[T any](s []T, n int) []T {
	if len(s) > n {
		return append([]T(nil), s[len(s)-n:]...)
	}
	return s
}

func (c *Cloud) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// The methods that go to the cloud. What comes while the device is offline is lost.

func (n *NCP) offline() bool {
	if !n.cloud.online {
		n.stats.Ignored++
	}
	return !n.cloud.online
}

func split(value []byte) []string { return strings.Split(string(value), "\x00") }

func (n *NCP) virtualWrite(a args) answer {
	c := n.cloud
	if n.offline() {
		return answer{}
	}
	p := c.pin(a.u16(0))
	if p == nil {
		return answer{}
	}
	n.stats.CloudWrites++
	p.Values, p.Time, p.FromDevice = split(a.bytes(1)), time.Now(), true
	p.Writes++
	if g := c.group; g != nil && len(g.Writes) < maxGroupWrites {
		p.Time = g.Time
		g.Writes = append(g.Writes, PinWrite{p.Pin, p.Values})
	}
	c.signal()
	return answer{}
}

func (n *NCP) setProperty(a args) answer {
	c := n.cloud
	if n.offline() {
		return answer{}
	}
	pin, name := a.u16(0), a.str(1)
	if c.pin(pin) == nil {
		return answer{}
	}
	ps := c.properties[pin]
	if ps == nil {
		ps = make(map[string][]string)
		c.properties[pin] = ps
	}
	if _, known := ps[name]; known || len(ps) < maxPinProperties {
		ps[name] = split(a.bytes(2))
	}
	c.signal()
	return answer{}
}

func (n *NCP) syncAll(args) answer {
	if n.offline() {
		return answer{}
	}
	for _, pin := range n.cloud.numbers() {
		n.syncPin(pin)
	}
	return answer{}
}

func (n *NCP) syncVirtual(a args) answer {
	if n.offline() {
		return answer{}
	}
	for _, s := range split(a.bytes(0)) {
		if pin, err := strconv.ParseUint(s, 10, 16); err == nil {
			n.syncPin(uint16(pin))
		}
	}
	return answer{}
}

// syncPin sends a pin if it has a value.
func (n *NCP) syncPin(pin uint16) {
	if p := n.cloud.pins[pin]; p != nil && p.Values != nil {
		n.cloud.tell(p)
	}
}

func (n *NCP) beginGroup(a args) answer {
	if n.offline() {
		return answer{}
	}
	n.cloud.endGroup()
	at := time.Now()
	if ms := a.i64(0); ms != 0 {
		at = time.UnixMilli(ms).UTC()
	}
	n.cloud.group = &Group{Time: at}
	return answer{}
}

func (n *NCP) endGroup(args) answer {
	n.cloud.endGroup()
	n.cloud.signal()
	return answer{}
}

func (n *NCP) logEvent(a args) answer {
	if n.offline() {
		return answer{}
	}
	c := n.cloud
	e := LoggedEvent{Code: a.str(0), Description: a.str(1), Time: time.Now()}
	c.events = keepNewest(append(c.events, e), maxEvents)
	c.signal()
	return answer{}
}

func (n *NCP) resolveEvent(a args) answer {
	if !n.offline() {
		n.cloud.resolve(a.str(0), 1)
	}
	return answer{}
}

func (n *NCP) resolveAllEvents(a args) answer {
	if !n.offline() {
		n.cloud.resolve(a.str(0), maxEvents)
	}
	return answer{}
}

// resolve resolves the newest open events of a code, up to count.
func (c *Cloud) resolve(code string, count int) {
	for i := len(c.events) - 1; i >= 0 && count > 0; i-- {
		if e := &c.events[i]; e.Code == code && !e.Resolved {
			e.Resolved = true
			count--
		}
	}
	c.signal()
}

func (n *NCP) setMetadata(a args) answer {
	if n.offline() {
		return answer{}
	}
	m := n.cloud.metadata
	if _, known := m[a.str(0)]; known || len(m) < maxMetadata {
		m[a.str(0)] = a.str(1)
	}
	n.cloud.signal()
	return answer{}
}
