package traffic

import (
	"slices"
	"strconv"
	"time"

	"ncpweb/ncp/rpc"
)

const (
	// MaxReport bounds a report, in bytes.
	MaxReport = 60 << 10
	// maxHead is how much of it the caller may fill.
	maxHead = MaxReport / 3
	// maxReportMethods is how many methods are counted one by one.
	maxReportMethods = 100
)

// Report returns a text for a bug report: head, which the caller makes of versions and of
// what is known of the device; what was counted; and the newest rows, at most that many
// and as many as fit. Secrets are not in it.
func (s *Store) Report(head string, rows int) string {
	dst := append(make([]byte, 0, MaxReport), head[:min(len(head), maxHead)]...)
	if len(dst) > 0 && dst[len(dst)-1] != '\n' {
		dst = append(dst, '\n')
	}
	dst = s.appendCounts(append(dst, '\n'))
	dst = append(dst, "\nTime (UTC), direction, kind, method, #id, arguments or results\n"...)
	var lines [][]byte // the newest first
	room := MaxReport - len(dst)
	for id := s.end - 1; id >= s.first && len(lines) < rows; id-- {
		line := s.appendLine(nil, id)
		if room -= len(line); room < 0 {
			break
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return string(append(dst, slices.Concat(lines...)...))
}

// appendCounts appends the statistics.
func (s *Store) appendCounts(dst []byte) []byte {
	st := s.Stats()
	number := func(name string, n uint64) {
		dst = strconv.AppendUint(append(append(dst, name...), ' '), n, 10)
	}
	number("Frames", st.Frames)
	number(", CRC errors", st.CRC)
	number(", cut", st.Cut)
	number(", oversize", st.Oversize)
	number(", noise bytes", st.NoiseBytes)
	number(", unanswered", st.Unanswered)
	number(", late", st.Late)
	number(", not kept", st.Missed)
	number(", baud", uint64(st.Baud))
	dst = append(dst, '\n')
	for _, m := range st.Methods[:min(len(st.Methods), maxReportMethods)] {
		dst = append(append(dst, dirName(m.Dir)...), ' ')
		dst = s.appendMethod(dst, m.UID)
		number(": count", m.Count)
		number(", errors", m.Errors)
		number(", unanswered", m.Unanswered)
		if m.Timed > 0 {
			for _, d := range [...]struct {
				name string
				time time.Duration
			}{{", round trip min", m.Min}, {", median", m.Median}, {", p95", m.P95}, {", max", m.Max}} {
				dst = append(append(append(dst, d.name...), ' '), roundTrip(d.time)...)
			}
		}
		dst = append(dst, '\n')
	}
	return dst
}

func dirName(d rpc.Dir) string {
	if d == rpc.Out {
		return "out"
	}
	return "in"
}

func roundTrip(d time.Duration) string { return d.Round(time.Microsecond).String() }

// appendLine appends a row as a line.
func (s *Store) appendLine(dst []byte, id int) []byte {
	row, _ := s.Row(id)
	dst = time.UnixMicro(row.Time).UTC().AppendFormat(dst, "15:04:05.000000")
	switch row.Kind {
	case Mark:
		dst = append(append(dst, ' '), markNames[row.Mark]...)
		return append(strconv.AppendInt(append(dst, ' '), int64(row.Baud), 10), '\n')
	case Gap:
		dst = append(dst, " gap "...)
		return append(strconv.AppendInt(dst, int64(row.Missed), 10), '\n')
	}
	dst = append(append(append(dst, ' '), dirName(row.Dir)...), ' ')
	dst = append(dst, row.Kind.String()...)
	if row.HasUID {
		dst = s.appendMethod(append(dst, ' '), row.UID)
	}
	if row.HasMsgID {
		dst = strconv.AppendUint(append(dst, " #"...), uint64(row.MsgID), 10)
	}
	if row.Args != "" {
		dst = append(append(dst, ' '), row.Args...)
	}
	switch {
	case row.Kind == Result && row.HasStatus && row.Status != rpc.StatusOK:
		dst = append(append(dst, " ! "...), row.Status.Text()...)
	case row.Outcome == Unanswered:
		dst = append(dst, " ! unanswered"...)
	}
	if row.Late {
		dst = append(dst, " ! late"...)
	}
	if row.Kind == Result && row.RoundTrip >= 0 {
		dst = append(append(dst, " after "...), roundTrip(row.RoundTrip)...)
	}
	dst = strconv.AppendInt(append(dst, ", "...), int64(row.Size), 10)
	return append(dst, " bytes\n"...)
}
