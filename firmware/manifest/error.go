package manifest

import "strconv"

// Code is why a manifest, a path or an archive was refused.
type Code uint8

// Codes. The fields of Error that matter are named with each.
const (
	ErrJSON      Code = iota + 1 // Text, Line, Column
	ErrLarge                     // more than Want bytes, or builds, parts, entries: Name tells which of them ("bytes", "builds", "parts", "entries", "total")
	ErrForm                      // neither form of manifest
	ErrMissing                   // Name is missing: "builds", "parts", "path", "offset", "chipFamily"
	ErrText                      // Name is too long or holds control characters
	ErrOffset                    // an offset that is no number from 0 to 4 GiB − 1: Part
	ErrDigest                    // a sha256 that is not 64 hex digits: Part
	ErrOverlap                   // Name and Other claim the same address
	ErrNoBuild                   // nothing for the chip Name
	ErrOrigin                    // the path Name leads to another origin
	ErrOutside                   // the path Name leaves the folder of the manifest
	ErrPath                      // the path Name is not one: control characters, backslash, fragment, too long
	ErrBase                      // the address of the manifest is none that paths can be relative to
	ErrZip                       // broken archive: Text
	ErrEncrypted                 // the entry Name is encrypted
	ErrMethod                    // the entry Name is packed in a way that is not known
	ErrTwice                     // two entries have the name Name
	ErrBomb                      // the entry Name unpacks to more than MaxEntry, or all to more than MaxTotal
	ErrNoEntry                   // there is no entry Name
	ErrNothing                   // there is nothing in the archive that can be flashed
	ErrAmbiguous                 // more than one firmware file and no manifest
	ErrSize                      // the file Name has Have bytes, the manifest says Want
	ErrSum                       // the file Name is not the one the manifest means: SHA-256 differs
)

// Error tells why something was refused. Name, Other and Text come from outside: show
// them as text only.
type Error struct {
	Code         Code
	Name, Other  string
	Text         string
	Build, Part  int // from 0
	Line, Column int // in the JSON, from 1; 0: does not matter
	Want, Have   int64
}

var codeTexts = [...]string{
	ErrJSON: "not valid", ErrLarge: "too much", ErrForm: "no manifest", ErrMissing: "missing", ErrText: "bad text",
	ErrOffset: "bad offset", ErrDigest: "bad digest", ErrOverlap: "overlap", ErrNoBuild: "no build",
	ErrOrigin: "another origin", ErrOutside: "leaves the folder", ErrPath: "bad path", ErrBase: "bad address of the manifest",
	ErrZip: "broken archive", ErrEncrypted: "encrypted", ErrMethod: "unknown packing", ErrTwice: "there twice", ErrBomb: "unpacks to too much",
	ErrNoEntry: "not in the archive", ErrNothing: "nothing to flash", ErrAmbiguous: "several firmware files", ErrSize: "wrong size", ErrSum: "wrong digest",
}

// Error implements error, for logs; people are told by the page, from the fields.
func (e *Error) Error() string {
	s := "manifest: " + codeTexts[e.Code]
	for _, t := range []string{e.Name, e.Other, e.Text} {
		if t != "" {
			s += ": " + t
		}
	}
	if e.Line > 0 {
		s += " (line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + ")"
	}
	return s
}
