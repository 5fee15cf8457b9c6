package traffic

import (
	"math"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

func TestStats(t *testing.T) {
	s := NewStore(Options{})
	send := func(rec trace.Record) { s.Append(&rec) }
	send(mark(start, trace.Connected, 9600)) // 960 bytes a second
	now := int64(start)
	for i := range 100 {
		now = start + int64(i)*100_000
		send(invokeOf(now, rpc.Out, ncp.UIDBlynkGetState, uint16(i+1)))
		if i == 50 {
			continue // never answered
		}
		status := rpc.StatusOK
		if i >= 97 {
			status = rpc.StatusError
		}
		send(resultOf(now+int64(i+1)*100, rpc.In, ncp.UIDBlynkGetState, uint16(i+1), status))
	}
	send(heard(now+20_000, trace.CRC, "12345"))
	send(heard(now+20_000, trace.Noise, "1234567"))
	s.Advance(start + 10_000_000)
	st := s.Stats()
	if len(st.Methods) != 1 || st.Frames != 199 || st.CRC != 1 || st.NoiseBytes != 7 || st.Baud != 9600 {
		t.Fatalf("%+v", st)
	}
	m := st.Methods[0]
	if m.UID != ncp.UIDBlynkGetState || m.Dir != rpc.Out || m.Count != 100 || m.Answered != 99 || m.Errors != 3 || m.Unanswered != 1 || m.Timed != 99 {
		t.Errorf("%+v", m)
	}
	near := func(got, want time.Duration) bool {
		return math.Abs(float64(got-want)) <= 0.05*float64(want)
	}
	if m.Min != 100*time.Microsecond || m.Max != 10*time.Millisecond || !near(m.Median, 5*time.Millisecond) || !near(m.P95, 9500*time.Microsecond) {
		t.Errorf("min %v, median %v, p95 %v, max %v", m.Min, m.Median, m.P95, m.Max)
	}
	// An INVOKE without arguments is 6 bytes, its CRC and two delimiters; one byte in the
	// head of those with message ids 0x11, 0x13 is escaped. A RESULT is 5 and 3.
	out := uint64(100*9 + 2)
	if st.Line[rpc.Out].Bytes != out || st.Line[rpc.In].Bytes != 99*8+2+5+2+7 {
		t.Errorf("lines %+v, want %d out", st.Line, out)
	}
	if use := st.Line[rpc.Out]; !use.Known || math.Abs(use.All-float64(out)/9600) > 1e-6 || math.Abs(use.Second-90.0/960) > 0.01 {
		t.Errorf("use %+v", use)
	}
	s.Advance(start + 20_000_000)
	if use := s.Stats().Line[rpc.Out]; use.Second != 0 || math.Abs(use.All-float64(out)/19200) > 1e-6 {
		t.Errorf("after ten seconds of silence: %+v", use)
	}
	send(mark(start+20_000_000, trace.Rate, 96000))
	s.Advance(start + 21_000_000)
	if use := s.Stats().Line[rpc.Out]; math.Abs(use.All-float64(out)/(19200+9600)) > 1e-6 {
		t.Errorf("at another rate: %+v", use)
	}
	send(mark(start+21_000_000, trace.Disconnected, 96000))
	s.Advance(start + 99_000_000)
	if use := s.Stats().Line[rpc.Out]; math.Abs(use.All-float64(out)/(19200+9600)) > 1e-6 {
		t.Errorf("time without a connection counts: %+v", use)
	}
}

// TestClearGoesOn: after Clear the line is still connected.
func TestClearGoesOn(t *testing.T) {
	s := storeOf([]trace.Record{mark(start, trace.Connected, 9600), onewayOf(start+1, rpc.In, 0x7001)}, Options{})
	s.Advance(start + 1_000_000)
	s.Clear()
	rec := onewayOf(start+1_000_001, rpc.In, 0x7001)
	s.Append(&rec)
	s.Advance(start + 2_000_000)
	if use := s.Stats().Line[rpc.In]; use.Bytes != 7 || !use.Known || math.Abs(use.All-7.0/960) > 1e-6 {
		t.Errorf("%+v", use)
	}
}

func TestRateThatIsAssumed(t *testing.T) {
	s := NewStore(Options{})
	rec := onewayOf(start, rpc.In, 0x7001)
	s.Append(&rec)
	if use := s.Stats().Line[rpc.In]; use.Known || use.Bytes != 7 {
		t.Errorf("%+v", use)
	}
	s.SetBaud(9600)
	s.Append(&rec)
	s.Advance(start + 100_000)
	if use := s.Stats().Line[rpc.In]; !use.Known || math.Abs(use.Second-14.0/960) > 1e-6 {
		t.Errorf("%+v", use)
	}
	m := mark(start+200_000, trace.Rate, 115200)
	s.Append(&m)
	s.SetBaud(300)
	if st := s.Stats(); st.Baud != 115200 {
		t.Errorf("%d baud", st.Baud)
	}
}

// TestStatsAreBounded: a peer that calls every method there could be.
func TestStatsAreBounded(t *testing.T) {
	s := NewStore(Options{MaxRows: 2000})
	for uid := 1; uid < 1<<16; uid++ {
		rec := onewayOf(start, rpc.In, uint16(uid))
		s.Append(&rec)
	}
	st := s.Stats()
	all := uint64(0)
	for _, m := range st.Methods {
		all += m.Count
	}
	if len(st.Methods) > maxCounted+1 || all != 1<<16-1 {
		t.Errorf("%d methods, %d frames", len(st.Methods), all)
	}
}

func TestHistogram(t *testing.T) {
	for us := int64(0); us < 5_000_000_000; us = us*21/20 + 1 {
		d := time.Duration(us) * time.Microsecond
		got := middle(step(d))
		if diff := math.Abs(float64(got - d)); diff > 0.04*float64(d) && us < 1<<35 {
			t.Errorf("%v counts as %v", d, got)
		}
	}
	for i := 1; i < fine*31; i++ {
		if step(middle(i)) != i || middle(i) <= middle(i-1) {
			t.Fatalf("step %d: %v is in step %d", i, middle(i), step(middle(i)))
		}
	}
	if step(math.MaxInt64) >= fine*32 || step(-5) != 0 {
		t.Error("out of range")
	}
	var h histogram
	if h.quantile(0.5) != 0 {
		t.Error("a median of nothing")
	}
}
