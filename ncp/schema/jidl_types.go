package schema

import (
	"ncpweb/internal/json"
	"ncpweb/ncp"
)

// Bounds of the types that a .jidl gives names to.
const (
	maxTypes = 256
	maxChain = 8 // names of names of a type
)

// types reads the names of types of a .jidl ahead of all else: arguments may use them
// before they stand there. What is wrong with them is told by jidl.
func types(data []byte) map[string]string {
	p := &parser{r: json.NewReader(data)}
	var found map[string]string
	_ = p.r.Object(func(name []byte) (err error) {
		if string(name) == "types" {
			found, err = p.jidlTypes()
			return err
		}
		return p.r.Skip()
	})
	return found
}

// jidlTypes reads what each name stands for: another name, or the word struct, enum or
// array with a blank before it, which no name has.
func (p *parser) jidlTypes() (map[string]string, error) {
	found := make(map[string]string)
	err := p.r.Object(func(name []byte) error {
		if len(found) == maxTypes {
			return p.r.Fail("too many types")
		}
		key := string(name)
		if !identifier(key) {
			return p.r.Fail("the name of a type is not letters, digits and underscores")
		}
		target, err := p.jidlTarget()
		found[key] = target
		return err
	})
	return found, err
}

func (p *parser) jidlTarget() (target string, err error) {
	if p.r.Kind() == json.String {
		return p.text()
	}
	kind := ""
	err = p.r.Object(func(member []byte) (err error) {
		switch string(member) {
		case "type":
			kind, err = p.text()
		case "for":
			target, err = p.text()
		default: // fields and items: of types that cannot be used here
			err = p.r.Skip()
		}
		return err
	})
	if kind != "alias" {
		target = " " + kind
	}
	return target, err
}

// jidlType reads the name of a type.
func (p *parser) jidlType() (ncp.Type, error) {
	name, err := p.text()
	if err != nil {
		return 0, err
	}
	return p.typeNamed(name)
}

// typeNamed returns the type of that name: one of the protocol, or what the file calls so.
func (p *parser) typeNamed(name string) (ncp.Type, error) {
	short := name[:min(len(name), MaxName)]
	for range maxChain {
		if name == "Float32" {
			return ncp.TypeFloat, nil
		}
		for t := ncp.TypeBool; t <= ncp.TypeBinary; t++ {
			if t.String() == name {
				return t, nil
			}
		}
		target, ok := p.types[name]
		if !ok {
			break
		}
		name = target
	}
	if len(name) > 1 && name[0] == ' ' {
		return 0, p.r.Fail("the type " + short + " is of the kind" + name[:min(len(name), MaxName)] + ", which the protocol does not have")
	}
	return 0, p.r.Fail("the type " + short + " is not one of those of the protocol")
}
