package session

import (
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

// Trace returns what keeps the newest frames of the connection, secrets masked. It goes
// on over reconnects and other devices; Clear empties it.
func (s *Session) Trace() *trace.Recorder { return s.trace }

// tracerOf returns the tracer of a link: it records every frame and the changes of the
// rate, each before the first frame at it, and shows the frame to who else looks.
func (s *Session) tracerOf(l *link.Link) rpc.Tracer {
	baud := l.Baud()
	s.trace.Mark(trace.Connected, baud)
	return func(ev *rpc.Event) {
		if now := l.Baud(); now != baud {
			baud = now
			s.trace.Mark(trace.Rate, baud)
		}
		s.trace.Trace(ev)
		if t := s.tracer.Load(); t != nil {
			(*t)(ev)
		}
	}
}
