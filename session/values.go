package session

import (
	"context"
	"strconv"
	"time"

	"ncpweb/ncp"
)

// PinWrite is a value for one pin.
type PinWrite struct {
	Pin    uint16
	Values []string // one item or several
}

// VirtualWrite sends a value to a pin: one item or several. Nothing tells whether it
// arrived.
func (s *Session) VirtualWrite(ctx context.Context, pin uint16, values ...string) error {
	return s.writePins(ctx, "write", []PinWrite{{pin, values}}, nil)
}

// WriteGroup sends values that belong together, with their time; the zero time stands
// for now. Nothing comes between them.
func (s *Session) WriteGroup(ctx context.Context, at time.Time, writes ...PinWrite) error {
	const op = "group"
	if len(writes) == 0 || len(writes) > MaxGroup {
		return badInput(op, "values", "1 to "+strconv.Itoa(MaxGroup)+" of them")
	}
	stamp := int64(0)
	if !at.IsZero() {
		stamp = at.UnixMilli()
		if stamp <= 0 {
			return badInput(op, "time", "before 1970")
		}
	}
	return s.writePins(ctx, op, writes, &stamp)
}

func (s *Session) writePins(ctx context.Context, op string, writes []PinWrite, group *int64) error {
	values := make([][]byte, len(writes))
	for i, w := range writes {
		value, err := pinValue(op, w.Values, MaxValueSend)
		if err != nil {
			return err
		}
		values[i] = value
	}
	return s.inOrder(ctx, op, func(ctx context.Context, client *ncp.NCP) error {
		if group != nil {
			if err := client.BeginGroup(ctx, *group); err != nil {
				return err
			}
		}
		for i, w := range writes {
			if err := client.VirtualWrite(ctx, w.Pin, values[i]); err != nil {
				return err
			}
			s.update(func() { s.pinValue(w.Pin, values[i], ToCloud) })
		}
		if group != nil {
			return client.EndGroup(ctx)
		}
		return nil
	})
}

// inOrder sends notifications with nobody else's in between.
func (s *Session) inOrder(ctx context.Context, op string, send func(context.Context, *ncp.NCP) error) error {
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return problem(op, ctx.Err())
	}
	defer func() { <-s.writing }()
	return s.once(ctx, op, send)
}

// Sync asks the cloud for the values of these pins.
func (s *Session) Sync(ctx context.Context, pins ...uint16) error {
	const op = "sync"
	if len(pins) == 0 || len(pins) > MaxSyncPins {
		return badInput(op, "pins", "1 to "+strconv.Itoa(MaxSyncPins)+" of them")
	}
	return s.inOrder(ctx, op, func(ctx context.Context, client *ncp.NCP) error {
		return client.SyncVirtual(ctx, ncp.PinList(pins...))
	})
}

// SyncAll asks the cloud for the values of all pins.
func (s *Session) SyncAll(ctx context.Context) error {
	return s.inOrder(ctx, "sync", func(ctx context.Context, client *ncp.NCP) error { return client.SyncAll(ctx) })
}

// SetProperty sets a property of a pin's widget, such as color, label, min or max.
func (s *Session) SetProperty(ctx context.Context, pin uint16, name string, values ...string) error {
	const op = "property"
	if err := needText(op, "property", name, maxName); err != nil {
		return err
	}
	value, err := pinValue(op, values, MaxValueSend-len(name)-1)
	if err != nil {
		return err
	}
	return s.inOrder(ctx, op, func(ctx context.Context, client *ncp.NCP) error {
		if err := client.SetProperty(ctx, pin, name, value); err != nil {
			return err
		}
		s.update(func() { s.pins.setProperty(pin, name, showValue(value)) })
		return nil
	})
}

// showValue is a value of several items as one text.
func showValue(value []byte) string {
	items := ncp.SplitValues(value)
	text := items[0]
	for _, item := range items[1:] {
		text += ", " + item
	}
	return text
}

// LogEvent logs an event in the cloud; the description may be empty.
func (s *Session) LogEvent(ctx context.Context, code, description string) error {
	const op = "event"
	if err := needText(op, "code", code, maxName); err != nil {
		return err
	}
	if err := checkText(op, "description", description, MaxValueSend-maxName-2); err != nil {
		return err
	}
	return s.inOrder(ctx, op, func(ctx context.Context, client *ncp.NCP) error {
		if err := client.LogEvent(ctx, code, description); err != nil {
			return err
		}
		s.event(Event{Kind: EventLogged, Text: code, Detail: description})
		return nil
	})
}

// ResolveEvent resolves the newest event of this code in the cloud.
func (s *Session) ResolveEvent(ctx context.Context, code string) error {
	return s.resolve(ctx, code, "one", (*ncp.NCP).ResolveEvent)
}

// ResolveAllEvents resolves all events of this code in the cloud.
func (s *Session) ResolveAllEvents(ctx context.Context, code string) error {
	return s.resolve(ctx, code, "all", (*ncp.NCP).ResolveAllEvents)
}

func (s *Session) resolve(ctx context.Context, code, detail string, call func(*ncp.NCP, context.Context, string) error) error {
	const op = "event"
	if err := needText(op, "code", code, maxName); err != nil {
		return err
	}
	return s.inOrder(ctx, op, func(ctx context.Context, client *ncp.NCP) error {
		if err := call(client, ctx, code); err != nil {
			return err
		}
		s.event(Event{Kind: EventResolved, Text: code, Detail: detail})
		return nil
	})
}

// SetMetadata sets a metadata field of the device in the cloud.
func (s *Session) SetMetadata(ctx context.Context, field, value string) error {
	const op = "metadata"
	if err := needText(op, "field", field, maxName); err != nil {
		return err
	}
	if err := checkText(op, "value", value, MaxValueSend-maxName-2); err != nil {
		return err
	}
	return s.inOrder(ctx, op, func(ctx context.Context, client *ncp.NCP) error {
		if err := client.SetMetadata(ctx, field, value); err != nil {
			return err
		}
		s.event(Event{Kind: EventMetadata, Text: field, Detail: value})
		return nil
	})
}

// NamePin gives a pin a name, and adds it to the list if it is not there.
func (s *Session) NamePin(pin uint16, name string) error {
	const op = "pin"
	if err := checkText(op, "name", name, maxName); err != nil {
		return err
	}
	var ok bool
	s.update(func() { ok = s.pins.name(pin, name) })
	return pinsFull(op, ok)
}

// AddPin adds a pin to the list.
func (s *Session) AddPin(pin uint16) error {
	var ok bool
	s.update(func() { ok = s.pins.record(pin) != nil })
	return pinsFull("pin", ok)
}

func pinsFull(op string, ok bool) error {
	if !ok {
		return badInput(op, "pin", "the list is full: "+strconv.Itoa(MaxPins)+" pins")
	}
	return nil
}

// RemovePin removes a pin from the list; it comes back with the next value.
func (s *Session) RemovePin(pin uint16) {
	s.update(func() { s.pins.remove(pin) })
}
