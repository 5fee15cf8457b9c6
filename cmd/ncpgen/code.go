package main

import (
	"fmt"
	"strings"

	"ncpweb/ncp/idl"
)

// uids writes the ids and time-outs.
func uids(s *source, d *idl.Description) {
	timeouts := false
	each(d, func(_ *idl.Interface, m *idl.Method) { timeouts = timeouts || m.Timeout != 0 })
	if timeouts {
		s.line(`import "time"`)
		s.line("")
	}
	s.line("// Version is the version of the interface that this package is made from.")
	s.line("const Version = %q", d.Version)
	s.line("")
	s.line("// Ids of the methods (protocol sheet, method table).")
	s.line("const (")
	each(d, func(in *idl.Interface, m *idl.Method) {
		s.line("%s uint16 = 0x%04X", uidName(in, m), m.UID)
	})
	s.line(")")
	if !timeouts {
		return
	}
	s.line("")
	s.line("// Time-outs of the methods that do not use the default (protocol sheet, method table).")
	s.line("const (")
	each(d, func(in *idl.Interface, m *idl.Method) {
		if m.Timeout != 0 {
			s.line("%s = %d * time.Millisecond", timeoutName(in, m), m.Timeout.Milliseconds())
		}
	})
	s.line(")")
}

// enums writes the types with named values.
func enums(s *source, d *idl.Description) {
	for i := range d.Enums {
		e := &d.Enums[i]
		s.comment(fmt.Sprintf("%s: %s", e.Name, lowerFirst(e.Doc)))
		s.line("type %s uint8", e.Name)
		s.line("")
		s.line("// Values of %s (protocol sheet).", e.Name)
		s.line("const (")
		for _, v := range e.Values {
			doc := ""
			if v.Doc != "" {
				doc = " // " + v.Doc
			}
			s.line("%s %s = %d%s", exported(e.Prefix+" "+v.Name), e.Name, v.Value, doc)
		}
		s.line(")")
		s.line("")
		s.line("// String returns the value in lower-case words, or its number if it has none.")
		s.line("func (v %s) String() string {", e.Name)
		s.line("switch v {")
		for _, v := range e.Values {
			s.line("case %s:", exported(e.Prefix+" "+v.Name))
			s.line("return %q", v.Name)
		}
		s.line("}")
		s.line("return itoa(int64(v))")
		s.line("}")
		s.line("")
	}
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// methodComment writes the doc comment of a client's or handler's method.
func methodComment(s *source, in *idl.Interface, m *idl.Method) {
	s.line("// %s is %s.%s.", exported(m.Name), in.Name, m.Name)
	s.comment(m.Doc)
	paramComment(s, "Arguments", pointers(m.In))
	paramComment(s, "Results", results(m))
}

func paramComment(s *source, title string, params []*idl.Param) {
	if len(params) == 0 {
		return
	}
	var all []string
	for _, p := range params {
		text := local(p.Name)
		if p.Doc != "" {
			text += " - " + p.Doc
		}
		if hint := hints(p); hint != "" {
			text += " (" + hint + ")"
		}
		all = append(all, text)
	}
	s.comment(title + ": " + strings.Join(all, "; ") + ".")
}

// hints says the unit, range and named values of a parameter in words.
func hints(p *idl.Param) string {
	var all []string
	if p.Unit != "" {
		all = append(all, p.Unit)
	}
	if p.Min != nil {
		text := fmt.Sprintf("%d to %d", *p.Min, *p.Max)
		for _, v := range p.Also {
			text += fmt.Sprintf(" or %d", v)
		}
		all = append(all, text)
	}
	if p.Enum != "" {
		all = append(all, "a "+p.Enum)
	}
	switch {
	case p.MinLen > 0 && p.MinLen == p.MaxLen:
		all = append(all, fmt.Sprintf("%d bytes", p.MinLen))
	case p.MinLen == 1 && p.MaxLen == 0:
		all = append(all, "not empty")
	case p.MinLen > 0:
		all = append(all, fmt.Sprintf("at least %d bytes", p.MinLen))
	}
	if p.MaxLen > p.MinLen {
		all = append(all, fmt.Sprintf("at most %d bytes", p.MaxLen))
	}
	if p.Prefix != "" {
		all = append(all, fmt.Sprintf("begins with %q", p.Prefix))
	}
	if p.Secret {
		all = append(all, "secret")
	}
	return strings.Join(all, ", ")
}

// clients writes the methods of the clients.
func clients(s *source, d *idl.Description) {
	s.line(`import "context"`)
	s.line("")
	for _, side := range sides() {
		side.methodsOf(d, func(in *idl.Interface, m *idl.Method) {
			methodComment(s, in, m)
			s.line("func (c *%s) %s%s {", side.client, exported(m.Name), signature(m))
			clientBody(s, in, m)
			s.line("}")
			s.line("")
		})
	}
}

func clientBody(s *source, in *idl.Interface, m *idl.Method) {
	w := "writer{}"
	if len(m.In) > 0 {
		w = "w"
		head := "invokeHead"
		if m.Oneway {
			head = "onewayHead"
		}
		s.line("w := newWriter(%s, %s)", head, size(pointers(m.In)))
		writeParams(s, pointers(m.In))
	}
	if m.Oneway {
		s.line("return notify(ctx, c.c, %s, %s)", uidName(in, m), w)
		return
	}
	timeout := "0"
	if m.Timeout != 0 {
		timeout = timeoutName(in, m)
	}
	rets := results(m)
	if len(rets) == 0 {
		s.line("return invokeBare(ctx, c.c, %s, %s, %s)", timeout, uidName(in, m), w)
		return
	}
	s.line("r, err := invoke(ctx, c.c, %s, %s, %s)", timeout, uidName(in, m), w)
	for _, p := range rets {
		s.line("%s = r.%s()", local(p.Name), codec(p.Type))
	}
	s.line("return %s, r.end(%s, err)", locals(rets), uidName(in, m))
}

func writeParams(s *source, params []*idl.Param) {
	for _, p := range params {
		s.line("w.%s(%q, %s)", codec(p.Type), p.Name, local(p.Name))
	}
}

// handlers writes the interfaces that answer calls.
func handlers(s *source, d *idl.Description) {
	s.line(`import "context"`)
	s.line("")
	for _, side := range sides() {
		s.line("// %s answers the calls and takes the notifications of its peer. See rpc.Handler", side.handler)
		s.line("// for what its methods may do and what becomes of their errors.")
		s.line("type %s interface {", side.handler)
		side.methodsOf(d, func(in *idl.Interface, m *idl.Method) {
			methodComment(s, in, m)
			s.line("%s%s", exported(m.Name), signature(m))
			s.line("")
		})
		s.line("}")
		s.line("")
	}
}

// servers writes the dispatchers.
func servers(s *source, d *idl.Description) {
	s.line("import (")
	s.line(`"context"`)
	s.line("")
	s.line(`"ncpweb/ncp/rpc"`)
	s.line(")")
	s.line("")
	for _, side := range sides() {
		dispatcher(s, d, side)
		side.methodsOf(d, func(in *idl.Interface, m *idl.Method) { serve(s, side, in, m) })
	}
}

func dispatcher(s *source, d *idl.Description, side side) {
	s.line("// ServeRPC calls the handler's method for req.")
	s.line("func (s %s) ServeRPC(ctx context.Context, req rpc.Request) ([]byte, error) {", side.server)
	s.line("if req.Oneway {")
	s.line("return nil, s.notified(ctx, req)")
	s.line("}")
	s.line("switch req.UID {")
	side.methodsOf(d, func(in *idl.Interface, m *idl.Method) {
		if !m.Oneway {
			s.line("case %s:", uidName(in, m))
			s.line("return serve%s(ctx, s.h, req.Args)", both(in, m))
		}
	})
	s.line("}")
	s.line("return nil, refuse(%s, req.UID)", side.con)
	s.line("}")
	s.line("")
	s.line("// notified calls the handler's method for a ONEWAY.")
	s.line("func (s %s) notified(ctx context.Context, req rpc.Request) error {", side.server)
	s.line("switch req.UID {")
	side.methodsOf(d, func(in *idl.Interface, m *idl.Method) {
		if m.Oneway {
			s.line("case %s:", uidName(in, m))
			s.line("return serve%s(ctx, s.h, req.Args)", both(in, m))
		}
	})
	s.line("}")
	s.line("return refuse(%s, req.UID)", side.con)
	s.line("}")
	s.line("")
}

// serve writes the function that answers one method.
func serve(s *source, side side, in *idl.Interface, m *idl.Method) {
	rets := results(m)
	none, args := "nil, ", "args"
	// Deployed receivers look at the length only if there is something to decode.
	strict := len(m.In) > 0 || len(m.Out) > 0
	if !strict {
		args = "_"
	}
	if m.Oneway {
		none = ""
		s.line("func serve%s(ctx context.Context, h %s, %s []byte) error {", both(in, m), side.handler, args)
	} else {
		s.line("func serve%s(ctx context.Context, h %s, %s []byte) ([]byte, error) {", both(in, m), side.handler, args)
	}
	if strict {
		s.line("r := reader{buf: args}")
		for _, p := range pointers(m.In) {
			s.line("%s := r.%s()", local(p.Name), codec(p.Type))
		}
		s.line("if err := r.request(); err != nil {")
		s.line("return %serr", none)
		s.line("}")
	}
	call := fmt.Sprintf("h.%s(%s)", exported(m.Name), strings.TrimSuffix("ctx, "+locals(pointers(m.In)), ", "))
	if len(rets) == 0 {
		s.line("return %s%s", none, call)
	} else {
		s.line("%s, err := %s", locals(rets), call)
		s.line("if err != nil {")
		s.line("return nil, err")
		s.line("}")
		s.line("w := newWriter(resultHead, %s)", size(rets))
		writeParams(s, rets)
		s.line("return w.rets()")
	}
	s.line("}")
	s.line("")
}
