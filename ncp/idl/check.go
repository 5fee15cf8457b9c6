package idl

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// checkPart checks one file: all but that the enumerations it uses are there.
func (d *Description) checkPart() error { return d.checkWith(false) }

// check checks a whole description.
func (d *Description) check() error { return d.checkWith(true) }

func (d *Description) checkWith(whole bool) error {
	if err := checkText(d.Version); err != nil || d.Version == "" {
		return fmt.Errorf("version %.20q", d.Version)
	}
	if len(d.Interfaces) > MaxInterfaces {
		return fmt.Errorf("%d interfaces are more than %d", len(d.Interfaces), MaxInterfaces)
	}
	if err := d.checkEnums(); err != nil {
		return err
	}
	return d.checkInterfaces(whole)
}

func (d *Description) checkEnums() error {
	if len(d.Enums) > MaxEnums {
		return fmt.Errorf("%d enumerations are more than %d", len(d.Enums), MaxEnums)
	}
	seen := map[string]bool{}
	for i := range d.Enums {
		e := &d.Enums[i]
		if seen[e.Name] {
			return fmt.Errorf("enumeration %s twice", e.Name)
		}
		seen[e.Name] = true
		if err := e.check(); err != nil {
			return fmt.Errorf("enumeration %.40q: %w", e.Name, err)
		}
	}
	return nil
}

func (e *Enum) check() error {
	if !identifier(e.Name, unicode.IsUpper) || !identifier(e.Prefix, unicode.IsUpper) {
		return errors.New("name or prefix is not an exported identifier")
	}
	if len(e.Values) == 0 || len(e.Values) > MaxValues {
		return fmt.Errorf("%d values", len(e.Values))
	}
	names := map[string]bool{}
	for i, v := range e.Values {
		if i > 0 && v.Value <= e.Values[i-1].Value {
			return fmt.Errorf("value %d after %d", v.Value, e.Values[i-1].Value)
		}
		if !words(v.Name) || names[v.Name] {
			return fmt.Errorf("value %d has the name %.40q", v.Value, v.Name)
		}
		names[v.Name] = true
		if err := checkText(v.Doc); err != nil {
			return err
		}
	}
	return checkText(e.Doc)
}

func (d *Description) checkInterfaces(whole bool) error {
	names, uids, count := map[string]bool{}, map[uint16]string{}, 0
	for i := range d.Interfaces {
		in := &d.Interfaces[i]
		switch {
		case !identifier(in.Name, unicode.IsLower):
			return fmt.Errorf("interface name %.40q", in.Name)
		case names[in.Name]:
			return fmt.Errorf("interface %s twice", in.Name)
		case in.Host != NCP && in.Host != MCU:
			return fmt.Errorf("interface %s has the host %.20q", in.Name, in.Host)
		}
		names[in.Name] = true
		if err := checkText(in.Doc); err != nil {
			return fmt.Errorf("interface %s: %w", in.Name, err)
		}
		if count += len(in.Methods); count > MaxMethods {
			return fmt.Errorf("more than %d methods", MaxMethods)
		}
		methods := map[string]bool{}
		for j := range in.Methods {
			m := &in.Methods[j]
			if methods[m.Name] {
				return fmt.Errorf("%s.%s twice", in.Name, m.Name)
			}
			methods[m.Name] = true
			if other, taken := uids[m.UID]; taken {
				return fmt.Errorf("uid %#04x is that of %s and of %s.%.40s", m.UID, other, in.Name, m.Name)
			}
			uids[m.UID] = in.Name + "." + m.Name
			if err := d.checkMethod(m, whole); err != nil {
				return fmt.Errorf("%s.%.40s: %w", in.Name, m.Name, err)
			}
		}
	}
	return nil
}

func (d *Description) checkMethod(m *Method, whole bool) error {
	if !identifier(m.Name, unicode.IsLower) {
		return errors.New("not a name")
	}
	if err := checkText(m.Doc); err != nil {
		return err
	}
	if m.Oneway && (len(m.Out) > 0 || m.Returns != nil || m.Timeout != 0) {
		return errors.New("a oneway method has neither results nor a time-out")
	}
	if len(m.In) > MaxParams || len(m.Out) > MaxParams {
		return fmt.Errorf("more than %d arguments or results", MaxParams)
	}
	names := map[string]bool{}
	for _, p := range m.Params() {
		if !identifier(p.Name, unicode.IsLower) || names[p.Name] {
			return fmt.Errorf("argument or result %.40q: not a name, or twice", p.Name)
		}
		names[p.Name] = true
		if err := p.check(); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		if whole && p.Enum != "" && d.Enum(p.Enum) == nil {
			return fmt.Errorf("%s: no enumeration %.40q", p.Name, p.Enum)
		}
	}
	return nil
}

// Params returns the arguments, out-arguments and return value, in this order.
func (m *Method) Params() []*Param {
	var all []*Param
	for i := range m.In {
		all = append(all, &m.In[i])
	}
	for i := range m.Out {
		all = append(all, &m.Out[i])
	}
	if m.Returns != nil {
		all = append(all, m.Returns)
	}
	return all
}

func (p *Param) check() error {
	if !p.Type.Known() {
		return fmt.Errorf("unknown type %.20q", p.Type)
	}
	for _, s := range []string{p.Doc, p.Unit, p.Prefix} {
		if err := checkText(s); err != nil {
			return err
		}
	}
	if err := p.checkRange(); err != nil {
		return err
	}
	return p.checkBytes()
}

func (p *Param) checkRange() error {
	if (p.Min == nil) != (p.Max == nil) {
		return errors.New("min without max, or max without min")
	}
	hints := p.Min != nil || len(p.Also) > 0 || p.Enum != ""
	if !p.Type.integer() {
		if hints {
			return fmt.Errorf("a %s has no range and no named values", p.Type)
		}
		return nil
	}
	if len(p.Also) > MaxValues || len(p.Also) > 0 && p.Min == nil {
		return errors.New("too many values beside the range, or no range")
	}
	lo, hi := p.Type.limits()
	if p.Min != nil && (*p.Min < lo || *p.Max > hi || *p.Min > *p.Max) {
		return fmt.Errorf("range %d to %d of a %s", *p.Min, *p.Max, p.Type)
	}
	for _, v := range p.Also {
		if v < lo || v > hi {
			return fmt.Errorf("value %d of a %s", v, p.Type)
		}
	}
	return nil
}

func (p *Param) checkBytes() error {
	switch p.Format {
	case Plain, Values, Pins, Digest, MAC:
	default:
		return fmt.Errorf("unknown format %.20q", p.Format)
	}
	if !p.Type.bytes() && (p.MinLen != 0 || p.MaxLen != 0 || p.Prefix != "" || p.Format != Plain || p.Secret) {
		return fmt.Errorf("a %s has no length, prefix, format or secrecy", p.Type)
	}
	if p.MinLen < 0 || p.MaxLen < 0 || p.MaxLen > 0xFFFF || p.MaxLen > 0 && p.MinLen > p.MaxLen || p.MinLen > 0xFFFF {
		return fmt.Errorf("length %d to %d", p.MinLen, p.MaxLen)
	}
	return nil
}

// identifier tells whether s is a short ASCII identifier whose first letter is of the
// wanted case.
func identifier(s string, first func(rune) bool) bool {
	if s == "" || len(s) > MaxName {
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if i == 0 && !(letter && first(r)) {
			return false
		}
		if !letter && r != '_' && !(r >= '0' && r <= '9') {
			return false
		}
	}
	return true
}

// words tells whether s is lower-case ASCII words with one blank between two of them.
func words(s string) bool {
	if len(s) > MaxName {
		return false
	}
	for _, w := range strings.Split(s, " ") {
		if w == "" || w[0] >= '0' && w[0] <= '9' {
			return false
		}
		for _, r := range w {
			if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') {
				return false
			}
		}
	}
	return true
}

// checkText refuses what could not stand in one line of a comment or a table.
func checkText(s string) error {
	if len(s) > MaxDoc {
		return fmt.Errorf("text of %d bytes", len(s))
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("character %U in a text", r)
		}
	}
	return nil
}
