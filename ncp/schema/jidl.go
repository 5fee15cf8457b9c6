package schema

import (
	"strings"
	"unicode"

	"ncpweb/internal/json"
	"ncpweb/ncp"
)

// jidl reads a file in the form that the Blynk.NCP project publishes: interfaces and
// methods by their names, parameters as objects of a name and a type, and all else as
// members that begin with "@". Members of that kind that say nothing about the wire
// are passed over; others that are not known are refused.
func (p *parser) jidl() {
	_ = p.r.Object(func(name []byte) (err error) {
		switch {
		case string(name) == "module":
			p.d.Name, err = p.text()
		case string(name) == "@version":
			p.d.Version, err = p.text()
		case string(name) == "interfaces":
			err = p.r.Object(func(name []byte) error { return p.jidlInterface(string(name)) })
		case len(name) > 0 && name[0] == '@':
			err = p.r.Skip()
		default:
			err = p.unknown(name)
		}
		return err
	})
}

func (p *parser) jidlInterface(name string) error {
	if strings.HasPrefix(name, "@") {
		return p.r.Skip()
	}
	// The form does not say who hosts an interface. Of those that are known to be the
	// MCU's there are two; a new one is rather the NCP's.
	host := ncp.SideNCP
	if name == "client" || name == "mcu" {
		host = ncp.SideMCU
	}
	return p.r.Object(func(method []byte) error {
		if len(method) > 0 && method[0] == '@' {
			return p.r.Skip()
		}
		m := ncp.Method{Interface: name, Host: host, Name: string(method)}
		if err := p.jidlMethod(&m); err != nil {
			return err
		}
		return p.add(m)
	})
}

func (p *parser) jidlMethod(m *ncp.Method) error {
	hasUID := false
	err := p.r.Object(func(member []byte) (err error) {
		switch {
		case string(member) == "@uid":
			hasUID = true
			m.UID, err = p.uid()
		case string(member) == "@doc":
			m.Doc, err = p.cutText()
		case string(member) == "@timeout":
			m.Timeout, err = p.timeout()
		case string(member) == "@oneway":
			m.Oneway, err = p.r.Bool()
		case string(member) == "args":
			err = p.r.Array(func(i int) error {
				if i == 2*MaxParams {
					return p.r.Fail("too many arguments")
				}
				return p.jidlParam(m)
			})
		case string(member) == "returns":
			if m.Returns, err = p.valueType(); err == nil {
				m.Result = ncp.Param{Name: "result", Type: m.Returns}
				if m.Returns == ncp.TypeBool {
					m.Result.Name = "ok"
				}
			}
		case len(member) > 0 && member[0] == '@':
			err = p.r.Skip()
		default:
			err = p.unknown(member)
		}
		return err
	})
	if err == nil && !hasUID {
		return p.r.Fail(m.Interface + "." + m.Name[:min(len(m.Name), MaxName)] + " has no @uid")
	}
	return err
}

// jidlParam reads an argument such as {"ver": "String", "@dir": "out"}.
func (p *parser) jidlParam(m *ncp.Method) error {
	var q ncp.Param
	out := false
	err := p.r.Object(func(member []byte) (err error) {
		switch {
		case string(member) == "@doc":
			q.Doc, err = p.cutText()
		case string(member) == "@dir":
			out, err = p.direction()
		case len(member) > 0 && member[0] == '@':
			err = p.r.Skip()
		case q.Name != "":
			err = p.r.Fail("an argument has two names")
		default:
			q.Name = string(member)
			q.Type, err = p.valueType()
		}
		return err
	})
	if err != nil {
		return err
	}
	// The form marks no secrets: what is called like one is taken for one.
	q.Secret = q.Type == ncp.TypeString && secretName(q.Name)
	if err := p.checkParam(&q, false, false, false); err != nil {
		return err
	}
	if out {
		m.Out = append(m.Out, q)
	} else {
		m.In = append(m.In, q)
	}
	return nil
}

func (p *parser) direction() (out bool, err error) {
	s, err := p.r.Bytes()
	switch {
	case err != nil:
		return false, err
	case string(s) == "in":
		return false, nil
	case string(s) == "out":
		return true, nil
	}
	return false, p.r.Fail("a direction is neither in nor out")
}

// cutText reads a doc: what cannot be shown becomes a blank, and a long one is cut.
func (p *parser) cutText() (string, error) {
	if p.r.Kind() != json.String {
		return "", p.r.Fail("a doc is no text")
	}
	s, err := p.r.String()
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, s)
	if len(s) > MaxText {
		s = strings.ToValidUTF8(s[:MaxText-3], "") + "…"
	}
	return s, err
}

// secretName tells whether a name is that of a secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"pass", "secret", "token", "psk", "auth"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
