package session

import (
	"context"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
)

// handler answers the NCP: we are its Primary MCU. It never calls the NCP itself: it
// notes, and tells the worker what to read.
type handler struct {
	link.Base
	s *Session
	c *conn
}

var _ ncp.MCUHandler = (*handler)(nil)

// BlynkVPinChange notes a pin that the cloud changed.
func (h *handler) BlynkVPinChange(_ context.Context, vpin uint16, param []byte) error {
	h.s.update(func() { h.s.pinValue(vpin, param, FromCloud) })
	return nil
}

// BlynkStateChange notes the NCP's state.
func (h *handler) BlynkStateChange(_ context.Context, state uint8) error {
	h.s.setState(ncp.State(state))
	switch ncp.State(state) {
	case ncp.StateNotInitialized:
		h.s.want(wantState | wantNetwork)
	case ncp.StateConnected:
		h.s.want(wantNetwork | wantClock | wantPlace)
	default:
		h.s.want(wantNetwork)
	}
	return nil
}

// ProcessEvent notes an event and reads what it changed.
func (h *handler) ProcessEvent(_ context.Context, event uint8) error {
	if ncp.EventCode(event) == ncp.EventRebooting {
		h.s.event(Event{Kind: EventLink, Text: "reboot"})
		return nil
	}
	h.s.event(Event{Kind: EventNCP, Value: event})
	switch ncp.EventCode(event) {
	case ncp.EventResetDone, ncp.EventProvisioned:
		h.s.want(wantState | wantNetwork)
	case ncp.EventTimeSync:
		if !h.s.noSetTime.Load() {
			h.s.want(wantSetTime)
		}
	case ncp.EventTimeChanged:
		h.s.want(wantClock | wantPlace)
	}
	return nil
}

// setState notes a state that the NCP told.
func (s *Session) setState(state ncp.State) {
	s.update(func() {
		if s.st.Device.StateKnown && s.st.Device.State == state {
			return
		}
		s.st.Device.State, s.st.Device.StateKnown = state, true
		s.timeline.add(Event{Time: time.Now(), Kind: EventState, Value: uint8(state)})
	})
}

// want tells the worker what to do; without an NCP that is up it does nothing.
func (s *Session) want(what wants) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil && s.conn.work != nil {
		s.conn.work.want(what)
	}
}
