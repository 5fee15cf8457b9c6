package main

import (
	"fmt"
	"go/token"
	"strings"

	"ncpweb/ncp/idl"
)

// exported returns a name of the description as an exported Go name.
func exported(name string) string {
	name = camel(name)
	return strings.ToUpper(name[:1]) + name[1:]
}

// camel joins the parts of a name at underscores, blanks and dashes.
func camel(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == ' ' || r == '-' })
	for i, p := range parts {
		if i == 0 {
			continue
		}
		switch p {
		case "id", "tz", "ok", "rssi", "ota":
			parts[i] = strings.ToUpper(p)
		case "wifi":
			parts[i] = "WiFi"
		default:
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}

// local returns the Go name of a parameter. Names that the generated code or the
// language needs give way.
func local(name string) string {
	n := camel(name)
	if n == "type" {
		return "typ"
	}
	switch n {
	case "c", "h", "r", "w", "ctx", "err", "args", "context", "rpc",
		"invoke", "invokeBare", "notify", "newWriter", "reader", "invokeHead", "onewayHead", "resultHead",
		"bool", "byte", "string", "error", "nil", "true", "false", "len",
		"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32":
		return n + "Arg"
	}
	if token.IsKeyword(n) {
		return n + "Arg"
	}
	return n
}

func uidName(in *idl.Interface, m *idl.Method) string { return "UID" + both(in, m) }

func timeoutName(in *idl.Interface, m *idl.Method) string { return "timeout" + both(in, m) }

// both returns interface and method as one name.
func both(in *idl.Interface, m *idl.Method) string { return exported(in.Name) + exported(m.Name) }

func valuesName(e *idl.Enum) string { return "values" + e.Name }

// side is what is generated once for each side.
type side struct {
	host    idl.Side
	client  string // type with a method for each method
	handler string // interface
	server  string // type of the dispatcher
	con     string // constant
}

func sides() []side {
	return []side{
		{idl.NCP, "NCP", "NCPHandler", "ncpServer", "SideNCP"},
		{idl.MCU, "MCU", "MCUHandler", "mcuServer", "SideMCU"},
	}
}

// methodsOf calls do for every method that the side hosts.
func (s side) methodsOf(d *idl.Description, do func(in *idl.Interface, m *idl.Method)) {
	each(d, func(in *idl.Interface, m *idl.Method) {
		if in.Host == s.host {
			do(in, m)
		}
	})
}

// checkNames refuses different things that get the same Go name.
func checkNames(d *idl.Description) error {
	seen := map[string]string{}
	add := func(name, what string) error {
		if other, taken := seen[name]; taken {
			return fmt.Errorf("%s and %s are both named %s", other, what, name)
		}
		seen[name] = what
		return nil
	}
	var err error
	note := func(e error) {
		if err == nil {
			err = e
		}
	}
	for _, e := range d.Enums {
		note(add(e.Name, "enumeration "+e.Name))
		for _, v := range e.Values {
			if v.Value < 0 || v.Value > 0xFF {
				note(fmt.Errorf("value %d of %s is no UInt8", v.Value, e.Name))
			}
			note(add(exported(e.Prefix+" "+v.Name), "value "+v.Name+" of "+e.Name))
		}
	}
	each(d, func(in *idl.Interface, m *idl.Method) {
		what := in.Name + "." + m.Name
		note(add(uidName(in, m), what))
		note(add(string(in.Host)+" method "+exported(m.Name), what))
		params := map[string]bool{}
		for _, p := range m.Params() {
			if params[local(p.Name)] {
				note(fmt.Errorf("%s: two arguments or results are named %s", what, local(p.Name)))
			}
			params[local(p.Name)] = true
		}
	})
	return err
}

// goType returns the Go type of a wire type.
func goType(t idl.Type) string {
	switch t {
	case idl.Float:
		return "float32"
	case idl.Binary:
		return "[]byte"
	}
	return strings.ToLower(string(t))
}

// codec returns the name of the reader's and writer's method for a wire type.
func codec(t idl.Type) string {
	if t == idl.Binary {
		return "binary"
	}
	return goType(t)
}

// size returns a Go expression of the encoded size of params: a constant and the
// lengths of what is of variable size.
func size(params []*idl.Param) string {
	fixed, variable := 0, ""
	for _, p := range params {
		switch p.Type {
		case idl.Bool, idl.UInt8, idl.Int8:
			fixed++
		case idl.UInt16, idl.Int16:
			fixed += 2
		case idl.UInt32, idl.Int32, idl.Float:
			fixed += 4
		case idl.UInt64, idl.Int64:
			fixed += 8
		case idl.String:
			fixed++
			variable += "+len(" + local(p.Name) + ")"
		case idl.Binary:
			fixed += 2
			variable += "+len(" + local(p.Name) + ")"
		}
	}
	return fmt.Sprint(fixed) + variable
}

func pointers(params []idl.Param) []*idl.Param {
	var all []*idl.Param
	for i := range params {
		all = append(all, &params[i])
	}
	return all
}

// results returns the out-arguments and the return value, in wire order.
func results(m *idl.Method) []*idl.Param {
	all := pointers(m.Out)
	if m.Returns != nil {
		all = append(all, m.Returns)
	}
	return all
}

// signature returns parameters and results of a method in Go.
func signature(m *idl.Method) string {
	s := "(ctx context.Context"
	for _, p := range pointers(m.In) {
		s += ", " + local(p.Name) + " " + goType(p.Type)
	}
	rets := results(m)
	if len(rets) == 0 {
		return s + ") error"
	}
	s += ") ("
	for _, p := range rets {
		s += local(p.Name) + " " + goType(p.Type) + ", "
	}
	return s + "err error)"
}

// locals returns the Go names of params as a list.
func locals(params []*idl.Param) string {
	var names []string
	for _, p := range params {
		names = append(names, local(p.Name))
	}
	return strings.Join(names, ", ")
}
