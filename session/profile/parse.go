package profile

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"ncpweb/internal/json"
	"ncpweb/session"
)

// Parse reads a profile from a file. The error is an *Error.
func Parse(data []byte) (Profile, []Warning, error) {
	if len(data) > MaxSize {
		return Profile{}, nil, &Error{Rule: RuleSize}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors put a byte order mark first
	if err := checkHead(data); err != nil {
		return Profile{}, nil, err
	}
	p := parser{r: json.NewReader(data), form: make(map[string]string)}
	if err := p.object(""); err != nil {
		return Profile{}, nil, p.failure(err)
	}
	cfg, wrong := session.ParseForm(func(field string) string { return p.form[field] })
	if len(wrong) > 0 {
		return Profile{}, nil, &Error{Member: pathOf(wrong[0].Field), Rule: RuleField, Field: &wrong[0]}
	}
	p.made.Config = cfg
	return p.made, p.warnings, nil
}

// checkHead reads the whole text for its syntax, and what it says of itself: a newer
// version is told as such before any of its members seems wrong.
func checkHead(data []byte) error {
	r := json.NewReader(data)
	format, version := "", ""
	if r.Kind() == json.Object {
		_ = r.Object(func(name []byte) error {
			switch {
			case string(name) == "format" && r.Kind() == json.String:
				format, _ = r.String()
			case string(name) == "version" && r.Kind() == json.Number:
				n, _ := r.Int()
				version = strconv.FormatInt(n, 10)
			default:
				return r.Skip()
			}
			return r.Err()
		})
	} else {
		_ = r.Skip()
	}
	if err := r.End(); err != nil {
		return syntax(err)
	}
	n, err := strconv.Atoi(version)
	switch {
	case format != Format:
		return &Error{Member: "format", Rule: RuleFormat}
	case err != nil || n < 1:
		return &Error{Member: "version", Rule: RuleFormat}
	case n > Version:
		return &Error{Member: "version", Rule: RuleVersion, Text: version}
	}
	return nil
}

func syntax(err error) error { return &Error{Rule: RuleSyntax, Text: err.Error()} }

type parser struct {
	r        *json.Reader
	form     map[string]string // texts of the configuration form
	made     Profile
	warnings []Warning
	err      *Error // the first thing that is wrong with a member
}

// errMember ends the reading; parser.err tells why.
var errMember = errors.New("profile: a member is wrong")

// failure returns what is wrong. JSON that passed checkHead has no faults of its own.
func (p *parser) failure(err error) error {
	if p.err != nil {
		return p.err
	}
	return syntax(err)
}

func (p *parser) wrong(path string, rule Rule, text string) error {
	if p.err == nil {
		p.err = &Error{Member: short(path), Rule: rule, Text: text}
	}
	return errMember
}

// short bounds what is told of a name: it comes from the file.
func short(path string) string {
	const most = 80
	if len(path) > most {
		return strings.ToValidUTF8(path[:most], "") + "…"
	}
	return path
}

// object reads the members of the object at path.
func (p *parser) object(path string) error {
	if p.r.Kind() != json.Object {
		return p.wrong(path, RuleKind, "object")
	}
	return p.r.Object(func(name []byte) error {
		if path == "" {
			return p.member(string(name))
		}
		return p.member(path + "." + string(name))
	})
}

func (p *parser) member(path string) error {
	switch path {
	case "format", "version":
		return p.r.Skip()
	case "name":
		return p.text(path, MaxName, &p.made.Name)
	case "board":
		return p.board(path)
	case "made":
		return p.object(path)
	case "made.by":
		return p.text(path, MaxName, &p.made.Made.By)
	case "made.at":
		return p.text(path, MaxName, &p.made.Made.At)
	case "pins":
		return p.pins()
	}
	if isObject(path) {
		if _, ok := session.FieldNamed(path + ".on"); ok {
			p.form[path+".on"] = "on"
		}
		return p.object(path)
	}
	m, ok := find(path)
	if !ok {
		return p.unknown(path)
	}
	f, _ := session.FieldNamed(m.field)
	if f.Group != "" {
		p.form[f.Group] = "on"
	}
	return p.value(path, f)
}

// value reads the value of a field of the form.
func (p *parser) value(path string, f session.Field) error {
	switch f.Kind {
	case session.FieldNumber:
		if p.r.Kind() != json.Number {
			return p.wrong(path, RuleKind, "number")
		}
		n, err := p.r.Int()
		if err != nil {
			return p.wrong(path, RuleKind, "number")
		}
		p.form[f.Name] = strconv.FormatInt(n, 10)
	case session.FieldSwitch:
		if p.r.Kind() != json.Bool {
			return p.wrong(path, RuleKind, "switch")
		}
		if on, _ := p.r.Bool(); on {
			p.form[f.Name] = "on"
		}
	default:
		var s string
		err := p.text(path, MaxSize, &s)
		p.form[f.Name] = s
		return err
	}
	return p.r.Err()
}

// text reads a text of at most that many bytes.
func (p *parser) text(path string, most int, to *string) error {
	if p.r.Kind() != json.String {
		return p.wrong(path, RuleKind, "text")
	}
	s, err := p.r.String()
	if len(s) > most {
		return p.wrong(path, RuleLong, strconv.Itoa(most))
	}
	*to = s
	return err
}

func (p *parser) board(path string) error {
	if err := p.text(path, MaxBoard, &p.made.Board); err != nil {
		return err
	}
	if strings.Trim(p.made.Board, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return p.wrong(path, RuleID, "")
	}
	return nil
}

// unknown skips a member that this version does not know.
func (p *parser) unknown(path string) error {
	if len(p.warnings) < MaxWarnings {
		p.warnings = append(p.warnings, Warning{Member: short(path), Secret: isSecret(path)})
	}
	return p.r.Skip()
}
