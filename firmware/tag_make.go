package firmware

import "strconv"

// TagFault is why a tag cannot be made.
type TagFault uint8

// Faults of a tag.
const (
	TagEmpty TagFault = iota + 1 // a value is missing: an empty one would end the tag there
	TagChar                      // Char cannot be in a tag: whoever looks for it would pass it over
	TagLong                      // the whole tag is longer than is looked through
	TagOther                     // the file holds another tag already, before where this one comes
)

// TagError tells why a tag was refused.
type TagError struct {
	Fault TagFault
	Key   string // of the value, where one is meant
	Char  rune   // of TagChar; U+FFFD for bytes that are no text
	At    int    // index of Char in the value, in bytes
}

// Error implements error, for logs; people are told by the page, from the fields.
func (e *TagError) Error() string {
	s := "firmware: tag: "
	switch e.Fault {
	case TagEmpty:
		s += "no value"
	case TagChar:
		s += "a character that cannot be: " + strconv.QuoteRuneToASCII(e.Char) + " at " + strconv.Itoa(e.At)
	case TagLong:
		s += "too long"
	case TagOther:
		s += "another one comes first"
	}
	if e.Key != "" {
		s += ": " + e.Key
	}
	return s
}

// Keys of the tag of a Primary MCU's firmware, in the order in which they are written.
const (
	TagKeyVersion = "mcu"
	TagKeyType    = "fw-type"
	TagKeyBuild   = "build"
	TagKeyBlynk   = "blynk"
)

// NewTag makes the tag of a Primary MCU's firmware: its version ("1.2.0"), its type
// (usually the template id), when it was built ("Nov 22 2026 12:00:00") and the version
// of the NCP driver. The last two may be empty: they are left out then. The error is a
// *TagError.
func NewTag(version, fwType, build, blynk string) (Tag, error) {
	pairs := []Pair{{TagKeyVersion, version}, {TagKeyType, fwType}}
	for _, p := range []Pair{{TagKeyBuild, build}, {TagKeyBlynk, blynk}} {
		if p.Value != "" {
			pairs = append(pairs, p)
		}
	}
	for _, p := range pairs {
		if err := CheckTagValue(p.Key, p.Value); err != nil {
			return Tag{}, err
		}
	}
	t := Tag{Pairs: pairs}
	t.Size = len(t.Bytes())
	if t.Size > len(tagMark)+maxTag {
		return Tag{}, &TagError{Fault: TagLong}
	}
	return t, nil
}

// CheckTagValue tells whether a value can be in a tag. The error is a *TagError.
func CheckTagValue(key, value string) error {
	if value == "" {
		return &TagError{Fault: TagEmpty, Key: key}
	}
	for i, r := range value {
		if r == 0 || r > 0x7F || !tagChar(byte(r)) {
			return &TagError{Fault: TagChar, Key: key, Char: r, At: i}
		}
	}
	return nil
}

// Bytes returns the tag as it stands in a file: the marker, the pairs, and a NUL more.
func (t *Tag) Bytes() []byte {
	b := []byte(tagMark)
	for _, p := range t.Pairs {
		b = append(append(b, p.Key...), 0)
		b = append(append(b, p.Value...), 0)
	}
	return append(b, 0)
}

// AppendTag returns a copy of a file with a tag at its end. It is refused where whoever
// looks for the tag would find another one: the first one counts. The error is a
// *TagError.
func AppendTag(file []byte, t Tag) ([]byte, error) {
	b := make([]byte, 0, len(file)+t.Size)
	b = append(append(b, file...), t.Bytes()...)
	if found, ok := FindTag(b); !ok || found.Offset != len(file) {
		return nil, &TagError{Fault: TagOther}
	}
	return b, nil
}

// FoundTag is a tag and where in a file it stands.
type FoundTag struct {
	Tag
	// Addr is the address of the marker in the memory of the chip where Placed is set, as
	// in HEX and UF2 files; else its offset in the file.
	Addr   int64
	Placed bool
}

// TagOf finds the tag in a file of any kind. HEX and UF2 files are decoded first, as the
// tag is in pieces there; all others are looked through as they are.
func TagOf(name string, data []byte) (FoundTag, bool) {
	if f, err := Open(name, data); err == nil && f.Placed {
		for i := range f.Image.Segments {
			s := &f.Image.Segments[i]
			if t, ok := FindTag(s.Data); ok {
				return FoundTag{Tag: t, Addr: int64(s.Addr) + int64(t.Offset), Placed: true}, true
			}
		}
		return FoundTag{}, false
	}
	t, ok := FindTag(data)
	return FoundTag{Tag: t, Addr: int64(t.Offset)}, ok
}
