package firmware

import "bytes"

// Tag is Blynk's firmware tag: what a firmware says of itself inside its own file.
type Tag struct {
	Offset int // of the marker, in the data that was searched
	Size   int // bytes, from the marker to the NUL NUL at its end
	Pairs  []Pair
}

// Pair is one line of a Tag. Both are text of the file: hostile.
type Pair struct{ Key, Value string }

// Get returns the value of a key, or "".
func (t *Tag) Get(key string) string {
	for _, p := range t.Pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// Version returns the version of the firmware: key "ncp" of an NCP, "mcu" of a Primary MCU.
func (t *Tag) Version() string {
	if v := t.Get("ncp"); v != "" {
		return v
	}
	return t.Get("mcu")
}

const (
	tagMark = "blnkinf\x00"
	// maxTag bounds the search: a tag of the library has about 150 bytes.
	maxTag = 512
	// maxMarks bounds the work for data that is nothing but markers. Firmware has one or two.
	maxMarks = 1024
)

// FindTag finds the first tag in data, as the reference tool does: the marker, then
// letters, digits, underscores, white space, . , : - ( ) and NUL, as few as possible up
// to NUL NUL. A marker with anything else behind it, or nothing, is passed over.
func FindTag(data []byte) (Tag, bool) {
	at := 0
	for range maxMarks {
		i := bytes.Index(data[at:], []byte(tagMark))
		if i < 0 {
			break
		}
		at += i
		if body, ok := tagBody(data[at+len(tagMark):]); ok {
			if list := pairs(body); len(list) > 0 {
				return Tag{Offset: at, Size: len(tagMark) + len(body) + 2, Pairs: list}, true
			}
		}
		at += len(tagMark)
	}
	return Tag{}, false
}

// tagBody returns what stands before the first NUL NUL.
func tagBody(data []byte) ([]byte, bool) {
	data = data[:min(len(data), maxTag)]
	end := bytes.Index(data, []byte{0, 0})
	if end < 0 {
		return nil, false
	}
	for _, c := range data[:end] {
		if !tagChar(c) {
			return nil, false
		}
	}
	return data[:end], true
}

func tagChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		bytes.IndexByte([]byte("_.,:-() \t\n\v\f\r\x00"), c) >= 0
}

func pairs(body []byte) []Pair {
	var list []Pair
	items := bytes.Split(body, []byte{0})
	for i := 0; i+1 < len(items); i += 2 {
		list = append(list, Pair{string(items[i]), string(items[i+1])})
	}
	return list
}
