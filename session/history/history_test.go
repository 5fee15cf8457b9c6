package history

import (
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var t0 = time.UnixMicro(1_700_000_000_123_456)

func TestNumber(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "23.5": 23.5, " 7 ": 7, "+1": 1, "-12.25": -12.25, ".5": .5, "5.": 5, "1e3": 1000, "-2.5E-3": -.0025,
		"999999999999999": 999999999999999, "123456789.123456": 123456789.123456, "12345678901234567890": 12345678901234567890,
		"0.1": .1, "0.000000000000001": 1e-15, "3.141592653589793": math.Pi, "00012": 12,
	} {
		if got, ok := Number([]byte(text)); !ok || got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("%q is %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", " ", "-", ".", "-.", "1.2.3", "1e", "1e+", "e3", "0x10", "inf", "NaN", "1_000", "1 2", "12a", "1,5", "\x00", "1\n", strings.Repeat("1", 41), "1e999"} {
		if got, ok := Number([]byte(text)); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func FuzzNumber(f *testing.F) {
	f.Add("12.5")
	f.Add("-1e-7")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := Number([]byte(s))
		if !ok {
			return
		}
		if want, err := strconv.ParseFloat(strings.Trim(s, " "), 64); err != nil || got != want {
			t.Errorf("%q is %v, not %v (%v)", s, got, want, err)
		}
	})
}

func TestLastAndTail(t *testing.T) {
	var h History
	if got := h.Last(1, 5); len(got) != 0 {
		t.Errorf("empty: %v", got)
	}
	if !h.Oldest().IsZero() {
		t.Error("empty, but has an oldest value")
	}
	for i := range 10 {
		h.Add(uint16(i%2), Direction(1+i%2), t0.Add(time.Duration(i)*time.Second), []byte(strconv.Itoa(i)+"\x00x"))
	}
	got := h.Last(1, 3)
	if len(got) != 3 || !slices.Equal(got[0].Items, []string{"9", "x"}) || got[0].Dir != ToCloud || !got[0].Time.Equal(t0.Add(9*time.Second)) || got[2].Items[0] != "5" {
		t.Errorf("%+v", got)
	}
	if got := h.Last(1, 100); len(got) != 5 || got[4].Items[0] != "1" {
		t.Errorf("%+v", got)
	}
	if got := h.Tail(make([]float64, 4), 0, 0); !slices.Equal(got, []float64{2, 4, 6, 8}) {
		t.Errorf("%v", got)
	}
	if got := h.Tail(make([]float64, 64), 0, 1); len(got) != 5 || !math.IsNaN(got[0]) {
		t.Errorf("%v", got)
	}
	if !h.Oldest().Equal(t0) {
		t.Errorf("oldest is %v", h.Oldest())
	}
	h.Clear()
	if got := h.Last(1, 100); len(got) != 0 || h.Stats().Values != 0 {
		t.Errorf("after Clear: %v, %+v", got, h.Stats())
	}
	h.Add(1, FromCloud, t0, []byte("1"))
	if got := h.Last(1, 100); len(got) != 1 {
		t.Errorf("after Clear and one: %v", got)
	}
}

// TestBounds fills the history beyond both bounds.
func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		count int
		size  int
	}{{"many", MaxValues * 6 / 5, 9}, {"large", 2 * MaxBytes / 1500, 1500}, {"too large", 100, 5000}} {
		t.Run(tt.name, func(t *testing.T) {
			var h History
			value := make([]byte, tt.size)
			for i := range tt.count {
				copy(value, strconv.Itoa(i)+"\x00")
				h.Add(uint16(i%7), FromCloud, t0.Add(time.Duration(i)*time.Millisecond), value)
			}
			s := h.Stats()
			if s.Values > MaxValues || s.Bytes > MaxBytes || uint64(s.Values)+s.Dropped != uint64(tt.count) {
				t.Errorf("%+v", s)
			}
			if most := (s.Values + MaxValues/10) * (headSize + min(tt.size, MaxValue)); tt.size < 100 && s.Bytes > most+blockSize {
				t.Errorf("%d values take %d bytes", s.Values, s.Bytes)
			}
			if s.Dropped > 0 && s.Values < MaxValues*9/10 && s.Bytes < MaxBytes*9/10 {
				t.Errorf("drops early: %+v", s)
			}
			n := 0
			for pin := range uint16(7) {
				list := h.Last(pin, tt.count)
				n += len(list)
				for i, v := range list {
					if want := tt.count - 1 - i*7 - (tt.count-1-int(pin))%7; v.Items[0] != strconv.Itoa(want) {
						t.Fatalf("value %d of pin %d is %s, want %d", i, pin, v.Items[0], want)
					}
				}
			}
			if n != s.Values {
				t.Errorf("%d values are found of %d", n, s.Values)
			}
			if want := t0.Add(time.Duration(s.Dropped) * time.Millisecond); !h.Oldest().Equal(want) {
				t.Errorf("the oldest is of %v, want %v", h.Oldest(), want)
			}
		})
	}
}

func TestAddAllocates(t *testing.T) {
	var h History
	value := []byte("23.45")
	now := t0
	add := func() {
		now = now.Add(time.Millisecond)
		h.Add(1, FromCloud, now, value)
	}
	for range MaxValues + 1000 { // all blocks are there, and are used again
		add()
	}
	if n := testing.AllocsPerRun(10_000, add); n != 0 {
		t.Errorf("%v allocations per value", n)
	}
}

func TestTimeGoesBack(t *testing.T) {
	var h History
	h.Series(nil, Line{Pin: 1}, t0, t0.Add(time.Hour), 100)
	h.Add(1, FromCloud, t0.Add(time.Minute), []byte("1"))
	h.Add(1, FromCloud, t0, []byte("2"))
	got := h.Last(1, 2)
	if got[0].Time.Before(got[1].Time) || got[0].Items[0] != "2" {
		t.Errorf("%+v", got)
	}
}

func export(h *History, pins []uint16, from, to time.Time, most int) string {
	e := h.Export(pins, from, to, func(pin uint16) (string, string) {
		if pin == 1 {
			return `=Pump "A"`, "°C"
		}
		return "", ""
	})
	var out []byte
	for done := false; !done; {
		out, done = e.Step(out, most)
	}
	return string(out)
}

func TestExport(t *testing.T) {
	var h History
	h.Add(1, FromCloud, t0, []byte("-5.5\x00-5.5 \x00=1+1"))
	h.Add(2, ToCloud, t0.Add(time.Second), []byte("a,b\"c\r\n<i>\xff\x01"))
	h.Add(1, FromCloud, t0.Add(2*time.Second), []byte("-x"))
	h.Add(1, FromCloud, t0.Add(3*time.Second), []byte("@x\x00+1\x00"))
	const want = "\ufefftime,unix,pin,name,unit,direction,item 1,item 2,item 3\r\n" +
		"2023-11-14T22:13:20.123456Z,1700000000.123456,1,\"'=Pump \"\"A\"\"\",\"°C\",in,-5.5,-5.5 ,\"'=1+1\"\r\n" +
		"2023-11-14T22:13:21.123456Z,1700000001.123456,2,,,out,\"a,b\"\"c\r\n<i>\ufffd\ufffd\",,\r\n" +
		"2023-11-14T22:13:22.123456Z,1700000002.123456,1,\"'=Pump \"\"A\"\"\",\"°C\",in,\"'-x\",,\r\n" +
		"2023-11-14T22:13:23.123456Z,1700000003.123456,1,\"'=Pump \"\"A\"\"\",\"°C\",in,\"'@x\",\"+1\",\r\n"
	for _, most := range []int{1, 2, 1000} {
		if got := export(&h, nil, time.Time{}, time.Time{}, most); got != want {
			t.Errorf("in steps of %d:\n%s\nwant\n%s", most, got, want)
		}
	}
	got := export(&h, []uint16{1}, t0.Add(time.Second), t0.Add(2*time.Second), 10)
	if strings.Count(got, "\r\n") != 2 || !strings.Contains(got, "'-x") || !strings.Contains(got, "direction,item 1\r\n") {
		t.Errorf("one value: %q", got)
	}
	if got := export(new(History), nil, time.Time{}, time.Time{}, 10); strings.Count(got, "\r\n") != 1 {
		t.Errorf("nothing: %q", got)
	}
}

// TestExportMeanwhile: values come and go while a table is made.
func TestExportMeanwhile(t *testing.T) {
	var h History
	n := 0
	add := func(count int) {
		for range count {
			h.Add(1, FromCloud, t0.Add(time.Duration(n)*time.Millisecond), []byte(strconv.Itoa(n)))
			n++
		}
	}
	add(MaxValues)
	e := h.Export(nil, time.Time{}, time.Time{}, func(uint16) (string, string) { return "", "" })
	var out []byte
	for done := false; !done; {
		out, done = e.Step(out, 10_000)
		add(1000)
		if p := e.Progress(); p < 0 || p > 1 {
			t.Fatalf("progress is %v", p)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, row := range rows[1:] {
		v, err := strconv.Atoi(row[6])
		if err != nil || v <= last || v >= MaxValues {
			t.Fatalf("row %v after %d", row, last)
		}
		last = v
	}
	if last != MaxValues-1 || len(rows) < MaxValues/2 {
		t.Errorf("%d rows, the last is %d", len(rows), last)
	}
}

// TestExportItems: a value of very many items widens the table within bounds and loses
// none of them.
func TestExportItems(t *testing.T) {
	var h History
	h.Add(1, FromCloud, t0, []byte(strings.Repeat("1\x00", 700)+"2"))
	rows, err := csv.NewReader(strings.NewReader(export(&h, nil, time.Time{}, time.Time{}, 10))).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[1]) != 6+maxItems {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := strings.Count(strings.Join(rows[1][6:], "; "), "; ") + 1; got != 701 {
		t.Errorf("%d items", got)
	}
}

// FuzzCell: whatever a device sends, a cell reads back as one cell of the same text, and
// no spreadsheet takes it for a formula.
func FuzzCell(f *testing.F) {
	f.Add([]byte("=cmd|' /C calc'!A0"))
	f.Add([]byte("-5.5"))
	f.Fuzz(func(t *testing.T, text []byte) {
		line := string(AppendCell(nil, text)) + ",x\n"
		r := csv.NewReader(strings.NewReader(line))
		row, err := r.Read()
		if err != nil || len(row) != 2 || row[1] != "x" {
			t.Fatalf("%q: %q, %v", text, row, err)
		}
		if _, err := r.Read(); err == nil {
			t.Fatalf("%q makes two lines", text)
		}
		if _, number := Number(text); !number && row[0] != "" && strings.ContainsRune("=+-@\t\r", rune(row[0][0])) {
			t.Errorf("%q is a formula", row[0])
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	var h History
	for pin := range uint16(8) {
		h.Series(nil, Line{Pin: pin}, t0, t0.Add(time.Hour), 100)
	}
	value := []byte("23.45")
	now := t0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now = now.Add(time.Millisecond)
		h.Add(uint16(i%20), FromCloud, now, value)
	}
}

// BenchmarkSeries draws eight lines of all values that there can be.
func BenchmarkSeries(b *testing.B) {
	var h History
	now := t0
	for i := range MaxValues {
		now = now.Add(time.Millisecond)
		h.Add(uint16(i%8), FromCloud, now, strconv.AppendFloat(nil, math.Sin(float64(i)/1e3)*100, 'f', 2, 64))
	}
	var points []float64
	draw := func() (more bool) {
		points = points[:0]
		for pin := range uint16(8) {
			var m bool
			points, m = h.Series(points, Line{Pin: pin}, t0, now, 800)
			more = more || m
		}
		return more
	}
	for start := time.Now(); draw(); start = time.Now() {
		b.ReportMetric(float64(time.Since(start).Microseconds()), "fill-µs")
	}
	b.ReportAllocs()
	for b.Loop() {
		draw()
	}
}

func BenchmarkExport(b *testing.B) {
	var h History
	now := t0
	for i := range 20_000 {
		now = now.Add(time.Millisecond)
		h.Add(uint16(i%8), FromCloud, now, strconv.AppendInt(nil, int64(i), 10))
	}
	var out []byte
	for b.Loop() {
		e := h.Export(nil, time.Time{}, time.Time{}, func(uint16) (string, string) { return "name", "°C" })
		out, _ = e.Step(out[:0], 1<<30)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/40, "µs/1000values")
}
