package link

import (
	"slices"
	"testing"
)

func TestMemory(t *testing.T) {
	s := &shelf{}
	m := memory{store: s, key: "k"}
	m.remember(921600)
	m.markBad(2000000)
	m.markBad(460800)
	if rate, bad := m.load(); rate != 921600 || !slices.Equal(bad, []int{460800, 2000000}) {
		t.Errorf("%d, %v", rate, bad)
	}
	m.markBad(921600) // a rate is not good and bad at once
	if rate, _ := m.load(); rate != 0 || !m.isBad(921600) {
		t.Errorf("%d", rate)
	}
	m.remember(921600)
	if m.isBad(921600) {
		t.Error("still bad")
	}
	m.forgive(2000000)
	if m.isBad(2000000) || !m.isBad(460800) {
		t.Errorf("%q", s.Get("rate k"))
	}
	none := memory{store: s}
	none.remember(9600)
	if s.Get("rate ") != "" {
		t.Error("remembered for an adapter without a key")
	}
	if FirstRate(s, "k") != 921600 || FirstRate(s, "other") != 38400 || FirstRate(nil, "k") != 38400 {
		t.Error("first rates")
	}
}

// FuzzMemory: whatever a store holds, what comes out can be used.
func FuzzMemory(f *testing.F) {
	f.Add("921600 bad 2000000 460800")
	f.Add("bad bad -1 0 99999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		m := memory{store: &shelf{m: map[string]string{"rate k": text}}, key: "k"}
		rate, bad := m.load()
		if rate != 0 && !plausible(rate) || len(bad) > maxBad {
			t.Errorf("%d, %v", rate, bad)
		}
		m.markBad(115200)
		if !m.isBad(115200) {
			t.Error("forgotten")
		}
	})
}

func TestEar(t *testing.T) {
	tests := []struct {
		chunks []string
		want   text
	}{
		{[]string{"[rpc port] Blynk.NCP started\r\n"}, textNCP},
		{[]string{"\xff\x80Blynk.N", "CP sta", "rted"}, textNCP},
		{[]string{"ets Jul 29 2019\r\n\r\nrst:0x1 (POWERON_RESET)"}, textROM},
		{[]string{"ESP-ROM:esp32c3-api1-20210207"}, textROM},
		{[]string{"\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)"}, textROM},
		{[]string{string(make([]byte, 10000)), "Blynk.NCP started"}, textNCP},
		{[]string{string(make([]byte, 300)) + "Blynk.NCP started" + string(make([]byte, 5000))}, textNCP},
		{[]string{"Blynk.NCP", " stopped"}, textNone},
		{[]string{""}, textNone},
	}
	for i, tt := range tests {
		var e ear
		e.init()
		best := textNone
		for _, c := range tt.chunks {
			best = max(best, e.hear([]byte(c)))
		}
		if _, kind := e.heard(); best != tt.want || kind != tt.want {
			t.Errorf("%d: %d, %d, want %d", i, best, kind, tt.want)
		}
		if e.hear([]byte("x")) != textNone {
			t.Errorf("%d: counted twice", i)
		}
		if cap(e.window) > 4*earWindow {
			t.Errorf("%d: window of %d", i, cap(e.window))
		}
	}
	// A mark across the borders of long chunks.
	for at := range 600 {
		var e ear
		e.init()
		if e.hear(append(make([]byte, at), "Blynk.NCP started"...)) != textNCP {
			t.Fatalf("missed at %d", at)
		}
	}
}
