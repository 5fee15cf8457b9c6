package workui

import (
	"strings"

	"ncpweb/board"
	"ncpweb/firmware/manifest"
	"ncpweb/wasm/lang"
)

// flashable tells whether the page can flash the NCP of a board. The NCPs of boards of
// kind MCU are modules of their own.
func flashable(b *board.Board) bool {
	return b.Kind != board.MCU && b.NCP.Reset != "none"
}

//lang:texts
var networkWords = map[string]string{"wifi": "Wi-Fi", "wifi5": "Wi-Fi 5 GHz", "ethernet": "Ethernet", "poe": "PoE"}

// boardFacts is one line about a board, without its chip.
func boardFacts(b *board.Board) string {
	var facts []string
	for _, n := range b.Network {
		if w, ok := networkWords[n]; ok {
			facts = append(facts, lang.T(w))
		}
	}
	switch b.Provisioning {
	case "ble":
		facts = append(facts, lang.T("set up by Bluetooth"))
	case "ap":
		facts = append(facts, lang.T("set up by its hotspot"))
	}
	switch {
	case b.NCP.Passthrough:
		facts = append(facts, lang.T("flashed through its controller"))
	case b.NCP.Reset == "hand":
		facts = append(facts, lang.T("reset by hand"))
	}
	if b.Unconfirmed {
		facts = append(facts, lang.T("not confirmed yet"))
	}
	return strings.Join(facts, ", ")
}

// boardText is what a search looks through: names, chips, and the boards whose NCP a
// module is.
func boardText(b *board.Board, c *board.Catalogue) string {
	text := b.Title() + " " + b.NCP.Chip + " " + b.MCU.Chip + " " + b.NCP.Firmware
	for i := range c.Boards {
		if c.Boards[i].NCP.Module == b.ID {
			text += " " + c.Boards[i].Title()
		}
	}
	return strings.ToLower(text)
}

// boardFound tells whether a board has every word of a search.
func boardFound(b *board.Board, c *board.Catalogue, search string) bool {
	text := boardText(b, c)
	for _, word := range strings.Fields(strings.ToLower(search)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// bestBoard is the index of the board that a search means: the one that begins with it,
// else the first that is found; −1: none, or nothing was typed.
func bestBoard(boards []*board.Board, c *board.Catalogue, search string) int {
	best := -1
	search = strings.ToLower(strings.TrimSpace(search))
	if search == "" {
		return -1
	}
	for i, b := range boards {
		if !boardFound(b, c, search) {
			continue
		}
		if strings.HasPrefix(strings.ToLower(b.Name), search) || strings.HasPrefix(strings.ToLower(b.Title()), search) {
			return i
		}
		if best < 0 {
			best = i
		}
	}
	return best
}

// fileFor is the name of the NCP firmware for a board, or else for a chip that was
// detected; empty: it cannot be told.
func fileFor(c *board.Catalogue, b *board.Board, d detection) string {
	if b != nil {
		return b.NCP.Firmware
	}
	if c == nil || d.id == "" {
		return ""
	}
	best := ""
	for i := range c.Boards {
		name := c.Boards[i].NCP.Firmware
		if !strings.HasPrefix(name, "BlynkNCP_generic_"+d.id+"_") {
			continue
		}
		// "…_4M.flash.bin": the largest one that fits.
		size := fileFlash(name)
		if (d.flash == 0 || size <= d.flash) && size > fileFlash(best) {
			best = name
		}
	}
	return best
}

// fileFlash is the flash memory that a generic firmware file is for, by its name.
func fileFlash(name string) int64 {
	_, rest, ok := strings.Cut(name, "M.flash.bin")
	if !ok || rest != "" {
		return 0
	}
	name = strings.TrimSuffix(name, "M.flash.bin")
	n := int64(0)
	for _, c := range name[strings.LastIndexByte(name, '_')+1:] {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n << 20
}

// isRelease tells whether a file has the name of an NCP firmware of the releases.
func isRelease(name string) bool {
	return strings.HasPrefix(name, "BlynkNCP_") && strings.HasSuffix(name, ".bin")
}

// chipInName is the id of the chip that the name of a simulated board holds; empty: none.
func chipInName(name string) string {
	best := ""
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' || r == '(' || r == ')' }) {
		if id := manifest.ChipOf(word); id != "" {
			best = id
		}
	}
	return best
}
