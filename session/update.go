package session

import "ncpweb/ncp/rpc"

// ServeUpdates lets h answer the NCP's calls of firmware updates, otaUpdateAvailable to
// otaUpdateCancel, from now on; nil: updates are refused, as at the beginning. h must
// answer within rpc.Hold: no other call is made meanwhile. What it calls itself before it
// answers goes through Invoke with the context that it gets, or one made of it.
func (s *Session) ServeUpdates(h rpc.Handler) {
	if h == nil {
		s.updates.Store(nil)
		return
	}
	s.updates.Store(&h)
}

// updater returns who answers calls of firmware updates; nil: nobody does.
func (s *Session) updater() rpc.Handler {
	if h := s.updates.Load(); h != nil {
		return *h
	}
	return nil
}
