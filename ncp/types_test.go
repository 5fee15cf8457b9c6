package ncp

import (
	"errors"
	"slices"
	"testing"
)

func TestValues(t *testing.T) {
	tests := []struct {
		value string
		items []string
	}{
		{"", []string{""}},
		{"23.5", []string{"23.5"}},
		{"a\x00b", []string{"a", "b"}},
		{"a\x00", []string{"a", ""}},
		{"\x00", []string{"", ""}},
		{"\xff\xfe", []string{"\xff\xfe"}},
	}
	for _, tt := range tests {
		if got := SplitValues([]byte(tt.value)); !slices.Equal(got, tt.items) {
			t.Errorf("%q splits into %q, want %q", tt.value, got, tt.items)
		}
		if got, err := JoinValues(tt.items...); err != nil || string(got) != tt.value {
			t.Errorf("%q joins to %q (%v), want %q", tt.items, got, err, tt.value)
		}
	}
	if got, err := JoinValues(); err != nil || len(got) != 0 {
		t.Errorf("nothing joins to %q (%v)", got, err)
	}
	if _, err := JoinValues("a", "b\x00"); !errors.Is(err, ErrItemNUL) {
		t.Errorf("an item with a NUL: %v", err)
	}
}

func TestPinList(t *testing.T) {
	if got := string(PinList(1, 5, 255)); got != "1\x005\x00255" {
		t.Errorf("%q", got)
	}
	if got := PinList(); len(got) != 0 {
		t.Errorf("no pins: %q", got)
	}
}

func TestRates(t *testing.T) {
	rates := Rates()
	if len(rates) != 11 || rates[0] != 38400 || rates[1] != 115200 {
		t.Errorf("%v", rates)
	}
	slices.Sort(rates)
	if len(slices.Compact(rates)) != 11 {
		t.Errorf("a rate comes twice in %v", Rates())
	}
}

// Values without a name are numbers: a device may send any.
func TestNames(t *testing.T) {
	for want, got := range map[string]string{
		"connected":       StateConnected.String(),
		"not initialized": State(10).String(),
		"77":              State(77).String(),
		"time sync":       EventCode(21).String(),
		"0":               EventCode(0).String(),
		"low rssi":        FactoryLowRSSI.String(),
		"no space":        PrefetchNoSpace.String(),
		"not applicable":  DSTNotApplicable.String(),
		"MCU":             SideMCU.String(),
		"side 9":          Side(9).String(),
		"Binary":          TypeBinary.String(),
		"type 99":         Type(99).String(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCatalogue(t *testing.T) {
	for i := range Methods {
		m := &Methods[i]
		if got, ok := Lookup(m.UID); !ok || got != m {
			t.Errorf("%s.%s is not found by its id", m.Interface, m.Name)
		}
		if Hosts(SideNCP, m.UID) == Hosts(SideMCU, m.UID) || !Hosts(m.Host, m.UID) {
			t.Errorf("%s.%s has not one host", m.Interface, m.Name)
		}
		if m.Doc == "" || m.Returns != m.Result.Type || m.Oneway == (m.Timeout != 0) {
			t.Errorf("%+v", m)
		}
	}
	if _, ok := Lookup(0x7777); ok || Hosts(SideNCP, 0x7777) || Hosts(SideMCU, 0) {
		t.Error("a method that does not exist was found")
	}
	if p := mustLookup(t, UIDBlynkFactoryTestWiFi).In[1]; p.Name != "password" || !p.Secret {
		t.Errorf("the password is %+v", p)
	}
	if p := mustLookup(t, UIDBlynkSetConfigSkipLimit).In[0]; !p.Ranged || p.Min != 5 || p.Max != 50 || !slices.Equal(p.Also, []int64{0}) {
		t.Errorf("the skip limit is %+v", p)
	}
}

func mustLookup(t *testing.T, uid uint16) *Method {
	t.Helper()
	m, ok := Lookup(uid)
	if !ok {
		t.Fatalf("no method %04X", uid)
	}
	return m
}
