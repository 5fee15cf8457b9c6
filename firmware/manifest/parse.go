package manifest

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"ncpweb/internal/json"
)

// maxIgnored bounds Manifest.Ignored.
const maxIgnored = 16

// parser reads one manifest.
type parser struct {
	*json.Reader
	m    *Manifest
	err  *Error // the first refusal of what is valid JSON
	web  bool   // "builds" was there
	idf  bool   // "flash_files" was there
	at   [2]int // build and part that are read
	file Build  // of a flasher_args.json
}

// Parse reads a manifest of either form. Members that are not known are passed over. The
// error is an *Error.
func Parse(data []byte) (*Manifest, error) {
	if len(data) > MaxJSON {
		return nil, &Error{Code: ErrLarge, Name: "bytes", Want: MaxJSON, Have: int64(len(data))}
	}
	p := &parser{Reader: json.NewReader(data), m: &Manifest{}}
	if p.Kind() != json.Object {
		return nil, &Error{Code: ErrForm}
	}
	err := p.Object(p.member)
	if err == nil {
		err = p.End()
	}
	if err == nil && p.finish() != nil {
		return nil, p.err // it is no one place that is wrong
	}
	var place *json.Error
	errors.As(err, &place)
	switch {
	case p.err != nil && place != nil:
		p.err.Line, p.err.Column = place.Line, place.Column
		return nil, p.err
	case p.err != nil:
		return nil, p.err
	case place != nil:
		return nil, &Error{Code: ErrJSON, Text: place.Text, Line: place.Line, Column: place.Column}
	}
	slices.Sort(p.m.Ignored)
	return p.m, nil
}

// refuse keeps the reason, with the place of what is read.
func (p *parser) refuse(e Error) error {
	if p.err == nil && p.Err() == nil {
		e.Build, e.Part = p.at[0], p.at[1]
		p.err = &e
	}
	return p.Fail(e.Error())
}

// finish judges what was read as a whole.
func (p *parser) finish() error {
	p.at = [2]int{}
	switch {
	case p.web == p.idf:
		return p.refuse(Error{Code: ErrForm})
	case p.idf:
		p.m.Flasher, p.m.Builds = true, []Build{p.file}
	}
	if len(p.m.Builds) == 0 {
		return p.refuse(Error{Code: ErrMissing, Name: "builds"})
	}
	for n := range p.m.Builds {
		if err := p.checkBuild(n); err != nil {
			return err
		}
	}
	return nil
}

// checkBuild sorts the parts of a build and looks for those that overlap.
func (p *parser) checkBuild(n int) error {
	b := &p.m.Builds[n]
	p.at = [2]int{n, 0}
	if len(b.Parts) == 0 && !b.MCU {
		return p.refuse(Error{Code: ErrMissing, Name: "parts"})
	}
	slices.SortStableFunc(b.Parts, func(a, c Part) int { return cmp.Compare(a.Offset, c.Offset) })
	for i := range b.Parts {
		part := &b.Parts[i]
		if int64(part.Offset)+part.Size > 1<<32 {
			return p.refuse(Error{Code: ErrOffset, Name: part.Path})
		}
		if i == 0 {
			continue
		}
		if before := &b.Parts[i-1]; int64(before.Offset)+max(before.Size, 1) > int64(part.Offset) {
			return p.refuse(Error{Code: ErrOverlap, Name: before.Path, Other: part.Path})
		}
	}
	return nil
}

// member reads a member of the manifest itself.
func (p *parser) member(name []byte) (err error) {
	switch string(name) {
	case "name":
		p.m.Name, err = p.text("name")
	case "version":
		p.m.Version, err = p.text("version")
	case "target":
		p.m.Target, err = p.text("target")
	case "new_install_prompt_erase":
		p.m.Prompt, err = p.Bool()
	case "builds":
		p.web = true
		err = p.Array(p.build)
	case "flash_files":
		p.idf = true
		err = p.Object(p.flashFile)
	case "extra_esptool_args":
		err = p.Object(p.esptool)
	default:
		err = p.ignore(name)
	}
	return err
}

// known are members that need no remark: they are for other programs.
var known = map[string]bool{
	"home_assistant_domain": true, "funding_url": true, "new_install_improv_wait_time": true, "improv": true,
	"write_flash_args": true, "flash_settings": true,
}

// ignore passes over a member and remembers its name.
func (p *parser) ignore(name []byte) error {
	if s := string(name); !known[s] && !slices.Contains(p.m.Ignored, s) && len(p.m.Ignored) < maxIgnored && plainText(s, MaxText) {
		p.m.Ignored = append(p.m.Ignored, s)
	}
	return p.Skip()
}

// build reads one of the builds.
func (p *parser) build(i int) error {
	p.at = [2]int{i, 0}
	if i >= MaxBuilds {
		return p.refuse(Error{Code: ErrLarge, Name: "builds", Want: MaxBuilds})
	}
	var b Build
	err := p.Object(func(name []byte) (err error) {
		switch string(name) {
		case "chipFamily":
			b.Family, err = p.text("chipFamily")
			b.Chip = ChipOf(b.Family)
		case "serialType":
			b.Serial, err = p.text("serialType")
		case "target":
			b.Target, err = p.text("target")
		case "mcu":
			b.MCU = true
			err = p.Skip()
		case "parts":
			err = p.Array(func(i int) error { return p.part(&b, i) })
		default:
			err = p.ignore(name)
		}
		return err
	})
	if err == nil && b.Family == "" {
		err = p.refuse(Error{Code: ErrMissing, Name: "chipFamily"})
	}
	p.m.Builds = append(p.m.Builds, b)
	return err
}

// part reads one of the parts of a build.
func (p *parser) part(b *Build, i int) error {
	p.at[1] = i
	if i >= MaxParts {
		return p.refuse(Error{Code: ErrLarge, Name: "parts", Want: MaxParts})
	}
	var part Part
	var placed, mcu bool
	err := p.Object(func(name []byte) (err error) {
		switch string(name) {
		case "path":
			part.Path, err = p.path()
		case "offset":
			placed = true
			part.Offset, err = p.offset()
		case "size":
			part.Size, err = p.Int()
			if err == nil && (part.Size <= 0 || part.Size > MaxEntry) {
				err = p.refuse(Error{Code: ErrLarge, Name: "size", Want: MaxEntry, Have: part.Size})
			}
		case "sha256":
			part.SHA256, err = p.digest()
		case "mcu":
			mcu, err = p.Bool()
		default:
			err = p.ignore(name)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case mcu:
		b.MCU = true
		return nil
	case part.Path == "":
		return p.refuse(Error{Code: ErrMissing, Name: "path"})
	case !placed:
		return p.refuse(Error{Code: ErrMissing, Name: "offset"})
	}
	b.Parts = append(b.Parts, part)
	return nil
}

// flashFile reads one of ESP-IDF's: the offset is the name of the member, the path its value.
func (p *parser) flashFile(name []byte) error {
	p.at = [2]int{0, len(p.file.Parts)}
	if len(p.file.Parts) == MaxParts {
		return p.refuse(Error{Code: ErrLarge, Name: "parts", Want: MaxParts})
	}
	offset, ok := number(string(name))
	if !ok {
		return p.refuse(Error{Code: ErrOffset})
	}
	path, err := p.path()
	p.file.Parts = append(p.file.Parts, Part{Path: path, Offset: offset})
	return err
}

// esptool reads what ESP-IDF tells its own tool: only the chip matters.
func (p *parser) esptool(name []byte) (err error) {
	if string(name) != "chip" {
		return p.Skip()
	}
	p.file.Family, err = p.text("chip")
	p.file.Chip = ChipOf(p.file.Family)
	return err
}

// text reads a short text.
func (p *parser) text(name string) (string, error) {
	s, err := p.String()
	if err == nil && !plainText(s, MaxText) {
		err = p.refuse(Error{Code: ErrText, Name: name})
	}
	return s, err
}

// path reads a path and refuses one that leads anywhere but down.
func (p *parser) path() (string, error) {
	s, err := p.String()
	if err != nil {
		return "", err
	}
	path, query, _ := strings.Cut(s, "?")
	_, code := cleanPath(path, true)
	if code == 0 && !plainText(query, MaxPath) {
		code = ErrPath
	}
	if code != 0 {
		return "", p.refuse(Error{Code: code, Name: s[:min(len(s), MaxPath)]})
	}
	return s, nil
}

// offset reads a number, or a text that is one.
func (p *parser) offset() (uint32, error) {
	var n uint32
	var ok bool
	if p.Kind() == json.String {
		s, err := p.String()
		if err != nil {
			return 0, err
		}
		n, ok = number(s)
	} else {
		i, err := p.Float() // other programs write 65536.0, or 1e4
		if err != nil {
			return 0, err
		}
		if ok = i >= 0 && i <= 1<<32-1 && i == float64(uint32(i)); ok {
			n = uint32(i)
		}
	}
	if !ok {
		return 0, p.refuse(Error{Code: ErrOffset})
	}
	return n, nil
}

// number reads an address: decimal, or hexadecimal with 0x.
func number(s string) (uint32, bool) {
	base := 10
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s, base = s[2:], 16
	}
	n, err := strconv.ParseUint(s, base, 32)
	return uint32(n), err == nil
}

// digest reads a SHA-256 in hex.
func (p *parser) digest() ([]byte, error) {
	s, err := p.Bytes()
	if err != nil {
		return nil, err
	}
	if len(s) != 64 {
		return nil, p.refuse(Error{Code: ErrDigest})
	}
	sum := make([]byte, 32)
	for i := range sum {
		hi, lo := hexDigit(s[2*i]), hexDigit(s[2*i+1])
		if hi < 0 || lo < 0 {
			return nil, p.refuse(Error{Code: ErrDigest})
		}
		sum[i] = byte(hi<<4 | lo)
	}
	return sum, nil
}
