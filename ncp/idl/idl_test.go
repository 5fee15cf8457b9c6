package idl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func own(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("*.json")
	if err != nil || len(names) != 5 {
		t.Fatalf("descriptions %v, %v", names, err)
	}
	files := map[string][]byte{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		files[n] = b
	}
	return files
}

func TestOwnDescriptions(t *testing.T) {
	var parts []*Description
	for name, b := range own(t) {
		d, err := Parse(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		parts = append(parts, d)
	}
	all, err := Merge(parts...)
	if err != nil {
		t.Fatal(err)
	}
	n, oneway, explicit := 0, 0, 0
	for _, in := range all.Interfaces {
		for _, m := range in.Methods {
			n++
			if m.Oneway {
				oneway++
			}
			if m.Timeout != 0 {
				explicit++
			}
			if m.Doc == "" {
				t.Errorf("%s.%s has no doc", in.Name, m.Name)
			}
			for _, p := range m.Params() {
				if p.Doc == "" {
					t.Errorf("%s.%s: %s has no doc", in.Name, m.Name, p.Name)
				}
			}
		}
	}
	if n != 57 || oneway != 13 || explicit != 10 {
		t.Errorf("%d methods, %d oneway, %d with a time-out", n, oneway, explicit)
	}
	if _, err := Merge(append(parts, parts[0])...); err == nil {
		t.Error("the same interface twice was merged")
	}
	if _, err := Merge(parts[0], &Description{Version: "9"}); err == nil {
		t.Error("two versions were merged")
	}
}

// one returns a description with one method, made of the given fields.
func one(method string) string {
	return fmt.Sprintf(`{"version":"1","interfaces":[{"name":"a","host":"ncp","methods":[{"name":"m","uid":"0x0001"%s}]}]}`, method)
}

func param(fields string) string { return one(`,"in":[{"name":"p",` + fields + `}]`) }

func TestParse(t *testing.T) {
	d, err := Parse([]byte(one(`,"doc":"Does it.","timeout_ms":2500,
		"in":[{"name":"level","type":"UInt8","min":5,"max":50,"also":[0],"unit":"%"}],
		"out":[{"name":"text","type":"String","secret":true,"prefix":"X","min_len":2}],
		"returns":{"name":"ok","type":"Bool"}`)))
	if err != nil {
		t.Fatal(err)
	}
	m := d.Interfaces[0].Methods[0]
	if m.UID != 1 || m.Timeout != 2500*time.Millisecond || len(m.Params()) != 3 || m.Returns.Type != Bool {
		t.Errorf("%+v", m)
	}
	if p := m.In[0]; *p.Min != 5 || *p.Max != 50 || p.Also[0] != 0 || p.Unit != "%" {
		t.Errorf("%+v", p)
	}
	if p := m.Out[0]; !p.Secret || p.Prefix != "X" || p.MinLen != 2 {
		t.Errorf("%+v", p)
	}
}

func TestParseRefuses(t *testing.T) {
	wrap := func(in string) string { return `{"version":"1","interfaces":[` + in + `]}` }
	enum := func(in string) string { return `{"version":"1","enums":[` + in + `]}` }
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":            {``, "EOF"},
		"no version":         {`{}`, "version"},
		"two values":         {`{"version":"1"} 1`, "more than one"},
		"not UTF-8":          {"\xff", "UTF-8"},
		"unknown field":      {`{"version":"1","x":1}`, "unknown field"},
		"too large":          {strings.Repeat(" ", MaxSize+1), "bytes"},
		"nesting":            {strings.Repeat("[", 100000), "depth"},
		"host":               {wrap(`{"name":"a","host":"x"}`), "host"},
		"interface name":     {wrap(`{"name":"A","host":"ncp"}`), "name"},
		"interface twice":    {wrap(`{"name":"a","host":"ncp"},{"name":"a","host":"mcu"}`), "twice"},
		"interfaces":         {wrap(strings.TrimSuffix(strings.Repeat(`{},`, MaxInterfaces+1), ",")), "interfaces"},
		"method name":        {strings.Replace(one(``), `"m"`, `"m-"`, 1), "not a name"},
		"long name":          {strings.Replace(one(``), `"m"`, `"`+strings.Repeat("m", MaxName+1)+`"`, 1), "not a name"},
		"method twice":       {wrap(`{"name":"a","host":"ncp","methods":[{"name":"m","uid":"0x0001"},{"name":"m","uid":"0x0002"}]}`), "twice"},
		"uid twice":          {wrap(`{"name":"a","host":"ncp","methods":[{"name":"m","uid":"0x0001"},{"name":"n","uid":"0x0001"}]}`), "uid"},
		"uid too short":      {strings.Replace(one(``), "0x0001", "0x1", 1), "uid"},
		"uid with a sign":    {strings.Replace(one(``), "0x0001", "0x+001", 1), "uid"},
		"uid with a gap":     {strings.Replace(one(``), "0x0001", "0x0_01", 1), "uid"},
		"doc of two lines":   {one(`,"doc":"a\nb"`), "character"},
		"long doc":           {one(`,"doc":"` + strings.Repeat("d", MaxDoc+1) + `"`), "text"},
		"time-out":           {one(`,"timeout_ms":-1`), "time-out"},
		"long time-out":      {one(`,"timeout_ms":9000000000000000000`), "time-out"},
		"oneway with result": {one(`,"oneway":true,"returns":{"name":"ok","type":"Bool"}`), "oneway"},
		"oneway with wait":   {one(`,"oneway":true,"timeout_ms":5`), "oneway"},
		"unknown type":       {param(`"type":"UInt128"`), "unknown type"},
		"no type":            {param(`"doc":"x"`), "unknown type"},
		"same name":          {one(`,"in":[{"name":"p","type":"Bool"}],"out":[{"name":"p","type":"Bool"}]`), "twice"},
		"parameters":         {one(`,"in":[` + strings.TrimSuffix(strings.Repeat(`{},`, MaxParams+1), ",") + `]`), "more than"},
		"min alone":          {param(`"type":"UInt8","min":1`), "min"},
		"range of a text":    {param(`"type":"String","min":1,"max":2`), "range"},
		"range too wide":     {param(`"type":"UInt8","min":0,"max":256`), "range"},
		"range turned round": {param(`"type":"UInt8","min":2,"max":1`), "range"},
		"also alone":         {param(`"type":"UInt8","also":[1]`), "no range"},
		"also outside":       {param(`"type":"UInt8","min":1,"max":2,"also":[-1]`), "value"},
		"secret number":      {param(`"type":"UInt8","secret":true`), "secrecy"},
		"length of a number": {param(`"type":"UInt8","max_len":1`), "length"},
		"lengths":            {param(`"type":"String","min_len":2,"max_len":1`), "length"},
		"negative length":    {param(`"type":"String","min_len":-1`), "length"},
		"format":             {param(`"type":"String","format":"html"`), "format"},
		"enumeration name":   {enum(`{"name":"e","values":[{"value":1,"name":"x"}]}`), "exported"},
		"enumeration twice":  {enum(`{"name":"E","values":[{"value":1,"name":"x"}]},{"name":"E","values":[{"value":1,"name":"x"}]}`), "twice"},
		"empty enumeration":  {enum(`{"name":"E"}`), "values"},
		"value twice":        {enum(`{"name":"E","values":[{"value":1,"name":"x"},{"value":1,"name":"y"}]}`), "after"},
		"value name twice":   {enum(`{"name":"E","values":[{"value":1,"name":"x"},{"value":2,"name":"x"}]}`), "name"},
		"value name":         {enum(`{"name":"E","values":[{"value":1,"name":"X"}]}`), "name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want something with %q", err, tt.want)
			}
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestMergeNeedsEnumerations(t *testing.T) {
	d, err := Parse([]byte(param(`"type":"UInt8","enum":"E"`)))
	if err != nil {
		t.Fatal("a part may use an enumeration of another one:", err)
	}
	if _, err := Merge(d); err == nil {
		t.Error("an enumeration that is nowhere was accepted")
	}
}

func FuzzParse(f *testing.F) {
	for _, b := range own(f) {
		f.Add(b)
	}
	f.Add([]byte(param(`"type":"UInt8","min":0,"max":255`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Parse(b)
		if err != nil {
			return
		}
		if _, err := Merge(d, d); err == nil && len(d.Enums)+len(d.Interfaces) > 0 {
			t.Error("everything twice was merged")
		}
	})
}
