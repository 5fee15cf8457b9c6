package mcusim

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/ncp/frame"
	"ncpweb/sim"
)

func TestParseOptions(t *testing.T) {
	for text, want := range map[string]Options{
		"": {}, " ": {},
		"baud=9600,target=0,chunk=0,size=64K": {Baud: 9600, Target: -1, Zero: true, Slot: 64 << 10},
		"chunk=65535,size=1000,target=921600": {Chunk: 65535, Slot: 1000, Target: 921600},
		"broken=neverback,at=1,receiver=strict": {
			Broken: NeverBack, At: 1, Strict: Strict,
		},
		"prefetch, suspend=18h,erase=2s,write=5ms,values=1s,seed=3": {
			Prefetch: true, SuspendFor: 18 * time.Hour, Erase: 2 * time.Second, Write: 5 * time.Millisecond, Values: time.Second, Seed: 3,
		},
		"version=9.9.9,template=TMPLy": {Template: "TMPLy", Firmware: Image("TMPLy", "9.9.9", 20<<10, 1)},
	} {
		if got, err := ParseOptions(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		",", "x", "chunk", "chunk=-1", "chunk=65536", "baud=0", "size=0", "size=65537K", "size=99999999999999999999K", "broken=", "broken=sound",
		"at=0", "at=1.1", "at=NaN", "prefetch=1", "suspend=100ms", "suspend=19h", "erase=-1s", "version=", "version=a b",
		"version=a\x00b", "template=" + strings.Repeat("x", 65), "seed=-1", "receiver=x",
	} {
		if o, err := ParseOptions(text); err == nil {
			t.Errorf("%q: %+v", text, o)
		}
	}
}

// TestOptionsHelp: each kind and each option stands in the help.
func TestOptionsHelp(t *testing.T) {
	for name := range brokenNames {
		if !strings.Contains(OptionsHelp, name) {
			t.Errorf("%s is not in the help", name)
		}
	}
	if len(brokenNames) != int(LosesPower) {
		t.Errorf("%d names of %d faults", len(brokenNames), LosesPower)
	}
	for _, line := range strings.Split(OptionsHelp, "\n")[1:] {
		for _, word := range strings.Fields(line) {
			key, _, has := strings.Cut(word, "=")
			if err := new(Options).parse(key, "x"); has && key != "version" && (err == nil || err.Error() == "not known") && key != "template" {
				t.Errorf("%s is in the help and cannot be parsed: %v", key, err)
			}
		}
	}
}

func FuzzParseOptions(f *testing.F) {
	f.Add("version=1.2.0,chunk=512,broken=reverts,size=64K,at=0.5")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseOptions(text)
		if err == nil && (o.Slot < 0 || o.Slot > 64<<20 || len(o.Template) > 64 || o.SuspendFor > 18*time.Hour) {
			t.Errorf("%q: %+v", text, o)
		}
	})
}

// TestLossy: of the answers to chunks, each third is lost, and no other; the chunk is
// stored all the same.
func TestLossy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := newFakeFor(t, Options{}, func(m *MCU) sim.Device { return &Lossy{MCU: m, Every: 3} })
		f.file = Image("TMPLx", "2.0.0", 8192, 9)
		f.serve(3 * time.Second)
		if f.offer() != 1 {
			t.Fatal("it does not want the file")
		}
		for f.chunk == 0 {
			f.serve(time.Second)
		}
		answers := ""
		for at := 0; at < 8192; at += 1024 {
			answers += answer(f.write(at, 1024))
		}
		if answers != "yy-yy-yy" || m.Stats().Chunks != 8 {
			t.Errorf("%s, %d stored", answers, m.Stats().Chunks)
		}
		if got := answer(f.write(0, 1024)); got != "-" {
			t.Errorf("the ninth is answered with %s", got)
		}
		if got := f.call(uidFinish, nil); got != 1 {
			t.Errorf("finish is answered with %d", got)
		}
	})
}

func answer(ret int) string {
	switch ret {
	case 1:
		return "y"
	case 0:
		return "n"
	}
	return "-"
}

// TestLossyHostile: nothing that comes stops the one in between.
func TestLossyHostile(t *testing.T) {
	l := &lossyUART{every: 1}
	l.in, l.out = frame.NewDecoder(4096, l.received), frame.NewDecoder(4096, l.sent)
	le := binary.LittleEndian
	for n := range 8 {
		p := le.AppendUint16(le.AppendUint16(nil, opInvoke), uidChunk)
		p = append(p, 7, 0, 1, 2)[:n]
		l.in.Write(frame.Append(nil, p))
		l.in.Write(bytes.Repeat([]byte{0xAA, 0xBB}, n))
		r := append(le.AppendUint16(le.AppendUint16(nil, opResult), 7), 0, 1, 2, 3)[:n]
		l.swallow = false
		l.out.Write(frame.Append(nil, r))
		if want := n == 6 || n == 7; l.swallow != want && n != 5 {
			t.Errorf("%d bytes: swallowed %v", n, l.swallow)
		}
	}
}
