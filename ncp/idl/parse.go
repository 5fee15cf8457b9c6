package idl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// The file format. What is absent has its zero value.
type (
	fileDescription struct {
		Version    string          `json:"version"`
		Enums      []fileEnum      `json:"enums"`
		Interfaces []fileInterface `json:"interfaces"`
	}
	fileEnum struct {
		Name   string      `json:"name"`
		Prefix string      `json:"prefix"`
		Doc    string      `json:"doc"`
		Values []fileValue `json:"values"`
	}
	fileValue struct {
		Value int64  `json:"value"`
		Name  string `json:"name"`
		Doc   string `json:"doc"`
	}
	fileInterface struct {
		Name    string       `json:"name"`
		Host    Side         `json:"host"`
		Doc     string       `json:"doc"`
		Methods []fileMethod `json:"methods"`
	}
	fileMethod struct {
		Name      string      `json:"name"`
		UID       string      `json:"uid"` // "0x" and four hex digits
		Doc       string      `json:"doc"`
		Oneway    bool        `json:"oneway"`
		TimeoutMS int64       `json:"timeout_ms"`
		In        []fileParam `json:"in"`
		Out       []fileParam `json:"out"`
		Returns   *fileParam  `json:"returns"`
	}
	fileParam struct {
		Name   string  `json:"name"`
		Type   Type    `json:"type"`
		Doc    string  `json:"doc"`
		Unit   string  `json:"unit"`
		Min    *int64  `json:"min"`
		Max    *int64  `json:"max"`
		Also   []int64 `json:"also"`
		MinLen int     `json:"min_len"`
		MaxLen int     `json:"max_len"`
		Prefix string  `json:"prefix"`
		Format Format  `json:"format"`
		Enum   string  `json:"enum"`
		Secret bool    `json:"secret"`
	}
)

// Parse reads one description. It refuses unknown fields, unknown types, names that
// are no identifiers, ids that occur twice, hints that do not fit their type, and
// whatever exceeds the bounds of this package. Enumerations that it uses must be in
// it or come by Merge.
func Parse(b []byte) (*Description, error) {
	d, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("idl: %w", err)
	}
	return d, nil
}

func parse(b []byte) (*Description, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%d bytes are more than %d", len(b), MaxSize)
	}
	if !utf8.Valid(b) {
		return nil, errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	var f fileDescription
	if err := dec.Decode(&f); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	d, err := f.description()
	if err != nil {
		return nil, err
	}
	return d, d.checkPart()
}

func (f *fileDescription) description() (*Description, error) {
	d := &Description{Version: f.Version}
	for _, e := range f.Enums {
		out := Enum{Name: e.Name, Prefix: e.Prefix, Doc: e.Doc}
		if out.Prefix == "" {
			out.Prefix = out.Name
		}
		for _, v := range e.Values {
			out.Values = append(out.Values, Value(v))
		}
		d.Enums = append(d.Enums, out)
	}
	for _, in := range f.Interfaces {
		out := Interface{Name: in.Name, Host: in.Host, Doc: in.Doc}
		for i := range in.Methods {
			m, err := in.Methods[i].method()
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", in.Name, in.Methods[i].Name, err)
			}
			out.Methods = append(out.Methods, m)
		}
		d.Interfaces = append(d.Interfaces, out)
	}
	return d, nil
}

func (f *fileMethod) method() (Method, error) {
	uid, err := parseUID(f.UID)
	if err != nil {
		return Method{}, err
	}
	if f.TimeoutMS < 0 || f.TimeoutMS > MaxTimeout.Milliseconds() {
		return Method{}, fmt.Errorf("time-out of %d ms", f.TimeoutMS)
	}
	m := Method{
		Name: f.Name, UID: uid, Doc: f.Doc, Oneway: f.Oneway,
		Timeout: time.Duration(f.TimeoutMS) * time.Millisecond,
		In:      params(f.In), Out: params(f.Out),
	}
	if f.Returns != nil {
		r := Param(*f.Returns)
		m.Returns = &r
	}
	return m, nil
}

func params(in []fileParam) []Param {
	var out []Param
	for _, p := range in {
		out = append(out, Param(p))
	}
	return out
}

// parseUID reads "0x" and four hex digits: one way to write each id, so that a search
// for it finds it.
func parseUID(s string) (uint16, error) {
	if len(s) != 6 || s[:2] != "0x" {
		return 0, fmt.Errorf("uid %.20q is not 0x and four hex digits", s)
	}
	n, err := strconv.ParseUint(s[2:], 16, 16)
	if err != nil {
		return 0, fmt.Errorf("uid %q is not 0x and four hex digits", s)
	}
	return uint16(n), nil
}
