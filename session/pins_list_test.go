package session

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ncpweb/sim/ncpsim"
)

func TestParsePinList(t *testing.T) {
	pump := PinInfo{Number: 5, Name: "Pump, left", Unit: "°C", Min: -20, Max: 120.5, Color: "#1a2B3c"}
	for name, text := range map[string]string{
		"CSV":               "pin,name,unit,min,max,color\n5,\"Pump, left\",°C,-20,120.5,#1a2B3c\n7,,,,,",
		"another order":     "\ufeffColor;Label;Maximum;Minimum;Units;Vpin;x\r\n#1a2B3c;Pump, left;120,5;-20;°C;V5;1\r\n;;;;;v7;\r\n",
		"tabs":              "number\tname\tunit\tmin\tmax\tcolour\n5\tPump, left\t°C\t-20\t120.5\t#1a2B3c\n\n7",
		"JSON":              `[{"pin": 5, "name": "Pump, left", "unit": "°C", "min": -20, "max": 120.5, "color": "#1a2B3c", "more": [1, {}]}, {"number": "V7", "unit": null}]`,
		"JSON in an object": "\n" + `{"format": 1, "pins": [{"max": 120.5, "min": -20, "unit": "°C", "label": "Pump, left", "color": "#1a2B3c", "pin": "5"}, {"pin": 7}]}`,
	} {
		list, err := ParsePinList([]byte(text))
		if want := []PinInfo{pump, {Number: 7}}; err != nil || !slices.Equal(list, want) {
			t.Errorf("%s: %+v, %v", name, list, err)
		}
	}
	many := "pin\n"
	for i := range MaxPins + 1 {
		many += strconv.Itoa(i) + "\n"
	}
	for name, tt := range map[string]struct {
		text string
		line int
	}{
		"large":           {strings.Repeat(" ", MaxPinList+1), 0},
		"empty":           {"", 0},
		"no header":       {"5,Pump", 1},
		"no pin":          {"pin,name\n,Pump", 2},
		"too high":        {"pin\n5\n65536", 3},
		"negative":        {"pin\n-1", 2},
		"twice":           {"pin\n5\nV5", 3},
		"many":            {many, MaxPins + 2},
		"long name":       {"pin,name\n5," + strings.Repeat("x", maxName+1), 2},
		"two lines":       {"pin,name\n\"5\",\"a\nb\"\n6,c", 2},
		"long unit":       {"pin,unit\n5,aaaaaaaaaaaaaaaaa", 2},
		"range":           {"pin,min,max\n5,2,1", 2},
		"no number":       {"pin,min\n5,low", 2},
		"infinite":        {"pin,max\n5,1e400", 2},
		"color":           {"pin,color\n5,red", 2},
		"markup":          {"pin,color\n5,\"url(x)\"", 2},
		"columns":         {"pin" + strings.Repeat(",a", maxColumns), 1},
		"JSON":            {"[\n{\"pin\": 5},\n{\"pin\": 5}]", 3},
		"JSON later":      {"\n\n[\n{\"pin\": -5}]", 4},
		"JSON type":       {`[{"pin": true}]`, 1},
		"JSON half":       {`{"pins": [{"pin": 1.5}]}`, 1},
		"JSON none":       {`{"pin": 5}`, 1},
		"JSON behind":     {`[] []`, 1},
		"JSON name twice": {`[{"pin": 1, "pin": 2}]`, 1},
	} {
		list, err := ParsePinList([]byte(tt.text))
		var file *FileError
		if !errors.As(err, &file) || file.Line != tt.line || list != nil {
			t.Errorf("%s: %d pins, %v", name, len(list), err)
		}
	}
}

func FuzzParsePinList(f *testing.F) {
	f.Add([]byte("pin,name,unit,min,max,color\n5,\"Pump, left\",°C,-20,120.5,#1a2B3c"))
	f.Add([]byte(`{"pins": [{"pin": 5, "name": "=x", "min": -1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ParsePinList(data)
		if err != nil {
			return
		}
		again, err := ParsePinList(AppendPinList(nil, list))
		for i := range list {
			if list[i].Min == list[i].Max {
				list[i].Min, list[i].Max = 0, 0
			}
			list[i].Name, list[i].Unit = strings.TrimSpace(list[i].Name), strings.TrimSpace(list[i].Unit)
		}
		if err != nil || len(list) > MaxPins || !slices.Equal(list, again) {
			t.Errorf("%+v comes back as %+v, %v", list, again, err)
		}
		if err := New(Options{}).SetPinInfo(list...); err != nil {
			t.Errorf("what is read cannot be set: %v", err)
		}
	})
}

func TestSetPinInfo(t *testing.T) {
	inLab(t, usual(), ncpsim.Options{Provisioned: true}, Options{}, func(l *lab) {
		info := PinInfo{Number: 5, Name: "Pump", Unit: "°C", Min: -1, Max: 1, Color: "#00ff00"}
		if err := l.s.SetPinInfo(info, PinInfo{Number: 3}); err != nil {
			t.Fatal(err)
		}
		for _, wrong := range []PinInfo{
			{Number: 9, Name: strings.Repeat("x", 65)}, {Number: 9, Name: "a\x00"}, {Number: 9, Name: "\xff"}, {Number: 9, Unit: "\n"},
			{Number: 9, Min: 1}, {Number: 9, Max: math.NaN()}, {Number: 9, Max: math.Inf(1)}, {Number: 9, Color: "#12345g"},
		} {
			if err := l.s.SetPinInfo(PinInfo{Number: 8}, wrong); ProblemOf(err).Code != CodeInput {
				t.Errorf("%+v: %v", wrong, err)
			}
		}
		st := l.s.State()
		p := pinOf(st, 5)
		if len(st.Pins) != 2 || p.Name != "Pump" || p.Unit != "°C" || p.Min != -1 || p.Max != 1 || p.Color != "#00ff00" {
			t.Errorf("%+v", st.Pins)
		}
		// What a person knows of a pin outlives the device, the values do not.
		connectedLab(l)
		if err := l.s.VirtualWrite(l.ctx, 5, "1"); err != nil {
			t.Fatal(err)
		}
		if n := l.s.History().Stats().Values; n != 1 {
			t.Errorf("%d values are kept", n)
		}
		l.s.mu.Lock()
		l.s.forget()
		l.s.mu.Unlock()
		if p := pinOf(l.s.State(), 5); p.Unit != "°C" || p.Max != 1 || p.Count != 0 || len(p.Values) != 0 {
			t.Errorf("%+v", p)
		}
		if n := l.s.History().Stats().Values; n != 0 {
			t.Errorf("%d values of another device are kept", n)
		}
	})
}
