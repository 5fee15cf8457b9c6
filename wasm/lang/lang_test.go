package lang

import "testing"

func TestEnglish(t *testing.T) {
	for got, want := range map[string]string{
		T("Pins"):                               "Pins",
		F("{0} of {1}, {2}", "3", "{0}"):        "3 of {0}, {2}",
		F("a { b {x} {", "1"):                   "a { b {x} {",
		N(1, "{0} pin", "{0} pins"):             "1 pin",
		N(2, "{0} pin", "{0} pins of {1}", "V"): "2 pins of V",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestUkrainian(t *testing.T) {
	defer Use(nil)
	Use(&Table{Code: "uk", Texts: map[string]string{"Pins": "Піни", "{0} pin\x00{0} pins": "{0} пін\x00{0} піни\x00{0} пінів"}})
	if Code() != "uk" || T("Pins") != "Піни" || T("unknown") != "unknown" {
		t.Errorf("%s %s %s", Code(), T("Pins"), T("unknown"))
	}
	for n, want := range map[int]string{0: "0 пінів", 1: "1 пін", 2: "2 піни", 5: "5 пінів", 11: "11 пінів", 12: "12 пінів", 21: "21 пін", 22: "22 піни", 111: "111 пінів", 1004: "1004 піни"} {
		if got := N(n, "{0} pin", "{0} pins"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
