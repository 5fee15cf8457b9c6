package bridge

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/session"
)

func sample() Status {
	return Status{
		Phase: PhaseReady, Open: true, Baud: 460800, Port: "CP210x", VendorID: 0x10C4, ProductID: 0xEA60, Source: "lab",
		Version: "0.7.0", Held: "Flashing", State: ncp.StateConnected, StateKnown: true, Configured: Yes, Problem: session.CodeTimeout, FrameCount: 1 << 40,
		Link:    Link{RTTLast: 3 * time.Millisecond, RTTMedian: 2, RTTWorst: time.Second, Pings: 1, Missed: 2, RxFrames: 3, TxFrames: 4, RxBytes: 5, TxBytes: 6, CRCErrors: 7, NoiseBytes: 8, LateResults: 9, Dropped: 10, BringUps: 1 << 60},
		Methods: []Ability{{UID: 0x0101, Has: Yes}, {UID: 0x0346, Has: No}, {UID: 0xFFFF, Has: Unknown}},
	}
}

func TestStatusCrosses(t *testing.T) {
	for _, want := range []Status{sample(), {Methods: []Ability{}}} {
		b := appendStatus(nil, &want)
		got, err := parseStatus(b)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
		for i := range b {
			if _, err := parseStatus(b[:i]); err == nil {
				t.Errorf("%d of %d bytes are a Status as well", i, len(b))
			}
		}
		if _, err := parseStatus(append(b, 0)); err == nil {
			t.Error("a byte too many is taken")
		}
	}
	st := sample()
	if st.Has(0x0101) != Yes || st.Has(0x0346) != No || st.Has(0x1234) != Unknown || !st.Ready() {
		t.Error("Has or Ready do not tell what is there")
	}
	long := sample()
	long.Version = strings.Repeat("x", 5000)
	got, err := parseStatus(appendStatus(nil, &long))
	if err != nil || len(got.Version) != maxShort {
		t.Errorf("a long version: %d bytes, %v", len(got.Version), err)
	}
}

// TestStatusFits: the Status of a device with every method there is has room.
func TestStatusFits(t *testing.T) {
	st := sample()
	for range 600 {
		st.Methods = append(st.Methods, Ability{UID: 0xFFFF, Has: Yes})
	}
	st.Port, st.Version = strings.Repeat("p", 500), strings.Repeat("v", 500)
	if n := len(appendStatus(nil, &st)); n > maxStatus {
		t.Errorf("%d bytes", n)
	}
}

func TestStatusOf(t *testing.T) {
	state := session.State{Phase: session.PhaseFailed, Problem: &session.Problem{Code: session.CodeSilent}, Baud: 9600}
	s := statusOf(&state, "lab")
	if s.Open || s.Problem != session.CodeSilent || s.Baud != 9600 || s.Source != "lab" {
		t.Errorf("%+v", s)
	}
	state = session.State{Phase: session.PhaseIdle}
	state.Port.Name = "gone"
	if s := statusOf(&state, ""); s.Open || s.Port != "" {
		t.Errorf("without a port: %+v", s)
	}
}

func TestErrorCrosses(t *testing.T) {
	for _, c := range []struct {
		err  error
		code Code
		is   error
	}{
		{&rpc.CallError{UID: 1, Err: rpc.ErrTimeout}, CodeTimeout, rpc.ErrTimeout},
		{rpc.StatusUnknownUID, CodeStatus, rpc.StatusUnknownUID},
		{rpc.ErrTooLarge, CodeInput, rpc.ErrTooLarge},
		{context.Canceled, CodeCanceled, context.Canceled},
		{session.ErrNoPort, CodeNotReady, nil},
		{errors.New("something else"), CodeCore, nil},
	} {
		got := parseError(appendError(nil, c.err))
		p := ProblemOf(got)
		if p == nil || p.Code != c.code || p.Detail != ProblemOf(c.err).Detail {
			t.Errorf("%v became %+v", c.err, p)
		}
		if c.is != nil && !errors.Is(got, c.is) {
			t.Errorf("%v is no longer itself", c.err)
		}
	}
	for _, bad := range [][]byte{nil, {0}, {0, 0, 0, 0, 0}, {8, 200}} {
		if err := parseError(bad); !errors.Is(err, errForm) {
			t.Errorf("% x is taken as %v", bad, err)
		}
	}
}

// FuzzParse: whatever comes over the bridge, it is refused or means something bounded.
func FuzzParse(f *testing.F) {
	st := sample()
	f.Add(appendStatus(nil, &st))
	f.Add(appendError(nil, rpc.ErrTimeout))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseStatus(b); err == nil {
			again, err := parseStatus(appendStatus(nil, &s))
			if err != nil || !reflect.DeepEqual(s, again) {
				t.Fatalf("%+v comes back as %+v, %v", s, again, err)
			}
		}
		if parseError(b) == nil {
			t.Fatal("no error")
		}
	})
}
