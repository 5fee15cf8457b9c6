package ncpsim

import "time"

// Zone is a time zone and the place that the cloud gives for the device.
type Zone struct {
	Olson, Posix string
	Lat, Lon     string
	Std, Summer  string // abbreviations; Summer is empty where there is no summer time
	Offset       int16  // minutes east of UTC in standard time; summer time adds 60
	Rule         Rule   // when summer time is
}

// Rule tells when summer time begins and ends.
type Rule uint8

// Rules.
const (
	NoSummer Rule = iota
	EU            // last Sunday of March to last Sunday of October, at 01:00 UTC
	US            // second Sunday of March to first Sunday of November, at 02:00 local time
)

// DST statuses of getTime (protocol sheet, "Methods that need a word").
const (
	dstNotApplicable uint8 = 1
	dstActive        uint8 = 2
	dstInactive      uint8 = 3
)

// zones are the zones known by name; the first is the default.
var zones = [...]Zone{
	{"Europe/Kyiv", "EET-2EEST,M3.5.0/3,M10.5.0/4", "50.4501", "30.5234", "EET", "EEST", 120, EU},
	{"UTC", "UTC0", "51.4779", "0.0000", "UTC", "", 0, NoSummer},
	{"America/St_Johns", "NST3:30NDT,M3.2.0,M11.1.0", "47.5615", "-52.7126", "NST", "NDT", -210, US},
	{"Asia/Kolkata", "IST-5:30", "28.6139", "77.2090", "IST", "", 330, NoSummer},
}

// ZoneByName returns the zone of an Olson id, of the few that the simulation knows.
func ZoneByName(olson string) (Zone, bool) {
	for _, z := range zones {
		if z.Olson == olson {
			return z, true
		}
	}
	return Zone{}, false
}

// at returns the zone's offset in minutes, its abbreviation and DST status at t.
func (z Zone) at(t time.Time) (offset int16, abbrev string, dst uint8) {
	switch {
	case z.Rule == NoSummer:
		return z.Offset, z.Std, dstNotApplicable
	case z.summer(t.UTC()):
		return z.Offset + 60, z.Summer, dstActive
	}
	return z.Offset, z.Std, dstInactive
}

func (z Zone) summer(t time.Time) bool {
	year := t.Year()
	var begin, end time.Time
	if z.Rule == EU {
		begin = sunday(year, time.March, -1).Add(time.Hour)
		end = sunday(year, time.October, -1).Add(time.Hour)
	} else {
		local := -time.Duration(z.Offset) * time.Minute
		begin = sunday(year, time.March, 2).Add(2*time.Hour + local)
		end = sunday(year, time.November, 1).Add(time.Hour + local)
	}
	return !t.Before(begin) && t.Before(end)
}

// sunday returns the start of the nth Sunday of a month, or of its last for n = -1.
func sunday(year int, month time.Month, n int) time.Time {
	if n < 0 {
		last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
		return last.AddDate(0, 0, -int(last.Weekday()))
	}
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, (7-int(first.Weekday()))%7+7*(n-1))
}

// maxClock is the last millisecond of the year 9999: beyond it no date can be written.
const maxClock = 253402300799999

// clock is the NCP's own clock.
type clock struct {
	known bool
	base  time.Time // what it was set to
	since time.Time // when it was set
}

func (c *clock) set(t time.Time) { *c = clock{known: true, base: t, since: time.Now()} }

func (c *clock) now() time.Time { return c.base.Add(time.Since(c.since)) }
