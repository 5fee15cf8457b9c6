package schema

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"ncpweb/ncp"
)

func TestEncode(t *testing.T) {
	level := ncp.Param{Name: "level", Type: ncp.TypeUInt16, Ranged: true, Min: 5, Max: 50, Also: []int64{0}, Values: []ncp.Named{{Value: 10, Name: "ten high"}}}
	for _, c := range []struct {
		param ncp.Param
		text  string
		want  string
		fault Fault
	}{
		{ncp.Param{Type: ncp.TypeBool}, " True ", "\x01", 0},
		{ncp.Param{Type: ncp.TypeBool}, "0", "\x00", 0},
		{ncp.Param{Type: ncp.TypeBool}, "", "", FaultBool},
		{level, "50", "\x32\x00", 0},
		{level, "0", "\x00\x00", 0},
		{level, "0x20", "\x20\x00", 0},
		{level, "Ten High", "\x0a\x00", 0},
		{level, "010", "\x0a\x00", 0},
		{level, "1_0", "", FaultNumber},
		{level, "0b1010", "", FaultNumber},
		{level, "0x+20", "", FaultNumber},
		{level, "0x", "", FaultNumber},
		{level, "4", "", FaultRange},
		{level, "", "", FaultNumber},
		{ncp.Param{Type: ncp.TypeUInt8}, "256", "", FaultRange},
		{ncp.Param{Type: ncp.TypeInt8}, "-128", "\x80", 0},
		{ncp.Param{Type: ncp.TypeInt16}, "-2", "\xfe\xff", 0},
		{ncp.Param{Type: ncp.TypeInt16}, "-0X2", "\xfe\xff", 0},
		{ncp.Param{Type: ncp.TypeInt32}, "99999999999", "", FaultRange},
		{ncp.Param{Type: ncp.TypeInt64}, "-1", "\xff\xff\xff\xff\xff\xff\xff\xff", 0},
		{ncp.Param{Type: ncp.TypeUInt64}, "18446744073709551615", "\xff\xff\xff\xff\xff\xff\xff\xff", 0},
		{ncp.Param{Type: ncp.TypeUInt64}, "18446744073709551616", "", FaultRange},
		{ncp.Param{Type: ncp.TypeUInt64, Ranged: true, Max: 5}, "18446744073709551615", "", FaultRange},
		{ncp.Param{Type: ncp.TypeFloat}, "1.5", "\x00\x00\xc0\x3f", 0},
		{ncp.Param{Type: ncp.TypeFloat}, "x", "", FaultFloat},
		{ncp.Param{Type: ncp.TypeString}, "Київ", "Київ\x00", 0},
		{ncp.Param{Type: ncp.TypeString}, "", "\x00", 0},
		{ncp.Param{Type: ncp.TypeString}, "a\x00b", "", FaultNUL},
		{ncp.Param{Type: ncp.TypeString, MinLen: 2}, "a", "", FaultShort},
		{ncp.Param{Type: ncp.TypeString, MaxLen: 2}, "abc", "", FaultLong},
		{ncp.Param{Type: ncp.TypeString, Prefix: "TMPL"}, "TMP", "", FaultPrefix},
		{ncp.Param{Type: ncp.TypeString}, strings.Repeat("x", ncp.MaxMessage+1), "", FaultLong},
		{ncp.Param{Type: ncp.TypeBinary}, "0x A5 12ff", "\x03\x00\xa5\x12\xff", 0},
		{ncp.Param{Type: ncp.TypeBinary}, "0xA", "", FaultHex},
		{ncp.Param{Type: ncp.TypeBinary}, "0xA 5", "", FaultHex},
		{ncp.Param{Type: ncp.TypeBinary}, `a\n\x00\\`, "\x04\x00a\n\x00\\", 0},
		{ncp.Param{Type: ncp.TypeBinary}, `a\q`, "", FaultEscape},
		{ncp.Param{Type: ncp.TypeBinary}, `a\x0`, "", FaultEscape},
		{ncp.Param{Type: ncp.TypeBinary}, `a\`, "", FaultEscape},
		{ncp.Param{Type: ncp.TypeBinary, Format: ncp.FormatValues}, "1\r\n2 3\n", "\x05\x001\x002 3", 0},
		{ncp.Param{Type: ncp.TypeBinary, Format: ncp.FormatPins}, "V1, 2;v300", "\x07\x001\x002\x00300", 0},
		{ncp.Param{Type: ncp.TypeBinary, Format: ncp.FormatPins}, "V70000", "", FaultPin},
	} {
		got, err := Encode([]ncp.Param{c.param}, []string{c.text}, Room(false))
		var input *InputError
		if c.fault != 0 {
			if !errors.As(err, &input) || input.Fault != c.fault || Check(&c.param, c.text) != c.fault {
				t.Errorf("%s %.20q: %v, want fault %d", c.param.Type, c.text, err, c.fault)
			}
			continue
		}
		if err != nil || string(got) != c.want || Check(&c.param, c.text) != 0 {
			t.Errorf("%s %q: %q %v, want %q", c.param.Type, c.text, got, err, c.want)
		}
	}
}

func TestLength(t *testing.T) {
	for _, c := range []struct {
		param ncp.Param
		text  string
		want  int
		ok    bool
	}{
		{ncp.Param{Type: ncp.TypeString, MaxLen: 2}, "Київ", 8, true},
		{ncp.Param{Type: ncp.TypeString, MinLen: 2}, "", 0, true},
		{ncp.Param{Type: ncp.TypeBinary}, "0x00 01 02", 3, true},
		{ncp.Param{Type: ncp.TypeBinary}, "0x0", 0, false},
		{ncp.Param{Type: ncp.TypeBinary, Format: ncp.FormatValues}, "a\nbc", 4, true},
		{ncp.Param{Type: ncp.TypeUInt8}, "1", 0, false},
	} {
		if n, ok := Length(&c.param, c.text); n != c.want || ok != c.ok {
			t.Errorf("%s %q: %d %v", c.param.Type, c.text, n, ok)
		}
	}
}

func TestEncodeFillsNoMessageBeyondItsSize(t *testing.T) {
	two := []ncp.Param{{Type: ncp.TypeString}, {Type: ncp.TypeString}}
	full := strings.Repeat("x", Room(false)-2)
	if b, err := Encode(two, []string{full, ""}, Room(false)); err != nil || len(b) != Room(false) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	var input *InputError
	if _, err := Encode(two, []string{full, "y"}, Room(false)); !errors.As(err, &input) || input.Param != 1 || input.Fault != FaultLong {
		t.Errorf("%v", err)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add(uint8(ncp.TypeBinary), uint8(ncp.FormatValues), `a\n`)
	f.Add(uint8(ncp.TypeInt16), uint8(0), "-0x12")
	f.Fuzz(func(t *testing.T, kind, format uint8, text string) {
		p := ncp.Param{Type: ncp.Type(kind%uint8(ncp.TypeBinary) + 1), Format: ncp.Format(format % 5)}
		b, err := Encode([]ncp.Param{p}, []string{text}, Room(true))
		if err == nil && len(b) > Room(true) {
			t.Fatalf("%d bytes", len(b))
		}
		if p.Type == ncp.TypeString && err == nil && !bytes.Equal(b, append([]byte(text), 0)) {
			t.Fatalf("%q became %q", text, b)
		}
	})
}
