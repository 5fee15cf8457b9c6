package profile

import (
	"strings"
	"time"

	"ncpweb/ncp"
	"ncpweb/session"
)

// Status is how a setting of a profile compares with a device.
type Status uint8

// Statuses.
const (
	Same       Status = iota + 1
	Differs           //
	Unreadable        // it cannot be read back, and this page has not applied it
	NotTaken          // this NCP has no method for it, or refused it
)

// Source is where a Difference has its other side from.
type Source uint8

// Sources.
const (
	FromNCP  Source = iota + 1 // the NCP told it
	FromPage                   // this page has applied it in this connection
)

// Difference is one setting of a profile beside that of a device.
type Difference struct {
	Member string // in the file, such as "led.gpio"
	Field  string // of the form
	Want   string // text of the form; empty: not set
	Has    string // the same of the device; the hotspot's name for "vendor.prefix", a time for "setTime"
	Source Source // of Has; 0: there is none
	Status Status
}

// maxSkew is how far the clock of an NCP may be from this computer's to count as set:
// it is read and sent with some delay, and clocks run apart within a day.
const maxSkew = 5 * time.Second

// Compare tells setting by setting how a device stands to a profile. An NCP tells
// little of what it was told: its hotspot carries the vendor's prefix, its clock can be
// read, and hasUID tells what it can do. All else can only be compared with what this
// page has applied. Settings that are in neither are left out.
func Compare(p Profile, st *session.State) []Difference {
	want := session.FormValues(p.Config)
	var has map[string]string
	if st.Applied != nil {
		has = session.FormValues(*st.Applied)
	}
	var list []Difference
	for _, m := range members {
		d := Difference{Member: m.path, Field: m.field, Want: want[m.field]}
		if has != nil {
			d.Has, d.Source = has[m.field], FromPage
		}
		if d.Want == "" && d.Has == "" {
			continue
		}
		d.judge(m, st)
		list = append(list, d)
	}
	return list
}

func (d *Difference) judge(m member, st *session.State) {
	switch {
	case d.Want != "" && notTaken(m.uid, st):
		d.Has, d.Source, d.Status = "", 0, NotTaken
	case m.field == "vendorPrefix" && d.Want != "" && st.Device.Hotspot != "":
		d.tell(st.Device.Hotspot, strings.HasPrefix(st.Device.Hotspot, d.Want))
	case m.field == "setTime" && d.Want != "" && st.Device.Time.Known:
		d.tell(st.Device.Time.ISO, st.Device.Time.Skew.Abs() <= maxSkew)
	case d.Source == 0:
		d.Status = Unreadable
	case d.Want == d.Has:
		d.Status = Same
	default:
		d.Status = Differs
	}
}

// tell takes what the NCP told.
func (d *Difference) tell(has string, same bool) {
	d.Has, d.Source, d.Status = has, FromNCP, Differs
	if same {
		d.Status = Same
	}
}

// notTaken tells whether the NCP has no such method, or its call failed.
func notTaken(uid uint16, st *session.State) bool {
	for _, a := range st.Device.Methods {
		if a.UID == uid && a.Has == session.No {
			return true
		}
	}
	method, ok := ncp.Lookup(uid)
	if !ok {
		return false
	}
	for _, s := range st.Steps {
		if s.Method == method.Name && s.Status == session.StepFailed {
			return true
		}
	}
	return false
}
