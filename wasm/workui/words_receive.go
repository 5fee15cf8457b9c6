package workui

import (
	"strings"

	"ncpweb/firmware"
	"ncpweb/ncp/ota"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// faultWords name what goes wrong on purpose, in the order of the list.
//
//lang:texts
var faultWords = [...]string{
	ota.FaultNone:     "Nothing: take it as it comes",
	ota.FaultRefuse:   "Refuse the file",
	ota.FaultStall:    "Never ask for the first chunk",
	ota.FaultChunk:    "Refuse a chunk in the middle, every time",
	ota.FaultSilence:  "Store a chunk, but lose the answer, once",
	ota.FaultDigest:   "Say that the digests are wrong",
	ota.FaultNoFinish: "Never answer the end",
	ota.FaultDeaf:     "Miss a chunk in the middle, once",
}

// verdict is how a received update ended, as a person reads it.
type verdict struct {
	Title, Text string
	Tone        show.Tone
}

// endVerdicts are those of endings that need no figures.
//
//lang:texts
var endVerdicts = map[ota.Ending]verdict{
	ota.EndRefused:  {"Refused", "The NCP was told that this MCU does not want the file.", show.Warn},
	ota.EndCanceled: {"Given up by the NCP", "The NCP, or the cloud behind it, cancelled the update.", show.Warn},
	ota.EndPrefetch: {"The NCP could not fetch the file", "It answered otaUpdatePrefetch with an error: look at its network and its space.", show.Fail},
	ota.EndDigest:   {"Not the file that was offered", "The NCP was told that the check failed. An MCU keeps its old firmware then.", show.Fail},
	ota.EndQuiet:    {"Nothing came any more", "No chunk came for a minute, so the update is given up, as an MCU should do.", show.Fail},
}

// phaseVerdicts are those of an update that is under way.
//
//lang:texts
var phaseVerdicts = map[ota.Phase]verdict{
	ota.PhaseOffer:   {"Waiting for an offer", "Start the update in the cloud. The page must stay open and connected.", show.Busy},
	ota.PhasePrepare: {"Getting ready", "The offer is accepted; the first chunk is asked for next.", show.Busy},
	ota.PhaseSend:    {"Receiving", "", show.Busy},
	ota.PhaseFinish:  {"Comparing the digests", "The NCP tells its digests of the file while it waits for our word.", show.Busy},
}

// verdictOf puts into words how far an update is, or how it ended.
func verdictOf(ev ota.Received) verdict {
	v, ok := endVerdicts[ev.End]
	switch {
	case ev.End == ota.EndWhole:
		v = verdict{Tone: show.OK, Title: lang.F("{0}, all digests equal", show.Bytes(uint64(ev.Done)))}
		for _, c := range ev.Checks {
			if !c.Same {
				v.Title, v.Tone = lang.F("{0}, but not every digest could be compared", show.Bytes(uint64(ev.Done))), show.Warn
			}
		}
		v.Text = lang.T("The file is complete. A page cannot restart into it: save it, or report the new version as the MCU would.")
		return v
	case !ok:
		v = phaseVerdicts[ev.Phase]
	}
	v.Title, v.Text = lang.T(v.Title), lang.T(v.Text)
	return v
}

// saveName is a name for a received file: letters, digits, dots, dashes and underscores
// of the one that was offered, at most 80 of them.
func saveName(offered string) string {
	var b []byte
	for _, c := range []byte(offered) {
		switch {
		case len(b) == 80:
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_':
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != '_':
			b = append(b, '_')
		}
	}
	if name := strings.Trim(string(b), "._"); name != "" {
		return name
	}
	return "firmware.bin"
}

// tagMismatch tells where the tag of a received file differs from what was offered; empty:
// nowhere, or there is no tag or nothing was told.
func tagMismatch(offer ota.Offer, tag firmware.FoundTag, ok bool) string {
	if !ok {
		return lang.T("The file carries no firmware tag: the cloud could not have read its version from it.")
	}
	for _, p := range []struct{ told, tag string }{{offer.Version, tag.Version()}, {offer.Type, tag.Get(firmware.TagKeyType)}, {offer.Build, tag.Get(firmware.TagKeyBuild)}} {
		switch {
		case p.told != "" && p.tag == "":
			return lang.F("The offer says {0}; the tag in the file says nothing of it.", show.Visible(p.told))
		case p.told != "" && p.told != p.tag:
			return lang.F("The offer says {0}, the tag in the file says {1}.", show.Visible(p.told), show.Visible(p.tag))
		}
	}
	return ""
}

// tagFaultWords say why a value cannot be in a tag; {0} is the character.
//
//lang:texts
var tagFaultWords = map[firmware.TagFault]string{
	firmware.TagEmpty: "A tag needs it: an empty value would end the tag there.",
	firmware.TagChar:  "{0} cannot be in a tag: who looks for the tag would not find it. Letters, digits, spaces and _ . , : - ( ) can.",
	firmware.TagLong:  "The tag is too long: it would not be found.",
	firmware.TagOther: "The file has a tag already, or a beginning of one. The first one counts: a second one at the end would not be seen.",
}

// tagFault puts an error of package firmware about a tag into words.
func tagFault(e *firmware.TagError) string {
	char := show.Visible(string(e.Char))
	if e.Char == '\uFFFD' || e.Char == 0 {
		char = lang.T("A byte that is no text")
	}
	return lang.F(tagFaultWords[e.Fault], char)
}
