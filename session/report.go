package session

import (
	"strconv"
	"time"

	"ncpweb/ncp/link"
)

// enter changes the phase.
func (s *Session) enter(p Phase) {
	s.update(func() {
		s.st.Phase = p
		if p == PhaseOpening || p == PhaseSearching {
			s.st.Problem = nil
		}
	})
}

// failed shows a problem of the connection.
func (s *Session) failed(p Problem, lost bool) {
	s.update(func() {
		s.st.Phase = PhaseFailed
		if lost {
			s.st.Phase = PhaseUnplugged
			s.log.note(time.Now(), "unplugged")
			s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "unplugged"})
		}
		s.st.Notice = ""
		s.st.Problem = &p
	})
}

// finish is the end of a connection.
func (s *Session) finish(c *conn) {
	s.update(func() {
		s.conn = nil
		if !c.keep {
			s.st.Applied = nil
		}
		s.st.Phase = PhaseIdle
		s.st.Problem = nil
		s.st.Notice = ""
		s.st.Baud = 0
		s.st.Terminal = 0
		s.log.note(time.Now(), "disconnected")
	})
}

// linkReport shows what the link does.
func (s *Session) linkReport(r link.Report) {
	rate := strconv.Itoa(r.Rate)
	s.update(func() {
		s.st.Baud = r.Baud
		s.st.Notice = r.Kind.String() + " " + rate
		if r.Kind == link.Raising && s.st.Phase != PhaseReady {
			s.st.Phase = PhaseRaising
		}
		if text := reportNote(r); text != "" {
			s.log.note(time.Now(), text)
		}
		if r.Kind == link.Proven || r.Kind == link.Bad || r.Kind == link.Refused {
			s.timeline.add(Event{Time: time.Now(), Kind: EventLink, Text: "rate",
				Detail: r.Kind.String() + " " + rate})
		}
	})
}

// reportNote is the remark in the log about what the link does; empty for what is not
// worth one.
func reportNote(r link.Report) string {
	rate := strconv.Itoa(r.Rate)
	switch r.Kind {
	case link.Found:
		return "found at " + rate + " baud"
	case link.Booting:
		return "boot log heard, waiting for the NCP"
	case link.Raising:
		return "changing to " + rate + " baud"
	case link.Proven:
		return rate + " baud proven"
	case link.Refused:
		return "the NCP does not take " + rate + " baud"
	case link.Bad:
		return rate + " baud does not carry"
	case link.Noisy:
		return "the line has errors at " + rate + " baud, the rate stays"
	case link.TalkDown:
		return "nothing comes back at " + rate + " baud, asking for the old rate"
	case link.Resetting:
		return "reset pulse"
	case link.WaitReboot:
		return "waiting until the NCP restarts by itself, up to a minute"
	}
	return ""
}

// linkNoise logs raw text.
func (s *Session) linkNoise(p []byte) {
	now := time.Now()
	s.update(func() {
		s.log.write(now, p)
		if boot := s.log.bootLine(); boot != "" {
			s.st.Device.Boot = boot
		}
	})
}

// linkPing notes a heartbeat.
func (s *Session) linkPing(rtt time.Duration) {
	s.update(func() {
		s.pings++
		if rtt == 0 {
			s.missed++
			return
		}
		s.rtt.add(rtt)
		if s.conn != nil && s.conn.work != nil {
			s.conn.work.want(wantState)
		}
	})
}
