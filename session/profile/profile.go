// Package profile is a configuration as a file and as a link: what a Primary MCU
// tells its NCP, with the name of the product, its board and its pins. docs/profile.md
// describes the format. It has no member for a password, and none is ever written.
//
// A file and a link are hostile: both are bounded, every value is checked with the
// limits of the configuration form, and what is refused says which member and why.
package profile

import (
	"strconv"

	"ncpweb/session"
)

// Format is the value of the member "format" of every profile.
const Format = "blynk-ncp-profile"

// Version is the newest version of the format that this package reads, and the one it
// writes. Members that are added do not raise it: who does not know them ignores them.
const Version = 1

// Limits of a profile.
const (
	MaxSize     = 64 << 10 // bytes of a file
	MaxFragment = 8 << 10  // bytes of a link behind its "#"; the longest configuration needs less
	MaxName     = 64       // bytes of the name, of a pin's name, and of the members of "made"
	MaxUnit     = 16       // bytes of a unit
	MaxBoard    = 32       // bytes of the id of a board
	MaxPins     = session.MaxPins
	MaxWarnings = 20 // of one profile; more are not told
)

// Profile is what a file or a link carries.
type Profile struct {
	Name   string // for people; may be empty
	Board  string // id of a board in the catalogue; may be empty, or one that is not known here
	Config session.Configuration
	Pins   []Pin // by number
	Made   Made
}

// Pin is what people call a virtual pin.
type Pin struct {
	Number     uint16
	Name, Unit string
}

// Made tells when and by what a file was written. It is for people only.
type Made struct {
	At string // a time of RFC 3339; it is not checked
	By string
}

// Rule is why a profile is refused. The page has the words.
type Rule string

// Rules.
const (
	RuleSize    Rule = "size"    // longer than MaxSize or MaxFragment
	RuleSyntax  Rule = "syntax"  // not JSON; Text tells where and what
	RuleFormat  Rule = "format"  // JSON, but not a profile
	RuleVersion Rule = "version" // of a newer version than this package knows; Text is that version
	RuleKind    Rule = "kind"    // Text is the kind that is needed: "text", "number", "switch", "object", "list"
	RuleField   Rule = "field"   // beyond the limits of the form; Field tells which
	RuleLong    Rule = "long"    // Text is how many bytes it may have
	RuleRange   Rule = "range"   // Text is the range
	RuleID      Rule = "id"      // not the id of a board
	RuleTwice   Rule = "twice"   // two entries for the same pin
	RuleMany    Rule = "many"    // Text is how many there may be
	RuleLink    Rule = "link"    // the link carries something else
)

// Error tells why a profile is refused.
type Error struct {
	Member string // such as "led.gpio" or "pins[3].name"; empty: the whole
	Rule   Rule
	Text   string
	Field  *session.FieldError // of RuleField
}

func (e *Error) Error() string {
	text := "profile: "
	if e.Member != "" {
		text += e.Member + ": "
	}
	text += string(e.Rule)
	if e.Field != nil {
		return text + ": " + string(e.Field.Rule)
	}
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// Warning is a member that was ignored.
type Warning struct {
	Member string // hostile: show as text
	Secret bool   // its name says that it is a password or a token: profiles never hold one
}

// member is a member of the file that is a field of the configuration form.
type member struct {
	path  string // in the file
	field string // of the form
	uid   uint16 // of the method that sends it
}

// pinPath returns the path of a member of an entry of "pins".
func pinPath(i int, name string) string { return "pins[" + strconv.Itoa(i) + "]" + name }
