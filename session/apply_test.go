package session

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/sim/ncpsim"
)

// TestApply: every step arrives, in the order of the protocol sheet.
func TestApply(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		l.connect()
		time.Sleep(3 * time.Second)
		cfg := sample()
		if err := l.s.Apply(l.ctx, cfg); err != nil {
			t.Fatal(err)
		}
		set := l.dev.Settings()
		if set.TemplateID != cfg.TemplateID || set.TemplateName != cfg.TemplateName ||
			set.VendorPrefix != "Acme" || set.VendorServer != "iot.example.com" ||
			set.Firmware != (ncpsim.Firmware{Type: "TMPL12345", Version: "1.2.3", Build: "Nov  2 2026 09:30:00", Blynk: "1.3.2"}) ||
			*set.LED != (ncpsim.LED{GPIO: 2, ActiveLow: true}) || *set.RGB != (ncpsim.RGB{R: 12, G: 13, B: 14, CommonAnode: true}) ||
			*set.ARGB != (ncpsim.ARGB{GPIO: 5, Count: 3}) || *set.Brightness != 80 ||
			*set.Button != (ncpsim.Button{GPIO: 9, ActiveLow: true}) || set.ConfigTimeout != 300 || set.ConfigSkipLimit != 0 {
			t.Errorf("%+v", set)
		}
		var order []string
		for _, e := range l.dev.Log() {
			if m, ok := ncp.Lookup(e.UID); ok && e.Kind == "call" {
				order = append(order, m.Name)
			}
		}
		last := -1
		st := l.s.State()
		for _, step := range st.Steps {
			at := slices.Index(order[last+1:], step.Method)
			if step.Status != StepDone || at < 0 {
				t.Errorf("%+v; order %v", step, order)
			}
			last += at + 1
		}
		if st.Applied == nil || !reflect.DeepEqual(*st.Applied, cfg) {
			t.Errorf("applied %+v", st.Applied)
		}
		*cfg.Brightness = 1 // the session keeps a copy
		if *l.s.State().Applied.Brightness != 80 {
			t.Error("the configuration is shared with the caller")
		}
	})
}

// TestApplyRefused: a refused step is shown and passed over; a refused initialize ends
// the apply, and nothing counts as applied.
func TestApplyRefused(t *testing.T) {
	refuse := func(uid uint16) func(uint16, []any) ([]any, bool) {
		return func(got uint16, _ []any) ([]any, bool) { return []any{false}, got == uid }
	}
	status := func(st State, method string) Step {
		for _, s := range st.Steps {
			if s.Method == method {
				return s
			}
		}
		return Step{}
	}
	inLab(t, usual(), ncpsim.Options{Override: refuse(ncp.UIDHwInitLED)}, Options{}, func(l *lab) {
		l.connect()
		p := ProblemOf(l.s.Apply(l.ctx, sample()))
		st := l.s.State()
		if p == nil || p.Code != CodeRefused || p.Op != "apply" {
			t.Errorf("got %+v", p)
		}
		if s := status(st, "initLED"); s.Status != StepFailed || s.Problem == nil || s.Problem.Code != CodeRefused {
			t.Errorf("%+v", s)
		}
		if status(st, "initialize").Status != StepDone || status(st, "setTime").Status != StepDone || st.Applied == nil {
			t.Errorf("%+v", st.Steps)
		}
	})
	inLab(t, usual(), ncpsim.Options{Override: refuse(ncp.UIDBlynkInitialize)}, Options{}, func(l *lab) {
		l.connect()
		p := ProblemOf(l.s.Apply(l.ctx, sample()))
		st := l.s.State()
		if p == nil || p.Code != CodeRefused || st.Applied != nil {
			t.Errorf("got %+v, applied %v", p, st.Applied)
		}
		if status(st, "initialize").Status != StepFailed || status(st, "setTime").Status != StepWaiting {
			t.Errorf("%+v", st.Steps)
		}
	})
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		if err := l.s.Apply(l.ctx, Configuration{TemplateID: "TMPL1", TemplateName: "x"}); err != nil {
			t.Error(err)
		}
		for _, s := range l.s.State().Steps {
			if want := StepSkipped; s.Method != "initialize" && s.Status != want {
				t.Errorf("%+v", s)
			}
		}
	})
}

// TestApplyInput: what cannot be right is not sent.
func TestApplyInput(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		bad := sample()
		bad.TemplateID = "12345"
		p := ProblemOf(l.s.Apply(l.ctx, bad))
		if p == nil || p.Code != CodeInput || p.Detail != "templateID: prefix" {
			t.Errorf("got %+v", p)
		}
		if l.dev.Called(ncp.UIDBlynkInitialize) != 0 {
			t.Error("it was sent")
		}
	})
}

func TestConfigurationMode(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{}, Options{}, func(l *lab) {
		l.connect()
		if err := l.s.Apply(l.ctx, sample()); err != nil {
			t.Fatal(err)
		}
		if err := l.s.ConfigStart(l.ctx); err != nil {
			t.Fatal(err)
		}
		l.until(2*time.Second, "configuration", func(st State) bool {
			return st.Device.State == ncp.StateConfiguration && st.Device.Hotspot != "" && st.Device.Configured == No
		})
		if !l.dev.Provision() {
			t.Fatal("not in configuration mode")
		}
		l.until(5*time.Second, "provisioned", func(st State) bool {
			return st.Device.State == ncp.StateConnected && st.Device.Configured == Yes
		})
		if err := l.s.ConfigReset(l.ctx); err != nil {
			t.Fatal(err)
		}
		l.until(5*time.Second, "reset", func(st State) bool { return st.Device.Configured == No })
		if err := l.s.ConfigStart(l.ctx); err != nil {
			t.Error(err)
		}
		if err := l.s.ConfigStop(l.ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestFactoryReset(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		connectedLab(l)
		if err := l.s.FactoryReset(l.ctx); err != nil {
			t.Fatal(err)
		}
		l.until(15*time.Second, "factory fresh", func(st State) bool {
			return st.Phase == PhaseReady && st.Device.Configured == No && events(st, "reapplied") == 1
		})
		if l.dev.Provisioned() {
			t.Error("still provisioned")
		}
	})
}

// TestSlowApply: while an apply waits for the NCP other callers wait their turn.
func TestSlowApply(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Times: ncpsim.Times{Initialize: 4 * time.Second}}, Options{}, func(l *lab) {
		l.connect()
		time.Sleep(3 * time.Second)
		first := make(chan error, 1)
		go func() { first <- l.s.Apply(l.ctx, sample()) }()
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(l.ctx, time.Second)
		defer cancel()
		if p := ProblemOf(l.s.Apply(ctx, sample())); p == nil || p.Code != CodeCanceled {
			t.Errorf("second: %+v", p)
		}
		if err := <-first; err != nil {
			t.Errorf("first: %v", err)
		}
		if n := l.dev.Called(ncp.UIDBlynkInitialize); n != 1 {
			t.Errorf("initialize was called %d times", n)
		}
	})
}
