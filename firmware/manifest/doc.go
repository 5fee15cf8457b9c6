// Package manifest reads what tells which firmware files go where: manifests of ESP Web
// Tools and the page's own superset of them, the flasher_args.json of ESP-IDF, and ZIP
// archives with either, or with one firmware file.
//
// All of it comes from outside and is bounded: sizes, counts, lengths of texts; paths
// cannot leave the folder of the manifest, nor its origin.
package manifest

import "ncpweb/firmware"

// Bounds.
const (
	MaxJSON    = 256 << 10 // bytes of a manifest
	MaxBuilds  = 16
	MaxParts   = 32  // of a build
	MaxText    = 200 // bytes of a name, version and the like
	MaxPath    = 512 // bytes of a path
	MaxEntries = 256 // of an archive
	MaxEntry   = firmware.MaxSize
	MaxTotal   = 96 << 20 // bytes of all entries that are unpacked
)

// Manifest tells which files go where. All texts come from outside: show them as text only.
type Manifest struct {
	Name, Version string
	Target        string // id of the board or module that it is for, of package board; empty: any
	// Prompt tells that the maker wants the person asked whether to erase everything first.
	Prompt bool
	// Flasher tells that it was a flasher_args.json: one build, paths relative to it.
	Flasher bool
	Builds  []Build
	Ignored []string // members that are not known, sorted; at most 16
}

// Build is what is written to one kind of chip.
type Build struct {
	Family string // as written: "ESP32-C3"
	Chip   string // its id: "esp32c3"; empty: a chip that is not known here, or none is named
	Serial string // "uart", "cdc" (native USB), or empty: either
	Target string // as in Manifest, if this build is for one board only
	MCU    bool   // there are parts for a Primary MCU as well, which are not read
	Parts  []Part // in the order of their offsets
}

// Part is a file and where it goes.
type Part struct {
	Path   string
	Offset uint32
	Size   int64  // bytes; 0: not told
	SHA256 []byte // 32 bytes; nil: not told
}

// For returns the build for a chip ("esp32c3"), a kind of port and a board of package
// board ("" if none was chosen). Of several that fit, one that names the board, or the kind
// of port, goes before one that leaves it open. The error is an *Error.
func (m *Manifest) For(chip string, native bool, target string) (*Build, error) {
	serial := "uart"
	if native {
		serial = "cdc"
	}
	var best *Build
	most := -1
	for i := range m.Builds {
		b := &m.Builds[i]
		score := 0
		switch {
		case b.Chip == "" && b.Family != "", b.Chip != "" && b.Chip != chip, b.Serial != "" && b.Serial != serial,
			b.Target != "" && target != "" && b.Target != target:
			continue
		case b.Target == "":
			score = 2
		case b.Target == target:
			score = 4
		}
		if b.Serial == serial {
			score++
		}
		if score > most {
			best, most = b, score
		}
	}
	if best == nil {
		return nil, &Error{Code: ErrNoBuild, Name: chip}
	}
	return best, nil
}
