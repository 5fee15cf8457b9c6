package board

import (
	"errors"
	"strconv"

	"ncpweb/internal/json"
)

// Limits of a catalogue: what a broken file can make the page keep.
const (
	maxSize   = 256 << 10
	maxBoards = 500
	maxList   = 32 // entries of a list of one board
)

// Parse reads a catalogue. Members that it does not know are passed over, so that a
// newer file serves an older page.
func Parse(data []byte) (*Catalogue, error) {
	if len(data) > maxSize {
		return nil, errors.New("board: the catalogue is too long")
	}
	p := reader{json.NewReader(data)}
	c := &Catalogue{}
	format := ""
	err := p.object(func(name string) error {
		switch name {
		case "format":
			return p.text(&format)
		case "boards":
			return p.list(maxBoards, func() error {
				b, err := p.board()
				c.Boards = append(c.Boards, b)
				return err
			})
		}
		return p.r.Skip()
	})
	if err == nil {
		err = p.r.End()
	}
	if err != nil {
		return nil, err
	}
	if format != "ncp-boards" {
		return nil, errors.New("board: this is not a catalogue")
	}
	return c, nil
}

type reader struct{ r *json.Reader }

func (p reader) board() (b Board, err error) {
	err = p.object(func(name string) error {
		switch name {
		case "id":
			return p.text(&b.ID)
		case "name":
			return p.text(&b.Name)
		case "vendor":
			return p.text(&b.Vendor)
		case "kind":
			return p.text((*string)(&b.Kind))
		case "provisioning":
			return p.text(&b.Provisioning)
		case "unconfirmed":
			return p.truth(&b.Unconfirmed)
		case "networks":
			return p.texts(&b.Network)
		case "before":
			return p.texts(&b.Before)
		case "byHand":
			return p.texts(&b.ByHand)
		case "after":
			return p.texts(&b.After)
		case "notes":
			return p.texts(&b.Notes)
		case "ncp":
			return p.ncp(&b.NCP)
		case "mcu":
			return p.processor(&b.MCU)
		case "preset":
			return p.preset(&b.Preset)
		case "usb":
			return p.list(maxList, func() error {
				u, err := p.usb()
				b.USB = append(b.USB, u)
				return err
			})
		}
		return p.r.Skip()
	})
	return b, err
}

func (p reader) ncp(n *NCP) error {
	return p.object(func(name string) error {
		switch name {
		case "module":
			return p.text(&n.Module)
		case "chip":
			return p.text(&n.Chip)
		case "firmware":
			return p.text(&n.Firmware)
		case "reset":
			return p.text(&n.Reset)
		case "passthrough":
			return p.truth(&n.Passthrough)
		case "fixed":
			return p.truth(&n.Fixed)
		case "done":
			return p.number(&n.Done)
		case "rate":
			return p.number(&n.Rate)
		case "line":
			return p.number(&n.Line)
		}
		return p.r.Skip()
	})
}

func (p reader) processor(m *Processor) error {
	return p.object(func(name string) error {
		switch name {
		case "chip":
			return p.text(&m.Chip)
		case "note":
			return p.text(&m.Note)
		case "flash":
			return p.texts(&m.Flash)
		}
		return p.r.Skip()
	})
}

func (p reader) usb() (u USB, err error) {
	err = p.object(func(name string) error {
		switch name {
		case "is":
			return p.text(&u.Is)
		case "id":
			var id string
			if err := p.text(&id); err != nil {
				return err
			}
			return parseUSB(id, &u)
		}
		return p.r.Skip()
	})
	return u, err
}

// parseUSB reads an id such as "2341:1002".
func parseUSB(id string, u *USB) error {
	if len(id) != 9 || id[4] != ':' {
		return errors.New("board: " + strconv.Quote(id) + " is not a USB id")
	}
	vendor, err := strconv.ParseUint(id[:4], 16, 16)
	product, err2 := strconv.ParseUint(id[5:], 16, 16)
	u.Vendor, u.Product = uint16(vendor), uint16(product)
	return errors.Join(err, err2)
}

func (p reader) preset(to *Preset) error {
	return p.object(func(name string) error {
		var at pins
		if err := p.pins(&at); err != nil {
			return err
		}
		switch name {
		case "led":
			to.LED = &LED{at.gpio, at.activeLow}
		case "rgb":
			to.RGB = &RGB{at.r, at.g, at.b, at.commonAnode}
		case "button":
			to.Button = &Button{at.gpio, at.activeLow}
		}
		return nil
	})
}

// pins are those of any light or button.
type pins struct {
	gpio, r, g, b          uint16
	activeLow, commonAnode bool
}

func (p reader) pins(at *pins) error {
	return p.object(func(name string) error {
		switch name {
		case "gpio":
			return p.pin(&at.gpio)
		case "r":
			return p.pin(&at.r)
		case "g":
			return p.pin(&at.g)
		case "b":
			return p.pin(&at.b)
		case "activeLow":
			return p.truth(&at.activeLow)
		case "commonAnode":
			return p.truth(&at.commonAnode)
		}
		return p.r.Skip()
	})
}

func (p reader) object(member func(name string) error) error {
	return p.r.Object(func(name []byte) error { return member(string(name)) })
}

func (p reader) list(most int, item func() error) error {
	return p.r.Array(func(i int) error {
		if i == most {
			return errors.New("board: a list is too long")
		}
		return item()
	})
}

func (p reader) texts(to *[]string) error {
	return p.list(maxList, func() error {
		s, err := p.r.String()
		*to = append(*to, s)
		return err
	})
}

func (p reader) text(to *string) (err error) {
	*to, err = p.r.String()
	return err
}

func (p reader) truth(to *bool) (err error) {
	*to, err = p.r.Bool()
	return err
}

func (p reader) number(to *int) error {
	n, err := p.r.Int()
	*to = int(n)
	return err
}

func (p reader) pin(to *uint16) error {
	n, err := p.r.Int()
	if err == nil && n != int64(uint16(n)) {
		err = errors.New("board: a GPIO is 0 to 65535")
	}
	*to = uint16(n)
	return err
}
