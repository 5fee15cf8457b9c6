package schema

import (
	"bytes"
	"testing"

	"ncpweb/internal/vectors"
	"ncpweb/ncp"
)

// Each call of the deployed driver: its arguments as texts are the same bytes again,
// and so are its results.
func TestVectors(t *testing.T) {
	v := vectors.Load[struct {
		Calls []struct {
			Name    string
			UID     uint16
			Oneway  bool
			Request struct {
				Payload string `json:"payload_hex"`
			}
			Result *struct {
				Rets string `json:"rets_hex"`
			}
		}
	}](t, "calls.json")
	s, cases := New(), 0
	check := func(name string, params []ncp.Param, want []byte) {
		cases++
		params = relaxed(params)
		texts, ok := Texts(params, want)
		if !ok {
			t.Errorf("%s: % x are not its values", name, want)
			return
		}
		got, err := Encode(params, texts, Room(true))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q became % x (%v), want % x", name, texts, got, err, want)
		}
	}
	for _, c := range v.Calls {
		m, ok := s.Method(c.UID)
		if !ok {
			t.Fatalf("%s is not known", c.Name)
		}
		head := 6
		if c.Oneway {
			head = 4
		}
		check(c.Name, m.In, vectors.Unhex(t, c.Request.Payload)[head:])
		if c.Result != nil {
			out := m.Out
			if m.Returns != ncp.TypeNone {
				out = append(out[:len(out):len(out)], m.Result)
			}
			check(c.Name+", result", out, vectors.Unhex(t, c.Result.Rets))
		}
	}
	if cases < 200 {
		t.Fatalf("only %d cases", cases)
	}
	t.Logf("%d cases", cases)
}

// relaxed are parameters without their hints: the vectors go beyond them on purpose, and
// what is in a list of pins is not always a number.
func relaxed(params []ncp.Param) []ncp.Param {
	out := make([]ncp.Param, len(params))
	for i, p := range params {
		out[i] = ncp.Param{Name: p.Name, Type: p.Type}
		if p.Format == ncp.FormatValues {
			out[i].Format = p.Format
		}
	}
	return out
}

func FuzzTexts(f *testing.F) {
	f.Add(uint16(ncp.UIDBlynkVirtualWrite), []byte{7, 0, 3, 0, 'a', 0, 'b'})
	f.Fuzz(func(t *testing.T, uid uint16, b []byte) {
		m, ok := ncp.Lookup(uid)
		if !ok || len(b) > Room(true) {
			return
		}
		params := relaxed(m.In)
		texts, ok := Texts(params, b)
		if !ok {
			return
		}
		got, err := Encode(params, texts, Room(true))
		if err == nil && !bytes.Equal(got, b) {
			t.Fatalf("% x became %q and % x", b, texts, got)
		}
	})
}
