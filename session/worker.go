package session

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/link"
	"ncpweb/ncp/rpc"
)

// wants are things the worker has to do.
type wants uint32

const (
	wantReapply wants = 1 << iota // the NCP has restarted: apply what was applied
	wantSetTime                   // the NCP asked for the time
	wantState
	wantNetwork // MAC addresses, hotspot, configured or not
	wantClock
	wantPlace
	wantPings  // some round trips for the link quality
	wantSurvey // ask for one method after the other
)

const (
	// stateEvery is how often the NCP's state is read: after a crash it says nothing
	// (protocol sheet).
	stateEvery = 15 * time.Second
	// reapplyPause is the least time between two attempts to apply again.
	reapplyPause = 3 * time.Second
	// surveyPause leaves the line to others between two questions of the survey.
	surveyPause = 5 * time.Millisecond
	// surveyTimeout and surveyMisses: a very old NCP has no hasUID and stays silent.
	surveyTimeout = 300 * time.Millisecond
	surveyMisses  = 3
	// firstPings is how many round trips are measured once the NCP is up.
	firstPings = 5
)

// worker reads what the NCP tells about itself, in the background, while it is up.
// It makes one call at a time, so that those of a person come in between.
type worker struct {
	c      *conn
	s      *Session
	client *ncp.NCP
	link   *link.Link
	todo   atomic.Uint32
	wake   chan struct{} // capacity one
	down   context.Context

	pings     int // left to measure
	surveyed  int // methods asked so far
	misses    int // questions of the survey in a row that were not answered
	reapplied time.Time
	refusals  int         // attempts to apply again that failed in a row
	restarted atomic.Bool // it is known why the NCP is not initialized: no crash
}

func newWorker(c *conn, down context.Context) *worker {
	return &worker{c: c, s: c.s, client: c.client, link: c.link, wake: make(chan struct{}, 1), down: down}
}

// want adds to what is to be done.
func (w *worker) want(what wants) {
	w.todo.Or(uint32(what))
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// first does what has to be known before the NCP counts as ready.
func (w *worker) first(ctx context.Context, why link.Cause) {
	// After the port was opened the device may have been without power, or flashed.
	w.restarted.Store(why == link.CauseReboot || why == link.CauseStart)
	if why == link.CauseStart {
		w.identify(ctx)
	}
	_ = w.readState(ctx)
	w.pings = firstPings
	w.want(wantNetwork | wantClock | wantPlace | wantPings | wantSurvey)
}

// identify notices another device of the same kind on an adapter of the same kind: what
// the platform tells of the two is equal.
func (w *worker) identify(ctx context.Context) {
	s := w.s
	s.mu.Lock()
	before := s.mac
	s.mu.Unlock()
	if before == "" {
		return
	}
	var mac string
	var ok bool
	err := repeat(ctx, 3, w.link, func() (err error) {
		mac, ok, err = w.client.GetWiFiMAC(ctx)
		return err
	})
	if err != nil || !ok || mac == "" || mac == before {
		return
	}
	s.update(func() {
		s.forget()
		s.st.Device = Device{Version: s.st.Device.Version, Since: time.Now(), Methods: unknownAbilities()}
		s.log.note(time.Now(), "this is another device")
	})
}

// run works until ctx ends.
func (w *worker) run(ctx context.Context) {
	tick := time.NewTicker(stateEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if w.step(ctx) {
			continue
		}
		select {
		case <-w.wake:
		case <-tick.C:
			w.want(wantState)
		case <-ctx.Done():
		}
	}
}

// step does the most urgent thing. It is false when there is nothing to do.
func (w *worker) step(ctx context.Context) bool {
	todo := wants(w.todo.Load())
	switch {
	case todo&wantReapply != 0:
		w.take(wantReapply)
		w.reapply(ctx)
	case todo&wantSetTime != 0:
		w.take(wantSetTime)
		w.setTime(ctx)
	case todo&wantState != 0:
		w.take(wantState)
		_ = w.readState(ctx)
	case todo&wantNetwork != 0:
		w.take(wantNetwork)
		w.readAll(ctx, w.readNetwork()...)
	case todo&wantClock != 0:
		w.take(wantClock)
		w.readAll(ctx, w.readClock)
	case todo&wantPlace != 0:
		w.take(wantPlace)
		w.readAll(ctx, w.readPlace)
	case todo&wantPings != 0:
		w.ping(ctx)
	case todo&wantSurvey != 0:
		w.ask(ctx)
	default:
		return false
	}
	return true
}

func (w *worker) take(what wants) { w.todo.And(^uint32(what)) }

// reader reads one thing of the NCP into the state.
type reader func(context.Context) error

func (w *worker) readers() []reader {
	return append(append([]reader{w.readState}, w.readNetwork()...), w.readClock, w.readPlace)
}

func (w *worker) readAll(ctx context.Context, list ...reader) {
	for _, read := range list {
		if ctx.Err() != nil {
			return
		}
		_ = read(ctx) // what could not be read stays unknown; the heartbeat has a look
	}
}

// get makes a call that may be repeated. Methods that this NCP lacks are not called.
func (w *worker) get(ctx context.Context, uid uint16, call func() error) error {
	if w.s.lacks(uid) {
		return nil
	}
	err := repeat(ctx, 3, w.link, call)
	var status rpc.Status
	if errors.As(err, &status) {
		return nil // it answered, though nothing useful
	}
	return err
}

// readState reads the state and notices an NCP that has lost its configuration.
func (w *worker) readState(ctx context.Context) error {
	return w.get(ctx, ncp.UIDBlynkGetState, func() error {
		state, err := w.client.GetState(ctx)
		if err != nil {
			return err
		}
		w.s.setState(ncp.State(state))
		if ncp.State(state) == ncp.StateNotInitialized {
			w.want(wantReapply)
		} else {
			w.restarted.Store(false)
		}
		return nil
	})
}

func (w *worker) readNetwork() []reader {
	return []reader{
		func(ctx context.Context) error {
			return w.get(ctx, ncp.UIDHwGetWiFiMAC, func() error {
				mac, ok, err := w.client.GetWiFiMAC(ctx)
				err = w.text(&w.s.st.Device.WiFiMAC, mac, ok, err)
				w.s.update(func() { w.s.mac = w.s.st.Device.WiFiMAC })
				return err
			})
		},
		func(ctx context.Context) error {
			return w.get(ctx, ncp.UIDHwGetEthernetMAC, func() error {
				mac, ok, err := w.client.GetEthernetMAC(ctx)
				return w.text(&w.s.st.Device.EthernetMAC, mac, ok, err)
			})
		},
		func(ctx context.Context) error {
			return w.get(ctx, ncp.UIDBlynkGetHotspotName, func() error {
				name, ok, err := w.client.GetHotspotName(ctx)
				return w.text(&w.s.st.Device.Hotspot, name, ok, err)
			})
		},
		func(ctx context.Context) error {
			return w.get(ctx, ncp.UIDBlynkIsConfigured, func() error {
				ok, err := w.client.IsConfigured(ctx)
				if err == nil {
					w.s.update(func() { w.s.st.Device.Configured = triOf(ok) })
				}
				return err
			})
		},
	}
}

// text notes a text that the NCP told; without one it is empty.
func (w *worker) text(field *string, text string, ok bool, err error) error {
	if err != nil {
		return err
	}
	if !ok {
		text = ""
	}
	w.s.update(func() { *field = text })
	return nil
}

func triOf(yes bool) Tri {
	if yes {
		return Yes
	}
	return No
}

func (w *worker) readClock(ctx context.Context) error {
	return w.get(ctx, ncp.UIDBlynkGetTime, func() error {
		sent := time.Now()
		iso, ms, offset, abbrev, dst, ok, err := w.client.GetTime(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		info := TimeInfo{}
		if ok {
			told := time.UnixMilli(ms)
			info = TimeInfo{
				Known: true, ISO: iso, Time: told, Read: now,
				Offset: time.Duration(offset) * time.Minute,
				Abbrev: abbrev, DST: ncp.DSTStatus(dst),
				Skew: told.Sub(sent.Add(now.Sub(sent) / 2)),
			}
		}
		w.s.update(func() { w.s.st.Device.Time = info })
		return nil
	})
}

func (w *worker) readPlace(ctx context.Context) error {
	return w.get(ctx, ncp.UIDBlynkGetLocationInfo, func() error {
		lat, lon, olson, posix, ok, err := w.client.GetLocationInfo(ctx)
		if err != nil {
			return err
		}
		place := Location{}
		if ok {
			place = Location{Known: true, Lat: lat, Lon: lon, OlsonID: olson, PosixTZ: posix}
		}
		w.s.update(func() { w.s.st.Device.Location = place })
		return nil
	})
}

// setTime gives the NCP this computer's clock.
func (w *worker) setTime(ctx context.Context) {
	err := w.get(ctx, ncp.UIDBlynkSetTime, func() error {
		_, err := w.client.SetTime(ctx, time.Now().UnixMilli())
		return err
	})
	if err == nil {
		w.s.note("the NCP asked for the time and got this computer's")
		w.want(wantClock)
	}
}

// reapply applies again what was applied before the NCP restarted.
func (w *worker) reapply(ctx context.Context) {
	s := w.s
	s.mu.Lock()
	applied := s.st.Applied
	s.mu.Unlock()
	if applied == nil {
		return
	}
	// An NCP that refuses is asked less and less often; the next look at its state comes
	// back here.
	wait := reapplyPause<<min(w.refusals, 6) - time.Since(w.reapplied)
	switch {
	case wait <= 0 || w.reapplied.IsZero():
	case w.refusals > 0 || pause(ctx, wait) != nil:
		return
	}
	w.reapplied = time.Now()
	if !w.restarted.Load() && w.refusals == 0 {
		s.event(Event{Kind: EventLink, Text: "crash"})
		s.note("the NCP has lost its configuration: applying it again")
	}
	w.restarted.Store(false)
	if err := s.applyAgain(ctx, w.c, *applied); err != nil {
		w.refusals++
		s.event(Event{Kind: EventLink, Text: "reapplyfailed", Detail: ProblemOf(err).Detail})
		return
	}
	w.refusals = 0
	s.event(Event{Kind: EventLink, Text: "reapplied"})
	w.want(wantState | wantNetwork)
}

// ping measures one round trip.
func (w *worker) ping(ctx context.Context) {
	if w.pings--; w.pings < 0 {
		w.take(wantPings)
		return
	}
	if rtt, err := w.link.Ping(ctx); err == nil {
		w.s.update(func() { w.s.pings++; w.s.rtt.add(rtt) })
	}
}

// ask asks whether the NCP has the next method of the catalogue.
func (w *worker) ask(ctx context.Context) {
	for w.surveyed < len(ncp.Methods) && ncp.Methods[w.surveyed].Host != ncp.SideNCP {
		w.surveyed++
	}
	if w.surveyed == len(ncp.Methods) || w.misses >= surveyMisses {
		w.take(wantSurvey)
		return
	}
	if pause(ctx, surveyPause) != nil {
		return
	}
	uid := ncp.Methods[w.surveyed].UID
	args := []byte{byte(uid), byte(uid >> 8)}
	rets, err := w.link.InvokeFor(ctx, surveyTimeout, ncp.UIDNcpHasUID, args)
	switch {
	case err == nil && len(rets) == 1:
		w.misses = 0
		w.s.setAbility(uid, triOf(rets[0] != 0))
	case err != nil && errors.Is(err, rpc.ErrTimeout):
		if w.misses++; w.misses < surveyMisses {
			return // once more
		}
	default:
		w.misses = 0
	}
	w.surveyed++
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unknownAbilities lists the methods of the NCP's side without knowing about any.
func unknownAbilities() []Ability {
	var list []Ability
	for i := range ncp.Methods {
		if ncp.Methods[i].Host == ncp.SideNCP {
			list = append(list, Ability{UID: ncp.Methods[i].UID})
		}
	}
	return list
}

// setAbility notes whether the NCP has a method.
func (s *Session) setAbility(uid uint16, has Tri) {
	s.update(func() {
		list := append([]Ability(nil), s.st.Device.Methods...)
		for i := range list {
			if list[i].UID == uid {
				list[i].Has = has
			}
		}
		s.st.Device.Methods = list
	})
}
