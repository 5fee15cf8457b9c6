package schema

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"ncpweb/ncp"
)

// ours are the descriptions that package ncp is made from.
func ours(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("../idl/*.json")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	return files
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What the page reads at run time is what it was built with.
func TestOursIsBuiltIn(t *testing.T) {
	seen := 0
	s := New()
	for _, file := range ours(t) {
		d, err := Parse(read(t, file))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range d.Methods {
			got := &d.Methods[i]
			want, ok := ncp.Lookup(got.UID)
			if !ok || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s.%s is\n%+v\nbuilt in is\n%+v", file, got.Interface, got.Name, got, want)
			}
			seen++
		}
		if m := s.Merge(d); m.Same != len(d.Methods) || m.Added != nil || m.Differ != nil || m.Changed != nil {
			t.Errorf("%s merged: %+v", file, m)
		}
	}
	if seen != len(ncp.Methods) || len(s.Methods()) != seen {
		t.Errorf("%d methods in the files, %d built in, %d merged", seen, len(ncp.Methods), len(s.Methods()))
	}
}

const jidl = `{
  "module": "Test", "@version": "0.8.0", "@author": "x", "@output_dir": {"any": ["thing"]},
  "interfaces": {
    "ncp": {"ping": {"@uid": "0101", "@attrs": ["no_impl"], "@timeout": 100}},
    "blynk": {
      "joinWiFi": {"@uid": "0350", "@timeout": 30000, "@doc": "Joins\ta network",
        "args": [{"ssid": "String", "@doc": "name"}, {"password": "String"}, {"rssi": "Int16", "@dir": "out"}], "returns": "UInt8"},
      "shout": {"@uid": "0x0399", "@oneway": true, "args": [{"what": "Binary"}]}
    },
    "client": {"hear": {"@uid": "0450"}}
  }
}`

func TestJIDL(t *testing.T) {
	d, err := Parse([]byte("\ufeff" + jidl))
	if err != nil {
		t.Fatal(err)
	}
	want := []ncp.Method{
		{Interface: "ncp", Host: ncp.SideNCP, Name: "ping", UID: 0x0101, Timeout: 100 * time.Millisecond},
		{Interface: "blynk", Host: ncp.SideNCP, Name: "joinWiFi", UID: 0x0350, Timeout: 30 * time.Second, Doc: "Joins a network",
			In:  []ncp.Param{{Name: "ssid", Type: ncp.TypeString, Doc: "name"}, {Name: "password", Type: ncp.TypeString, Secret: true}},
			Out: []ncp.Param{{Name: "rssi", Type: ncp.TypeInt16}}, Returns: ncp.TypeUInt8, Result: ncp.Param{Name: "result", Type: ncp.TypeUInt8}},
		{Interface: "blynk", Host: ncp.SideNCP, Name: "shout", UID: 0x0399, Oneway: true, In: []ncp.Param{{Name: "what", Type: ncp.TypeBinary}}},
		{Interface: "client", Host: ncp.SideMCU, Name: "hear", UID: 0x0450, Timeout: time.Second},
	}
	if d.Name != "Test" || d.Version != "0.8.0" || !reflect.DeepEqual(d.Methods, want) {
		t.Errorf("got\n%+v\nwant\n%+v", d.Methods, want)
	}
	s := New()
	m := s.Merge(d)
	if len(m.Added) != 3 || m.Same != 1 {
		t.Fatalf("%+v", m)
	}
	if got, ok := s.Method(0x0350); !ok || got.Name != "joinWiFi" || s.BuiltIn(0x0350) || !s.BuiltIn(0x0101) {
		t.Error("the new method is not known, or taken for a built-in one")
	}
	// Another description changes what the first one added, never what is built in.
	other := strings.NewReplacer(`"String"}, {"rssi"`, `"Binary"}, {"rssi"`, `"0101"`, `"0102"`).Replace(jidl)
	d, err = Parse([]byte(other))
	if err != nil {
		t.Fatal(err)
	}
	if m = s.Merge(d); len(m.Changed) != 1 || len(m.Differ) != 1 || m.Same != 2 {
		t.Errorf("%+v", m)
	}
	if got, _ := s.Method(0x0350); got.In[1].Type != ncp.TypeBinary {
		t.Error("the newer description does not count")
	}
	if got, _ := s.Method(0x0102); got.Name != "reboot" {
		t.Error("a built-in method was replaced")
	}
}

func TestRefused(t *testing.T) {
	method := func(rest string) string {
		return `{"version":"1","interfaces":[{"name":"x","host":"ncp","methods":[{"name":"m","uid":"0x0900"` + rest + `}]}]}`
	}
	if _, err := Parse([]byte(method(""))); err != nil {
		t.Fatal(err)
	}
	many := strings.Repeat(`{"name":"p","type":"Bool"},`, MaxParams) + `{"name":"q","type":"Bool"}`
	for _, text := range []string{
		"", "x", "{}", "[]", `{"interfaces":[]}`, `{"interfaces":{}}`, `{"interfaces":{"a":{"b":{}}}}`, `{"":1,"interfaces":{"":{"":{"":1}}}}`,
		method(`,"extra":1`), method(`,"uid":"0x0901"`), strings.Replace(method(""), "0x0900", "0x900", 1), strings.Replace(method(""), `"ncp"`, `"me"`, 1),
		strings.Replace(method(""), `"m"`, `"bad name"`, 1), strings.Replace(method(""), `"m"`, `"m\u202e"`, 1), method(`,"timeout_ms":-1`), method(`,"timeout_ms":99999999`),
		method(`,"oneway":true,"returns":{"name":"r","type":"Bool"}`), method(`,"in":[` + many + `]`), method(`,"in":[{"name":"p","type":"Text"}]`),
		method(`,"in":[{"name":"p","type":"Bool"},{"name":"p","type":"Bool"}]`), method(`,"in":[{"name":"p","type":"UInt8","min":0}]`), method(`,"in":[{"name":"p","type":"UInt8","min":0,"max":256}]`),
		method(`,"in":[{"name":"p","type":"String","min":0,"max":2}]`), method(`,"in":[{"name":"p","type":"UInt8","secret":true}]`), method(`,"in":[{"name":"p","type":"UInt8","enum":"None"}]`),
		method(`,"doc":"` + strings.Repeat("x", MaxText+1) + `"`), method("") + " x",
		strings.Replace(jidl, `"0350"`, `"0101"`, 1), strings.Replace(jidl, `"@dir": "out"`, `"@dir": "up"`, 1), strings.Replace(jidl, `"ssid": "String"`, `"ssid": "String", "more": "Bool"`, 1),
		strings.Repeat(" ", MaxSize+1), strings.Repeat("[", 1000),
	} {
		if d, err := Parse([]byte(text)); err == nil {
			t.Errorf("%.120s was taken: %+v", text, d)
		} else if !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%.60s: the error %q tells no place", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(jidl))
	f.Add(asJIDL(true))
	f.Add(jidlOf(`"A": "B", "B": {"type": "alias", "for": "Int8"}, "C": {"type": "enum", "items": ["x"]}`, `, "args": [{"a": "A", "@dir": "inout", "@attrs": ["x"]}], "returns": {"type": "A"}`))
	for _, file := range ours(f) {
		f.Add(read(f, file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			return
		}
		s := New()
		s.Merge(d)
		if len(d.Methods) == 0 || len(d.Methods) > MaxMethods {
			t.Fatalf("%d methods", len(d.Methods))
		}
		for i := range d.Methods {
			m := &d.Methods[i]
			if !identifier(m.Name) || !identifier(m.Interface) || len(m.Doc) > MaxText || len(m.In) > MaxParams || len(m.Out) > MaxParams || m.Timeout > maxTimeout {
				t.Fatalf("%+v", m)
			}
			texts := make([]string, len(m.In))
			_, _ = Encode(m.In, texts, Room(m.Oneway))
		}
	})
}
