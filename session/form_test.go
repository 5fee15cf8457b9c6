package session

import (
	"reflect"
	"strings"
	"testing"
)

func TestCheckField(t *testing.T) {
	tests := []struct {
		name, value string
		want        Rule // empty: fine
	}{
		{"templateID", "TMPL123", ""},
		{"templateID", "", RuleRequired},
		{"templateID", "tmpl123", RulePrefix},
		{"templateID", "TMPL\x00", RuleNUL},
		{"templateID", "TMPL" + strings.Repeat("x", 29), RuleLong},
		{"templateName", "", RuleRequired},
		{"templateName", "Pumpe äöü", ""},
		{"firmwareVersion", "", ""},
		{"vendorServer", strings.Repeat("x", 256), RuleLong},
		{"configTimeout", "", ""},
		{"configTimeout", "60", ""},
		{"configTimeout", " 3600 ", ""},
		{"configTimeout", "59", RuleRange},
		{"configTimeout", "3601", RuleRange},
		{"configTimeout", "1e3", RuleNumber},
		{"configTimeout", "-60", RuleRange},
		{"configSkipLimit", "0", ""},
		{"configSkipLimit", "4", RuleRange},
		{"configSkipLimit", "5", ""},
		{"configSkipLimit", "50", ""},
		{"configSkipLimit", "51", RuleRange},
		{"led.gpio", "", RuleRequired},
		{"led.gpio", "65535", ""},
		{"led.gpio", "65536", RuleRange},
		{"led.gpio", "99999999999999999999", RuleRange},
		{"led.gpio", "GPIO2", RuleNumber},
		{"argb.count", "0", RuleRange},
		{"argb.count", "255", ""},
		{"brightness", "256", RuleRange},
		{"setTime", "anything", ""},
		{"no such field", "x", ""},
	}
	for _, tt := range tests {
		err := CheckField(tt.name, tt.value)
		switch {
		case err == nil && tt.want == "":
		case err == nil || err.Rule != tt.want || err.Field != tt.name:
			t.Errorf("%s %.20q: got %+v, want %q", tt.name, tt.value, err, tt.want)
		}
	}
}

// TestForm: every configuration comes back from its form.
func TestForm(t *testing.T) {
	for _, c := range []Configuration{sample(), {TemplateID: "TMPL1", TemplateName: "x"}} {
		values := FormValues(c)
		got, errs := ParseForm(func(name string) string { return values[name] })
		if len(errs) != 0 || !reflect.DeepEqual(got, c) {
			t.Errorf("got %+v, %v", got, errs)
		}
		for name := range values {
			if _, ok := FieldNamed(name); !ok {
				t.Errorf("%s is not a field", name)
			}
		}
	}
	// Fields of a group that is off do not count.
	_, errs := ParseForm(func(name string) string {
		switch name {
		case "templateID":
			return "TMPL1"
		case "templateName":
			return " Name "
		case "led.gpio", "brightness":
			return "nonsense"
		case "configTimeout":
			return "1"
		}
		return ""
	})
	if len(errs) != 1 || errs[0].Field != "configTimeout" || errs[0].Rule != RuleRange || errs[0].Min != 60 || errs[0].Max != 3600 {
		t.Errorf("%+v", errs)
	}
}

// FuzzForm: whatever is typed, nothing panics, and what is accepted is valid.
func FuzzForm(f *testing.F) {
	f.Add("TMPL1", "name", "12", "on")
	f.Fuzz(func(t *testing.T, id, text, number, on string) {
		c, errs := ParseForm(func(name string) string {
			field, _ := FieldNamed(name)
			switch {
			case name == "templateID":
				return id
			case field.Kind == FieldNumber:
				return number
			case field.Kind == FieldSwitch:
				return on
			}
			return text
		})
		if len(errs) == 0 && len(c.Validate()) != 0 {
			t.Errorf("%+v: %v", c, c.Validate())
		}
	})
}
