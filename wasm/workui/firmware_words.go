package workui

import (
	"errors"
	"strconv"
	"strings"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/firmware/manifest"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// kindWords name a kind of file, alone on a line.
//
//lang:texts
var kindWords = map[firmware.Kind]string{
	firmware.Unknown:   "Binary",
	firmware.ESP:       "Espressif image",
	firmware.ESPMerged: "Merged flash content",
	firmware.Hex:       "Intel HEX",
	firmware.UF2:       "UF2",
	firmware.JSON:      "Manifest",
	firmware.Zip:       "ZIP archive",
	firmware.ELF:       "ELF file",
	firmware.MCUboot:   "MCUboot image",
	firmware.DfuSe:     "DfuSe file",
	firmware.DFU:       "DFU file",
	firmware.Cortex:    "Binary for a Cortex-M",
	firmware.AVR:       "Binary for an AVR",
	firmware.Blank:     "Nothing but FF",
}

// whatWords name what a single file is, where that says more than its kind.
//
//lang:texts
var whatWords = map[espimage.What]string{
	espimage.Whole:    "Merged flash content",
	espimage.Loader:   "Boot loader",
	espimage.AppImage: "Application",
	espimage.Rows:     "Partition table",
	espimage.SlotData: "Choice of the running slot",
}

// pieceKind names what a file is.
func pieceKind(p *piece) string {
	if w, ok := whatWords[p.what]; ok {
		return lang.T(w)
	}
	return lang.T(kindWords[p.file.Kind])
}

// pieceFacts is one line about a file: what it is, where it goes if it says so itself,
// and the digest of one among several. The digest of a single one stands elsewhere.
func pieceFacts(p *piece, single bool) string {
	s := pieceKind(p)
	if p.file.Placed {
		s += " · " + lang.F("from {0}", hexOffset(p.first()))
	}
	if !single && p.sum != "" {
		s += " · SHA-256 " + p.sum[:12] + "…"
	}
	return s
}

// notWritten say of a kind that is recognised what to do with it.
//
//lang:texts
var notWritten = map[firmware.Kind]string{
	firmware.ELF:     "This is the ELF file that the linker made. Take the .bin file that the build makes of it.",
	firmware.MCUboot: "This is an image for MCUboot, for a Primary MCU. It is no firmware of an NCP.",
	firmware.DfuSe:   "This is a DfuSe file, for an STM32. It is no firmware of an NCP.",
	firmware.DFU:     "This is a DFU file, for a Primary MCU. It is no firmware of an NCP.",
	firmware.Zip:     "An archive inside an archive is not opened. Unpack it first.",
	firmware.JSON:    "A manifest cannot be written itself: it names the files that are.",
}

// fileCards say why a file is refused. {0} is the other name, {1} the line, {2} the
// address or offset, {3} and {4} are what is wanted and what is there.
//
//lang:texts
var fileCards = map[firmware.Code]string{
	firmware.ErrEmpty:     "There is nothing in it.",
	firmware.ErrTooLarge:  "It is too large: {4}. More than {3} is not read.",
	firmware.ErrBlank:     "It holds nothing but FF: that is blank flash memory, not firmware.",
	firmware.ErrOverlap:   "It overlaps {0} at {2}. Check the offsets, or remove one of the two.",
	firmware.ErrAddress:   "It would reach beyond 4 GiB from {2}: no chip has that. Check its offset.",
	firmware.ErrScattered: "It is scattered over too many separate places.",
	firmware.ErrHexDigit:  "Line {1} is no record of Intel HEX. The file may be damaged.",
	firmware.ErrHexLength: "Line {1} is longer or shorter than it says. The file may be damaged.",
	firmware.ErrHexSum:    "The checksum of line {1} is wrong. The file is damaged: get it again.",
	firmware.ErrHexType:   "Line {1} holds a kind of record that Intel HEX does not have.",
	firmware.ErrHexTail:   "Something stands behind the end record, in line {1}.",
	firmware.ErrHexEnd:    "It ends at line {1}, without an end record: the file is cut off. Get it again.",
	firmware.ErrUF2Length: "It is no whole number of UF2 blocks: the file is cut off. Get it again.",
	firmware.ErrUF2Block:  "The UF2 block at {2} is broken. Get the file again.",
	firmware.ErrUF2Count:  "UF2 blocks are missing, or there twice, at {2}. Get the file again.",
	firmware.ErrUF2Family: "It holds UF2 blocks for more than one family of chips.",
}

// archiveCards say why a manifest or an archive is refused. {0} and {1} are its names, {2}
// the line, {3} and {4} what is wanted and what is there, {5} the number of the part.
//
//lang:texts
var archiveCards = map[manifest.Code]string{
	manifest.ErrJSON:      "It is no valid JSON, at line {2}.",
	manifest.ErrLarge:     "It is larger than a manifest or archive may be.",
	manifest.ErrForm:      "It is JSON, but no manifest of firmware: neither ESP Web Tools’ nor flasher_args.json.",
	manifest.ErrMissing:   "The manifest says nothing about {0}.",
	manifest.ErrText:      "{0} of the manifest is too long, or holds characters that do not belong there.",
	manifest.ErrOffset:    "The offset of part {5} is no number from 0 to 4 GiB.",
	manifest.ErrDigest:    "The SHA-256 of part {5} is no SHA-256.",
	manifest.ErrOverlap:   "Its parts overlap: {0} and {1}.",
	manifest.ErrNoBuild:   "It has nothing for {0}.",
	manifest.ErrOrigin:    "It names a file on another server: {0}. Only files beside the manifest are taken.",
	manifest.ErrOutside:   "It names a file outside of its own folder: {0}. Only files beside the manifest are taken.",
	manifest.ErrPath:      "It names a file in a way that is not allowed: {0}",
	manifest.ErrBase:      "Files cannot be found from the address of this manifest.",
	manifest.ErrZip:       "The archive is broken. Get it again.",
	manifest.ErrEncrypted: "{0} in the archive is encrypted.",
	manifest.ErrMethod:    "{0} in the archive is packed in a way that is not known here.",
	manifest.ErrTwice:     "{0} stands in the archive twice.",
	manifest.ErrBomb:      "{0} unpacks to far more than firmware can be. It is not unpacked.",
	manifest.ErrNoEntry:   "There is no {0} in it.",
	manifest.ErrNothing:   "There is nothing in the archive that can be flashed.",
	manifest.ErrAmbiguous: "There is more than one firmware file in the archive, and no manifest that tells where they go. Unpack it and drop the right ones.",
	manifest.ErrSize:      "{0} has {4}, the manifest says {3}. It is not the file that was meant.",
	manifest.ErrSum:       "{0} is not the file that the manifest means: its SHA-256 differs. Get it again.",
}

// refusal says why a file, a manifest or an archive is not taken.
func refusal(err error) string {
	var f *firmware.Error
	if errors.As(err, &f) {
		return fileRefusal(f)
	}
	var m *manifest.Error
	if errors.As(err, &m) {
		if card, ok := archiveCards[m.Code]; ok {
			name := shortName(m.Name)
			if m.Code == manifest.ErrNoBuild {
				name = familyName(m.Name)
			}
			return lang.F(card, name, shortName(m.Other), strconv.Itoa(m.Line), show.Bytes(uint64(max(m.Want, 0))), show.Bytes(uint64(max(m.Have, 0))), strconv.Itoa(m.Part+1))
		}
	}
	var web *fetchError
	if errors.As(err, &web) {
		return lang.F("{0} did not load. See whether it is there, or download it and drop it here.", shortName(web.name))
	}
	return lang.T("It cannot be read.")
}

func fileRefusal(e *firmware.Error) string {
	card, ok := fileCards[e.Code]
	if e.Code == firmware.ErrKind {
		card, ok = notWritten[e.Kind]
	}
	if !ok {
		return lang.T("It cannot be read.")
	}
	at := e.Addr
	if e.Offset > 0 {
		at = e.Offset
	}
	return lang.F(card, shortName(e.Other), strconv.Itoa(e.Line), hexOffset(at), show.Bytes(uint64(max(e.Want, 0))), show.Bytes(uint64(max(e.Have, 0))))
}

// shortName makes a name from outside fit to stand in a sentence.
func shortName(s string) string {
	s, _ = show.Cut(show.Visible(s), 80)
	return s
}

// familyName is the name of a chip for people, by its id.
func familyName(id string) string {
	if name := manifest.FamilyOf(id); name != "" {
		return name
	}
	if id == "" {
		return lang.T("an unknown chip")
	}
	return shortName(id)
}

// chipNames lists chips, given as ids.
func chipNames(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = familyName(id)
	}
	if n := len(names); n > 1 {
		return lang.F("{0} or {1}", strings.Join(names[:n-1], ", "), names[n-1])
	}
	return strings.Join(names, "")
}

// revision writes a revision of a chip that is given times 100.
func revision(n int64) string {
	return "v" + strconv.FormatInt(n/100, 10) + "." + strconv.FormatInt(n%100, 10)
}

// fetchError tells that a file did not come from the web.
type fetchError struct {
	name string // of the file; hostile
	err  error
}

func (e *fetchError) Error() string { return "workui: " + e.name + ": " + e.err.Error() }

func (e *fetchError) Unwrap() error { return e.err }
