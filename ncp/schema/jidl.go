package schema

import (
	"strings"
	"unicode"

	"ncpweb/internal/json"
	"ncpweb/ncp"
)

// jidl reads a file in the form that the Blynk.NCP project publishes: interfaces and
// methods by their names, parameters as objects of a name and a type, and all else as
// members that begin with "@". Those of them that change what passes over the wire are
// taken or refused, the others are passed over. Any other member that is not known is
// refused.
func (p *parser) jidl(types map[string]string) {
	p.types = types
	_ = p.r.Object(func(name []byte) (err error) {
		switch {
		case string(name) == "module":
			p.d.Name, err = p.text()
		case string(name) == "@version":
			p.d.Version, err = p.text()
		case string(name) == "types":
			_, err = p.jidlTypes()
		case string(name) == "interfaces":
			err = p.r.Object(func(name []byte) error { return p.jidlInterface(string(name)) })
		case attribute(name) || string(name) == "$schema":
			err = p.r.Skip()
		default:
			err = p.unknown(name)
		}
		return err
	})
}

func attribute(name []byte) bool { return len(name) > 0 && name[0] == '@' }

func (p *parser) jidlInterface(name string) error {
	if attribute([]byte(name)) {
		return p.r.Skip()
	}
	// The form does not say who hosts an interface. Of those that are known to be the
	// MCU's there are two; a new one is rather the NCP's.
	host := ncp.SideNCP
	if name == "client" || name == "mcu" {
		host = ncp.SideMCU
	}
	return p.r.Object(func(method []byte) error {
		if attribute(method) {
			return p.r.Skip()
		}
		return p.jidlMethod(ncp.Method{Interface: name, Host: host, Name: string(method)})
	})
}

func (p *parser) jidlMethod(m ncp.Method) error {
	hasUID, planned := false, false
	err := p.r.Object(func(member []byte) (err error) {
		switch string(member) {
		case "@uid":
			hasUID = true
			m.UID, err = p.uid()
		case "@doc":
			m.Doc, err = p.cutText()
		case "@timeout":
			m.Timeout, err = p.timeout()
		case "@oneway":
			m.Oneway, err = p.r.Bool()
		case "@attrs":
			var words []string
			words, err = p.words()
			for _, w := range words {
				m.Oneway = m.Oneway || w == "oneway"
				planned = planned || w == "TODO"
			}
		case "@TODO": // its author's tools leave such a method out
			planned = true
			err = p.r.Skip()
		case "args":
			err = p.r.Array(func(i int) error {
				if i == 2*MaxParams {
					return p.r.Fail("too many arguments")
				}
				return p.jidlParam(&m)
			})
		case "returns":
			err = p.jidlReturns(&m)
		default:
			if err = p.r.Skip(); !attribute(member) {
				err = p.unknown(member)
			}
		}
		return err
	})
	switch {
	case err != nil || planned:
		return err
	case !hasUID:
		return p.r.Fail(m.Interface + "." + m.Name[:min(len(m.Name), MaxName)] + " has no @uid")
	}
	return p.add(m)
}

// jidlReturns reads "Bool", {"type": "Bool"} or null.
func (p *parser) jidlReturns(m *ncp.Method) (err error) {
	switch {
	case p.r.Null():
		return nil
	case p.r.Kind() == json.Object:
		err = p.r.Object(func(member []byte) (err error) {
			if string(member) == "type" {
				m.Returns, err = p.jidlType()
				return err
			}
			if !attribute(member) {
				return p.unknown(member)
			}
			return p.r.Skip()
		})
		if err == nil && m.Returns == ncp.TypeNone {
			return p.r.Fail("a return value has no type")
		}
	default:
		m.Returns, err = p.jidlType()
	}
	m.Result = ncp.Param{Name: "result", Type: m.Returns}
	if m.Returns == ncp.TypeBool {
		m.Result.Name = "ok"
	}
	return err
}

// jidlParam reads an argument such as {"ver": "String", "@dir": "out"}, or in the
// strict form {"name": "ver", "type": "String"}.
func (p *parser) jidlParam(m *ncp.Method) error {
	a := argument{in: true}
	err := p.r.Object(func(member []byte) (err error) {
		switch {
		case string(member) == "@doc":
			a.param.Doc, err = p.cutText()
		case string(member) == "@dir":
			a.in, a.out, err = p.direction()
		case string(member) == "@flex":
			a.flex, err = p.r.Bool()
		case string(member) == "@attrs":
			var words []string
			words, err = p.words()
			for _, w := range words {
				a.flex = a.flex || w == "flex"
			}
		case attribute(member):
			err = p.r.Skip()
		case len(a.members) == 2:
			err = p.r.Fail("an argument has more than a name and a type")
		default:
			var value string
			name := string(member)
			value, err = p.text()
			a.members = append(a.members, [2]string{name, value})
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := p.finish(&a); err != nil {
		return err
	}
	if a.in {
		m.In = append(m.In, a.param)
	}
	if a.out {
		m.Out = append(m.Out, a.param)
	}
	return nil
}

// argument is what stands in the object of an argument.
type argument struct {
	param         ncp.Param
	members       [][2]string // those that are no attributes
	in, out, flex bool
}

// finish makes a parameter of it.
func (p *parser) finish(a *argument) (err error) {
	q := &a.param
	kind := ""
	switch {
	case len(a.members) == 1:
		q.Name, kind = a.members[0][0], a.members[0][1]
	case len(a.members) == 2 && a.members[0][0] == "name" && a.members[1][0] == "type":
		q.Name, kind = a.members[0][1], a.members[1][1]
	case len(a.members) == 2 && a.members[0][0] == "type" && a.members[1][0] == "name":
		q.Name, kind = a.members[1][1], a.members[0][1]
	default:
		return p.r.Fail("an argument is not one name with its type")
	}
	if a.flex {
		return p.r.Fail("the bytes of " + q.Name[:min(len(q.Name), MaxName)] + " would stand without their length (flex), which the protocol does not have")
	}
	if q.Type, err = p.typeNamed(kind); err != nil {
		return err
	}
	// The form marks no secrets: what is called like one is taken for one.
	q.Secret = (q.Type == ncp.TypeString || q.Type == ncp.TypeBinary) && secretName(q.Name)
	return p.checkParam(q, false, false, false)
}

func (p *parser) direction() (in, out bool, err error) {
	s, err := p.r.Bytes()
	switch {
	case err != nil:
		return false, false, err
	case string(s) == "in":
		return true, false, nil
	case string(s) == "out":
		return false, true, nil
	case string(s) == "inout":
		return true, true, nil
	}
	return false, false, p.r.Fail("a direction is none of in, out and inout")
}

// words reads a list of attributes that are set.
func (p *parser) words() (list []string, err error) {
	err = p.r.Array(func(i int) error {
		if i == MaxParams {
			return p.r.Fail("too many attributes")
		}
		s, err := p.text()
		list = append(list, s)
		return err
	})
	return list, err
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
	for _, word := range []string{"pass", "pwd", "secret", "token", "psk", "auth", "credential"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.HasSuffix(name, "key") && name != "key"
}
