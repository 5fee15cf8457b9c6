package json_test

import (
	stdjson "encoding/json"
	"reflect"
	"strings"
	"testing"

	"ncpweb/internal/json"
)

// value reads any value as encoding/json would, so that the two can be compared.
func value(r *json.Reader) (any, error) {
	switch r.Kind() {
	case json.Null:
		if !r.Null() {
			return nil, r.Fail("not null")
		}
		return nil, nil
	case json.Bool:
		return r.Bool()
	case json.Number:
		return r.Float()
	case json.String:
		return r.String()
	case json.Array:
		list := []any{}
		err := r.Array(func(int) error {
			v, err := value(r)
			list = append(list, v)
			return err
		})
		return list, err
	case json.Object:
		m := map[string]any{}
		err := r.Object(func(name []byte) error {
			key := string(name)
			v, err := value(r)
			m[key] = v
			return err
		})
		return m, err
	}
	return nil, r.Fail("no value")
}

func read(data []byte) (any, error) {
	r := json.NewReader(data)
	v, err := value(r)
	if err == nil {
		err = r.End()
	}
	return v, err
}

func TestGood(t *testing.T) {
	for _, s := range []string{
		`null`, `true`, ` false `, `0`, `-0`, `-12.5e+3`, `1E2`, `""`, `"a\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00"`, `"Київ 温度"`,
		`[]`, `[1,2,[3]]`, `{}`, `{"a":1,"b":{"c":[true,null]}}`, "\t[ 1 ,\r\n 2 ] \n", strings.Repeat("[", 32) + strings.Repeat("]", 32),
		`{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,"m":0,"n":0,"o":0,"p":0,"q":0,"r":0}`,
	} {
		got, err := read([]byte(s))
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		var want any
		if err := stdjson.Unmarshal([]byte(s), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", s, got, want)
		}
	}
}

func TestBad(t *testing.T) {
	many := `{`
	for i := range 20 {
		many += `"n` + string(rune('a'+i)) + `":0,`
	}
	for _, s := range []string{
		``, ` `, `nul`, `nulll`, `tru`, `01`, `1.`, `.5`, `+1`, `1e`, `-`, `"a`, `"\x"`, `"\u12"`, `"\ud800"`, `"\ud800\u0041"`, "\"\x01\"", "\"\xff\"", "\"\\n\xff\"",
		`[1,]`, `[1 2]`, `[`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, many + `"na":1}`, `[] []`, `1e999`, strings.Repeat("[", 33) + strings.Repeat("]", 33), strings.Repeat("[", 1e6),
	} {
		if _, err := read([]byte(s)); err == nil {
			t.Errorf("%.60q was taken", s)
		}
	}
}

func TestErrorPlace(t *testing.T) {
	_, err := read([]byte("{\n \"a\": x}"))
	if err == nil || !strings.HasPrefix(err.Error(), "line 2, column 7:") {
		t.Errorf("got %v", err)
	}
}

func TestAppend(t *testing.T) {
	for _, s := range []string{"", "plain", "a\"b\\c\n\r\t\x00\x1f\x7f", "Київ", "</script>", "\u2028\u2029\u0085", "😀"} {
		b := json.AppendString(nil, s)
		var got string
		if err := stdjson.Unmarshal(b, &got); err != nil || got != s {
			t.Errorf("%q became %s: %v", s, b, err)
		}
		if got, err := json.NewReader(b).String(); err != nil || got != s {
			t.Errorf("%q was read as %q: %v", s, got, err)
		}
	}
	if got := string(json.AppendString(nil, "a\xffb")); got != `"a\ufffdb"` {
		t.Errorf("invalid UTF-8 became %s", got)
	}
}

// Whatever is taken, encoding/json takes as well and reads the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte(`{"a":[1,-2.5e3,"x\u00e9",true,null]}`))
	f.Add([]byte(`"\ud83d\ude00"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := read(data)
		if err != nil {
			return
		}
		var want any
		if err := stdjson.Unmarshal(data, &want); err != nil {
			t.Fatalf("taken, but %v", err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		r := json.NewReader(data)
		if err := r.Skip(); err != nil || r.End() != nil {
			t.Fatalf("read, but not skipped: %v", err)
		}
	})
}
