package profile

import (
	"strconv"

	"ncpweb/internal/json"
)

// pins reads the names of virtual pins.
func (p *parser) pins() error {
	if p.r.Kind() != json.Array {
		return p.wrong("pins", RuleKind, "list")
	}
	return p.r.Array(func(i int) error {
		if i == MaxPins {
			return p.wrong("pins", RuleMany, strconv.Itoa(MaxPins))
		}
		pin, err := p.pin(i)
		if err != nil {
			return err
		}
		return p.insert(i, pin)
	})
}

// insert puts a pin where it belongs by its number. Files are in that order mostly.
func (p *parser) insert(i int, pin Pin) error {
	list := append(p.made.Pins, pin)
	at := len(list) - 1
	for ; at > 0 && list[at-1].Number > pin.Number; at-- {
		list[at] = list[at-1]
	}
	if at > 0 && list[at-1].Number == pin.Number {
		return p.wrong(pinPath(i, ".pin"), RuleTwice, "")
	}
	list[at] = pin
	p.made.Pins = list
	return nil
}

func (p *parser) pin(i int) (pin Pin, err error) {
	if p.r.Kind() != json.Object {
		return pin, p.wrong(pinPath(i, ""), RuleKind, "object")
	}
	numbered := false
	err = p.r.Object(func(name []byte) error {
		path := pinPath(i, "."+string(name))
		switch string(name) {
		case "pin":
			numbered = true
			return p.pinNumber(path, &pin.Number)
		case "name":
			return p.text(path, MaxName, &pin.Name)
		case "unit":
			return p.text(path, MaxUnit, &pin.Unit)
		}
		return p.unknown(path)
	})
	if err == nil && !numbered {
		err = p.wrong(pinPath(i, ".pin"), RuleKind, "number")
	}
	return pin, err
}

func (p *parser) pinNumber(path string, to *uint16) error {
	if p.r.Kind() != json.Number {
		return p.wrong(path, RuleKind, "number")
	}
	n, err := p.r.Int()
	switch {
	case err != nil:
		return p.wrong(path, RuleKind, "number")
	case n < 0 || n > 0xFFFF:
		return p.wrong(path, RuleRange, "0–65535")
	}
	*to = uint16(n)
	return nil
}
