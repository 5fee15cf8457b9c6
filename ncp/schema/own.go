package schema

import (
	"math"
	"slices"
	"strconv"

	"ncpweb/internal/json"
	"ncpweb/ncp"
)

// enums reads the enumerations of a file in our form ahead of all else: parameters may
// use them before they stand there. What is wrong with them is told by own.
func enums(data []byte) map[string][]ncp.Named {
	found := make(map[string][]ncp.Named)
	p := &parser{r: json.NewReader(data), enums: found}
	_ = p.r.Object(func(name []byte) error {
		if string(name) == "enums" {
			return p.readEnums()
		}
		return p.r.Skip()
	})
	return found
}

// own reads a file in our form.
func (p *parser) own(enums map[string][]ncp.Named) {
	_ = p.r.Object(func(name []byte) (err error) {
		switch string(name) {
		case "version":
			p.d.Version, err = p.text()
		case "name":
			p.d.Name, err = p.text()
		case "enums":
			p.enums = make(map[string][]ncp.Named)
			err = p.readEnums()
		case "interfaces":
			p.enums = enums
			err = p.r.Array(func(int) error { return p.ownInterface() })
		default:
			err = p.unknown(name)
		}
		return err
	})
}

func (p *parser) unknown(name []byte) error {
	return p.r.Fail("nothing is called " + strconv.Quote(string(name[:min(len(name), MaxName)])) + " here")
}

func (p *parser) readEnums() error {
	return p.r.Array(func(i int) error {
		if i == MaxEnums {
			return p.r.Fail("too many enumerations")
		}
		name, values := "", []ncp.Named(nil)
		err := p.r.Object(func(member []byte) (err error) {
			switch string(member) {
			case "name":
				name, err = p.text()
			case "values":
				values, err = p.named()
			case "doc", "prefix":
				_, err = p.text()
			default:
				err = p.unknown(member)
			}
			return err
		})
		if err == nil && (!identifier(name) || p.enums[name] != nil || values == nil) {
			return p.r.Fail("an enumeration has no name of its own, or no values")
		}
		p.enums[name] = values
		return err
	})
}

func (p *parser) named() ([]ncp.Named, error) {
	var list []ncp.Named
	err := p.r.Array(func(i int) error {
		if i == MaxValues {
			return p.r.Fail("too many values")
		}
		var n ncp.Named
		err := p.r.Object(func(member []byte) (err error) {
			switch string(member) {
			case "value":
				n.Value, err = p.r.Int()
			case "name":
				n.Name, err = p.text()
			case "doc":
				n.Doc, err = p.text()
			default:
				err = p.unknown(member)
			}
			return err
		})
		if err == nil && n.Name == "" {
			return p.r.Fail("a value has no name")
		}
		list = append(list, n)
		return err
	})
	return list, err
}

func (p *parser) ownInterface() error {
	name, host := "", ncp.Side(0)
	var methods []ncp.Method
	err := p.r.Object(func(member []byte) (err error) {
		switch string(member) {
		case "name":
			name, err = p.text()
		case "host":
			host, err = p.host()
		case "doc":
			_, err = p.text()
		case "methods":
			err = p.r.Array(func(i int) error {
				if i == MaxMethods {
					return p.r.Fail("too many methods")
				}
				m, err := p.ownMethod()
				methods = append(methods, m)
				return err
			})
		default:
			err = p.unknown(member)
		}
		return err
	})
	if err != nil {
		return err
	}
	if host == 0 {
		return p.r.Fail("an interface does not say who hosts it")
	}
	for _, m := range methods {
		m.Interface, m.Host = name, host
		if err := p.add(m); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) host() (ncp.Side, error) {
	s, err := p.r.Bytes()
	switch {
	case err != nil:
		return 0, err
	case string(s) == "ncp":
		return ncp.SideNCP, nil
	case string(s) == "mcu":
		return ncp.SideMCU, nil
	}
	return 0, p.r.Fail("a host is neither ncp nor mcu")
}

func (p *parser) ownMethod() (ncp.Method, error) {
	var m ncp.Method
	var hasUID bool
	err := p.r.Object(func(member []byte) (err error) {
		switch string(member) {
		case "name":
			m.Name, err = p.text()
		case "uid":
			hasUID = true
			m.UID, err = p.uid()
		case "doc":
			m.Doc, err = p.text()
		case "oneway":
			m.Oneway, err = p.r.Bool()
		case "timeout_ms":
			m.Timeout, err = p.timeout()
		case "in":
			m.In, err = p.params()
		case "out":
			m.Out, err = p.params()
		case "returns":
			if !p.r.Null() {
				m.Result, err = p.param()
				m.Returns = m.Result.Type
			}
		default:
			err = p.unknown(member)
		}
		return err
	})
	if err == nil && !hasUID {
		return m, p.r.Fail("a method has no id")
	}
	return m, err
}

func (p *parser) params() ([]ncp.Param, error) {
	var list []ncp.Param
	err := p.r.Array(func(i int) error {
		if i == MaxParams {
			return p.r.Fail("too many arguments or results")
		}
		one, err := p.param()
		if err == nil && slices.ContainsFunc(list, func(q ncp.Param) bool { return q.Name == one.Name }) {
			return p.r.Fail("an argument or result is there twice")
		}
		list = append(list, one)
		return err
	})
	return list, err
}

func (p *parser) param() (ncp.Param, error) {
	var q ncp.Param
	var minimum, maximum, enum bool
	err := p.r.Object(func(member []byte) (err error) {
		var n int64
		switch string(member) {
		case "name":
			q.Name, err = p.text()
		case "type":
			q.Type, err = p.valueType()
		case "doc":
			q.Doc, err = p.text()
		case "unit":
			q.Unit, err = p.text()
		case "prefix":
			q.Prefix, err = p.text()
		case "min":
			minimum = true
			q.Min, err = p.r.Int()
		case "max":
			maximum = true
			q.Max, err = p.r.Int()
		case "also":
			err = p.r.Array(func(i int) error {
				if i == MaxValues {
					return p.r.Fail("too many values")
				}
				v, err := p.r.Int()
				q.Also = append(q.Also, v)
				return err
			})
		case "min_len":
			n, err = p.length()
			q.MinLen = int(n)
		case "max_len":
			n, err = p.length()
			q.MaxLen = int(n)
		case "format":
			q.Format, err = p.format()
		case "enum":
			var name string
			if name, err = p.text(); err == nil {
				enum = true
				if q.Values = p.enums[name]; q.Values == nil {
					q.Values = builtInEnum(name)
				}
				if q.Values == nil {
					err = p.r.Fail("no enumeration is called " + name)
				}
			}
		case "secret":
			q.Secret, err = p.r.Bool()
		default:
			err = p.unknown(member)
		}
		return err
	})
	if err != nil {
		return q, err
	}
	q.Ranged = minimum
	return q, p.checkParam(&q, minimum, maximum, enum)
}

// builtInEnum returns the values of an enumeration that the built-in methods use: a file
// may use it without describing it again.
func builtInEnum(name string) []ncp.Named {
	uses := map[string]uint16{"State": ncp.UIDBlynkGetState, "PrefetchStatus": ncp.UIDBlynkOtaUpdatePrefetch, "FactoryStatus": ncp.UIDBlynkFactoryTestWiFi}
	if uid, ok := uses[name]; ok {
		m, _ := ncp.Lookup(uid)
		return m.Result.Values
	}
	switch name {
	case "DSTStatus":
		m, _ := ncp.Lookup(ncp.UIDBlynkGetTime)
		return m.Out[len(m.Out)-1].Values
	case "EventCode":
		m, _ := ncp.Lookup(ncp.UIDClientProcessEvent)
		return m.In[0].Values
	}
	return nil
}

func (p *parser) length() (int64, error) {
	n, err := p.r.Int()
	if err == nil && (n < 0 || n > math.MaxUint16) {
		return 0, p.r.Fail("a length is not between 0 and 65535")
	}
	return n, err
}

func (p *parser) format() (ncp.Format, error) {
	s, err := p.r.Bytes()
	if err != nil {
		return 0, err
	}
	for i, name := range [...]string{"", "values", "pins", "digest", "mac"} {
		if name == string(s) {
			return ncp.Format(i), nil
		}
	}
	return 0, p.r.Fail("a format is not known")
}

// checkParam refuses hints that do not fit the type.
func (p *parser) checkParam(q *ncp.Param, minimum, maximum, enum bool) error {
	lo, hi := limits(q.Type)
	integer := lo < hi
	bytes := q.Type == ncp.TypeString || q.Type == ncp.TypeBinary
	switch {
	case !identifier(q.Name):
		return p.r.Fail("the name of an argument or result is not letters, digits and underscores")
	case q.Type == ncp.TypeNone:
		return p.r.Fail(q.Name + " has no type")
	case minimum != maximum:
		return p.r.Fail(q.Name + " has only one end of its range")
	case !integer && (minimum || enum || q.Also != nil):
		return p.r.Fail(q.Name + " is no whole number and can have neither range nor named values")
	case q.Also != nil && !minimum:
		return p.r.Fail(q.Name + " has values beside a range, but no range")
	case minimum && (q.Min < lo || q.Max > hi || q.Min > q.Max):
		return p.r.Fail("the range of " + q.Name + " does not fit its type")
	case !bytes && (q.MinLen != 0 || q.MaxLen != 0 || q.Prefix != "" || q.Format != ncp.FormatPlain || q.Secret):
		return p.r.Fail(q.Name + " is neither text nor bytes and can have no length, prefix, format or secrecy")
	case q.MaxLen > 0 && q.MinLen > q.MaxLen:
		return p.r.Fail("the lengths of " + q.Name + " do not fit")
	}
	for _, v := range q.Also {
		if v < lo || v > hi {
			return p.r.Fail("a value of " + q.Name + " does not fit its type")
		}
	}
	return nil
}

// limits returns the smallest and largest value of an integer type as far as a
// description can name them; 0, 0 for other types.
func limits(t ncp.Type) (lo, hi int64) {
	switch t {
	case ncp.TypeUInt8:
		return 0, math.MaxUint8
	case ncp.TypeUInt16:
		return 0, math.MaxUint16
	case ncp.TypeUInt32:
		return 0, math.MaxUint32
	case ncp.TypeUInt64:
		return 0, math.MaxInt64
	case ncp.TypeInt8:
		return math.MinInt8, math.MaxInt8
	case ncp.TypeInt16:
		return math.MinInt16, math.MaxInt16
	case ncp.TypeInt32:
		return math.MinInt32, math.MaxInt32
	case ncp.TypeInt64:
		return math.MinInt64, math.MaxInt64
	}
	return 0, 0
}
