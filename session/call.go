package session

import (
	"context"
	"errors"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
)

// callTries is how often a call that may be repeated is made when it is not answered:
// on a line with 1 % of the bytes wrong every third one gets lost.
const callTries = 5

// present returns the NCP that is up now, its link, and a context that ends when it
// goes down.
func (s *Session) present() (*ncp.NCP, *link.Link, context.Context, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.conn.up == nil {
		return nil, nil, nil, false
	}
	return s.conn.client, s.conn.link, s.conn.up, true
}

// once makes one call of op to the NCP that is up. It ends when the NCP goes down.
func (s *Session) once(ctx context.Context, op string, call func(context.Context, *ncp.NCP) error) error {
	return s.try(ctx, op, 1, call)
}

// again makes a call that may be repeated when it is not answered.
func (s *Session) again(ctx context.Context, op string, call func(context.Context, *ncp.NCP) error) error {
	return s.try(ctx, op, callTries, call)
}

func (s *Session) try(ctx context.Context, op string, tries int, call func(context.Context, *ncp.NCP) error) error {
	client, l, up, ok := s.present()
	if !ok {
		return problem(op, errNotReady)
	}
	return during(ctx, up, op, func(ctx context.Context) error {
		return repeat(ctx, tries, l, func() error { return call(ctx, client) })
	})
}

// during does work until ctx or the other context ends. An error tells of op and of
// what ended the work, if one of the two has.
func during(ctx, other context.Context, op string, work func(context.Context) error) error {
	both, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	defer stop()
	err := work(both)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return problem(op, ctx.Err())
	case both.Err() != nil:
		return problem(op, context.Cause(both))
	}
	return problem(op, err)
}

// repeat makes a call up to tries times while it is not answered. After each missed
// answer the heartbeat has a look at once.
func repeat(ctx context.Context, tries int, l *link.Link, call func() error) error {
	for i := 1; ; i++ {
		err := call()
		if err == nil || !errors.Is(err, rpc.ErrTimeout) {
			return err
		}
		l.Check()
		if i == tries || ctx.Err() != nil {
			return err
		}
	}
}

// yes turns an answer into an error when it is no.
func yes(op, method string, ok bool, err error) error {
	switch {
	case err != nil:
		return err
	case !ok:
		return failure(op, CodeRefused, method+": the NCP said no")
	}
	return nil
}

// lacks tells whether the NCP is known to have no such method.
func (s *Session) lacks(uid uint16) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.st.Device.Methods {
		if a.UID == uid {
			return a.Has == No
		}
	}
	return false
}

// need returns an error if the NCP is known to have no such method.
func (s *Session) need(op string, uid uint16) error {
	if !s.lacks(uid) {
		return nil
	}
	name := "?"
	if m, ok := ncp.Lookup(uid); ok {
		name = m.Name
	}
	return failure(op, CodeRefused, name+": this NCP has no such method")
}
