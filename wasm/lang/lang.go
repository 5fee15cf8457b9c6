// Package lang turns the page's English into the language that the person chose. The
// English text is the key, so that the sources read as the page does, and a text
// without translation shows in English. A test keeps the translations complete.
//
// The language is one for the whole page, as the document has one: it is the only
// thing here that is kept between calls.
package lang

import (
	"strconv"
	"strings"
	"sync/atomic"
)

// Table is one language. Forms of a plural stand in the order of that language's rule,
// with a NUL between two of them.
type Table struct {
	Code  string            // BCP 47, such as "uk"
	Texts map[string]string // by the English text; of plurals by "one\x00other"
}

var present atomic.Pointer[Table] // nil: English

// Use makes t the language of the page; nil: English.
func Use(t *Table) { present.Store(t) }

// Code returns the language of the page, "en" at first.
func Code() string {
	if t := present.Load(); t != nil {
		return t.Code
	}
	return "en"
}

// Unpack makes a table of what the page's script hands over: the code and the entries
// with \x02 between two, each a key, \x01 and the text. An empty text is English: nil.
func Unpack(packed string) *Table {
	code, rest, _ := strings.Cut(packed, "\x02")
	if code == "" {
		return nil
	}
	t := &Table{Code: code, Texts: make(map[string]string, strings.Count(rest, "\x02")+1)}
	for rest != "" {
		var entry string
		entry, rest, _ = strings.Cut(rest, "\x02")
		if key, text, ok := strings.Cut(entry, "\x01"); ok {
			t.Texts[key] = text
		}
	}
	return t
}

// T returns a text in the language of the page.
func T(english string) string {
	if t := present.Load(); t != nil {
		if s, ok := t.Texts[english]; ok {
			return s
		}
	}
	return english
}

// F is T with {0}, {1} … of the text replaced by args.
func F(english string, args ...string) string {
	s := T(english)
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 || len(s) < i+3 {
			break
		}
		if n := int(s[i+1] - '0'); s[i+2] == '}' && n >= 0 && n < len(args) {
			b.WriteString(s[:i])
			b.WriteString(args[n])
			s = s[i+3:]
			continue
		}
		b.WriteString(s[:i+1])
		s = s[i+1:]
	}
	b.WriteString(s)
	return b.String()
}

// N is F with the form that n asks for; {0} is n itself, args begin with {1}.
func N(n int, one, other string, args ...string) string {
	pattern := other
	if n == 1 {
		pattern = one
	}
	if t := present.Load(); t != nil {
		if s, ok := t.Texts[one+"\x00"+other]; ok {
			forms := strings.Split(s, "\x00")
			pattern = forms[min(plural(t.Code, n), len(forms)-1)]
		}
	}
	return F(pattern, append([]string{strconv.Itoa(n)}, args...)...)
}

// plural returns which form a number takes (Unicode CLDR, cardinal rules).
func plural(code string, n int) int {
	n = max(n, -n)
	switch code {
	case "uk":
		switch {
		case n%10 == 1 && n%100 != 11:
			return 0
		case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
			return 1
		}
		return 2
	}
	if n == 1 {
		return 0
	}
	return 1
}
