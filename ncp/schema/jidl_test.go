package schema

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"ncpweb/internal/json"
	"ncpweb/ncp"
)

// asJIDL writes the built-in methods as a .jidl, in the two ways that the form has for
// an argument and a return value.
func asJIDL(strict bool) []byte {
	b := []byte(`{"module": "Blynk.NCP", "@version": "0.7.0", "@output_dir": "./x", "interfaces": {`)
	comma := func(i int) {
		if i > 0 {
			b = append(b, ',')
		}
	}
	params := func(list []ncp.Param, dir string, first bool) bool {
		for _, p := range list {
			if !first {
				b = append(b, ',')
			}
			first = false
			if strict {
				b = append(b, `{"type": "`+p.Type.String()+`", "name": "`+p.Name+`", "@dir": "`+dir+`"}`...)
				continue
			}
			b = append(b, `{"`+p.Name+`": "`+p.Type.String()+`"`...)
			if dir == "out" {
				b = append(b, `, "@dir": "out", "@doc": "x"`...)
			}
			b = append(b, '}')
		}
		return first
	}
	open := ""
	for i := range ncp.Methods {
		m := &ncp.Methods[i]
		if m.Interface != open {
			if open != "" {
				b = append(b, "},"...)
			}
			open = m.Interface
			b = append(b, `"`+open+`": {`...)
		} else {
			comma(1)
		}
		b = append(b, `"`+m.Name+`": {"@uid": "`+strings.ToUpper(strconv.FormatUint(uint64(m.UID)|1<<16, 16))[1:]+`", "@doc": `...)
		b = append(json.AppendString(b, m.Doc), `, "args": [`...)
		params(m.Out, "out", params(m.In, "in", true))
		b = append(b, ']')
		switch {
		case m.Oneway && strict:
			b = append(b, `, "@oneway": true`...)
		case m.Oneway:
			b = append(b, `, "@attrs": ["oneway"]`...)
		default:
			b = append(b, `, "@timeout": `+strconv.FormatInt(m.Timeout.Milliseconds(), 10)+`, "@attrs": ["no_impl", "c:ret_status"], "@c:error_val": false`...)
		}
		if m.Returns != ncp.TypeNone && strict {
			b = append(b, `, "returns": {"type": "`+m.Returns.String()+`"}`...)
		} else if m.Returns != ncp.TypeNone {
			b = append(b, `, "returns": "`+m.Returns.String()+`"`...)
		} else if strict {
			b = append(b, `, "returns": null`...)
		}
		b = append(b, '}')
	}
	return append(b, "}}}"...)
}

func TestBuiltInAsJIDL(t *testing.T) {
	for _, strict := range []bool{false, true} {
		d, err := Parse(asJIDL(strict))
		if err != nil {
			t.Fatal(err)
		}
		s := New()
		if m := s.Merge(d); m.Same != len(ncp.Methods) || len(m.Added)+len(m.Differ)+len(m.Changed) != 0 {
			t.Errorf("strict %v: %d same, %d added, differ %+v", strict, m.Same, len(m.Added), m.Differ)
		}
		for _, m := range d.Methods {
			if want, _ := ncp.Lookup(m.UID); m.Timeout != want.Timeout || m.Doc != want.Doc {
				t.Errorf("%s: %v %q, want %v %q", m.Name, m.Timeout, m.Doc, want.Timeout, want.Doc)
			}
		}
	}
}

func jidlOf(types, method string) []byte {
	return []byte(`{"module": "T", "types": {` + types + `}, "interfaces": {"x": {"m": {"@uid": "0901"` + method + `}}}}`)
}

func TestJIDLForms(t *testing.T) {
	m := func(change func(m *ncp.Method)) ncp.Method {
		out := ncp.Method{Interface: "x", Host: ncp.SideNCP, Name: "m", UID: 0x0901, Timeout: time.Second}
		change(&out)
		return out
	}
	value := func(name string, kind ncp.Type) []ncp.Param { return []ncp.Param{{Name: name, Type: kind}} }
	for _, c := range []struct {
		types, method string
		want          ncp.Method
	}{
		{`"Level": "UInt8", "Deep": {"type": "alias", "for": "Level", "@doc": "x"}`, `, "args": [{"a": "Deep"}]`, m(func(m *ncp.Method) { m.In = value("a", ncp.TypeUInt8) })},
		{``, `, "args": [{"a": "Float32"}]`, m(func(m *ncp.Method) { m.In = value("a", ncp.TypeFloat) })},
		{``, `, "args": [{"name": "String"}, {"type": "UInt8"}, {"type": "Bool", "name": "type2"}]`, m(func(m *ncp.Method) {
			m.In = []ncp.Param{{Name: "name", Type: ncp.TypeString}, {Name: "type", Type: ncp.TypeUInt8}, {Name: "type2", Type: ncp.TypeBool}}
		})},
		{``, `, "args": [{"a": "Int8", "@dir": "inout", "@maxlen": 3}]`, m(func(m *ncp.Method) { m.In, m.Out = value("a", ncp.TypeInt8), value("a", ncp.TypeInt8) })},
		{``, `, "args": [{"a": "Binary", "@flex": false}]`, m(func(m *ncp.Method) { m.In = value("a", ncp.TypeBinary) })},
		{``, `, "args": [{"apiKey": "Binary"}, {"key": "String"}, {"pwd_len": "UInt8"}]`, m(func(m *ncp.Method) {
			m.In = []ncp.Param{{Name: "apiKey", Type: ncp.TypeBinary, Secret: true}, {Name: "key", Type: ncp.TypeString}, {Name: "pwd_len", Type: ncp.TypeUInt8}}
		})},
		{``, `, "@attrs": ["no_impl", "oneway"]`, m(func(m *ncp.Method) { m.Oneway, m.Timeout = true, 0 })},
		{``, `, "returns": {"type": "Int16", "@doc": "x"}`, m(func(m *ncp.Method) {
			m.Returns, m.Result = ncp.TypeInt16, ncp.Param{Name: "result", Type: ncp.TypeInt16}
		})},
		{``, `}, "@doc": "of the interface", "later": {"@TODO": 1, "args": []}, "also": {"@attrs": ["TODO"]`, m(func(*ncp.Method) {})},
	} {
		d, err := Parse(jidlOf(c.types, c.method))
		if err != nil {
			t.Errorf("%s %s: %v", c.types, c.method, err)
			continue
		}
		if len(d.Methods) != 1 || !reflect.DeepEqual(d.Methods[0], c.want) {
			t.Errorf("%s %s is\n%+v\nwant\n%+v", c.types, c.method, d.Methods, c.want)
		}
	}
}

func TestJIDLRefused(t *testing.T) {
	chain := `"T0": "UInt8"`
	for i := 1; i < 12; i++ {
		chain += `, "T` + strconv.Itoa(i) + `": "T` + strconv.Itoa(i-1) + `"`
	}
	many := strings.Repeat(`"one",`, MaxParams) + `"more"`
	for _, c := range []struct{ types, method, reason string }{
		{``, `, "args": [{"a": "Float64"}]`, "Float64 is not one of those of the protocol"},
		{`"P": {"type": "struct", "fields": [{"name": "x", "type": "Float32"}]}`, `, "args": [{"a": "P"}]`, "of the kind struct"},
		{`"E": {"type": "enum", "items": ["a"]}, "F": "E"`, `, "returns": "F"`, "of the kind enum"},
		{`"A": {"type": "array", "of": "UInt8"}`, `, "returns": {"type": "A"}`, "of the kind array"},
		{`"N": "n_t", "n_t": "$external"`, `, "args": [{"a": "N"}]`, "not one of those"},
		{`"A": "B", "B": "A"`, `, "args": [{"a": "A"}]`, "not one of those"},
		{chain, `, "args": [{"a": "T11"}]`, "not one of those"},
		{`"bad name": "UInt8"`, ``, "name of a type"},
		{``, `, "args": [{"a": "Binary", "@flex": true}]`, "flex"},
		{``, `, "args": [{"a": "Binary", "@attrs": ["flex"]}]`, "flex"},
		{``, `, "args": [{"a": "Bool", "@dir": "up"}]`, "direction"},
		{``, `, "args": [{}]`, "not one name with its type"},
		{``, `, "args": [{"a": "Bool", "b": "Bool"}]`, "not one name with its type"},
		{``, `, "args": [{"a": "Bool", "name": "Bool", "type": "Bool"}]`, "more than a name"},
		{``, `, "args": [{"a": 1}]`, "a string is needed"},
		{``, `, "returns": {}`, "no type"},
		{``, `, "returns": {"kind": "Bool"}`, "nothing is called"},
		{``, `, "fields": []`, "nothing is called"},
		{``, `, "@attrs": ["oneway"], "returns": "Bool"`, "one-way"},
		{``, `, "@attrs": [` + many + `]`, "too many attributes"},
		{``, `, "@timeout": -5`, "time-out"},
		{``, `}, "n": {"args": []`, "x.n has no @uid"},
		{``, `}, "n": {"@uid": "0901"`, "another method"},
	} {
		if d, err := Parse(jidlOf(c.types, c.method)); err == nil || !strings.Contains(err.Error(), c.reason) || !strings.HasPrefix(err.Error(), "line 1, column ") {
			t.Errorf("%.60s %s: %v, want %q; %+v", c.types, c.method, err, c.reason, d)
		}
	}
	// What is no JSON is told where it is, also ahead of the interfaces.
	if _, err := Parse([]byte("{\"module\": \"x\",\n // no\n\"interfaces\": {}}")); err == nil || !strings.HasPrefix(err.Error(), "line 2, ") {
		t.Errorf("a comment: %v", err)
	}
}
