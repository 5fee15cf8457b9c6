package firmware

import "strconv"

// Code is why a file or a set of parts was refused.
type Code uint8

// Codes. The fields of Error that matter are named with each.
const (
	ErrEmpty     Code = iota + 1 // nothing in it
	ErrTooLarge                  // more than MaxSize bytes: Want, Have
	ErrBlank                     // nothing but FF
	ErrKind                      // Kind is recognised, but it is nothing that is written as it is: unpack or convert it
	ErrOverlap                   // two parts, or two records, claim the same address: Name, Other, Addr
	ErrAddress                   // reaches beyond 4 GiB: Name, Addr
	ErrScattered                 // more than MaxSegments separate stretches
	ErrHexDigit                  // Line: what stands there is no record of hex digits
	ErrHexLength                 // Line: a record is longer or shorter than it says
	ErrHexSum                    // Line: the checksum is wrong: Want, Have
	ErrHexType                   // Line: unknown record type Have
	ErrHexTail                   // Line: something comes behind the end record
	ErrHexEnd                    // the end record is missing: the file is cut off; Line is the last one
	ErrUF2Length                 // not a whole number of 512-byte blocks: Have
	ErrUF2Block                  // Offset: a block without its marks, or with a payload that cannot be
	ErrUF2Count                  // Offset: blocks are missing or there twice: Want blocks, Have this one
	ErrUF2Family                 // blocks for more than one family of chips
)

// Error tells why a file or a set of parts was refused. Name and Other come from
// outside: show them as text only.
type Error struct {
	Code       Code
	Name       string // of the file or part
	Other      string // the other part of an overlap
	Kind       Kind
	Line       int   // in a text file, from 1; 0: does not matter
	Offset     int64 // in the file
	Addr       int64 // in the memory of the chip
	Want, Have int64
}

var codeTexts = [...]string{
	ErrEmpty: "empty", ErrTooLarge: "too large", ErrBlank: "nothing but FF", ErrKind: "a kind that is not written as it is",
	ErrOverlap: "overlap", ErrAddress: "beyond 4 GiB", ErrScattered: "too many separate stretches",
	ErrHexDigit: "not a record", ErrHexLength: "wrong length of a record", ErrHexSum: "wrong checksum", ErrHexType: "unknown record type",
	ErrHexTail: "data behind the end", ErrHexEnd: "end record missing",
	ErrUF2Length: "not a whole number of blocks", ErrUF2Block: "broken block", ErrUF2Count: "wrong number of blocks", ErrUF2Family: "several families",
}

// Error implements error, for logs; people are told by the page, from the fields.
func (e *Error) Error() string {
	s := "firmware: " + e.Name + ": " + codeTexts[e.Code]
	if e.Other != "" {
		s += " with " + e.Other
	}
	if e.Line > 0 {
		s += ", line " + strconv.Itoa(e.Line)
	}
	if e.Offset > 0 {
		s += ", offset 0x" + strconv.FormatInt(e.Offset, 16)
	}
	if e.Addr > 0 {
		s += ", address 0x" + strconv.FormatInt(e.Addr, 16)
	}
	return s
}
