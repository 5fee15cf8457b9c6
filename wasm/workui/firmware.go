//go:build js && wasm

package workui

import (
	"context"
	"encoding/hex"
	"strings"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/firmware/manifest"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/page"
)

// firmwareView is where a person chooses what to flash, with which firmware, and how.
type firmwareView struct {
	u        *UI
	onChange func() // called on the loop after anything was chosen; nil: nobody listens

	board   *boardView
	how     *howView
	offers  *offersView
	rows    *rowsView
	explain *explainView
	notice  *noticeView
	clear   *doc.Element
	panel   *doc.Element
	more    *doc.Element // the manifest on the web

	pieces pieces
	bundle *bundle // what the pieces came from; nil: one by one
	chip   detection

	image   *firmware.Image // of the pieces; nil: there is none yet
	info    *espimage.Info
	fault   error // why there is no image
	bad     int   // index of the piece with an offset that is none; −1
	reading bool  // a newer image is being read
	turn    int   // counts images
	stop    context.CancelFunc
	dirty   bool // something is to be shown anew
}

func newFirmwareView(u *UI) *firmwareView {
	v := &firmwareView{u: u, bad: -1, dirty: true, stop: func() {}, clear: doc.ByID("fw-clear"), panel: doc.ByID("fw-panel"), more: doc.ByID("fw-more")}
	v.board = newBoardView(u, v.changed)
	v.how = newHowView(u, v.changed)
	v.offers = newOffersView(v)
	v.rows = newRowsView(v)
	v.explain = newExplainView(v)
	v.notice = newNoticeView(u)
	input, zone := doc.ByID("fw-files"), doc.ByID("flash")
	zone.SetAttr("data-files", input.Data("files"))
	opened := func(f page.File, err error) { u.Post(func() { v.took(f, err) }) }
	page.OnFile(input.Value, maxFile, opened)
	page.OnFile(zone.Value, maxFile, opened)
	u.On(doc.ByID("fw-open"), "click", func() { input.Value.Call("click") })
	u.On(v.clear, "click", func() { v.removeAll(); doc.ByID("fw-open").Focus() })
	return v
}

// maxFile is how long a file may be that is read at all: the longest HEX of as much memory
// as is taken.
const maxFile = 3 * firmware.MaxSize

// changed notes that something was chosen.
func (v *firmwareView) changed() {
	v.dirty = true
	if v.bundle != nil {
		v.unpack()
	}
	if v.onChange != nil {
		v.onChange()
	}
}

// detected tells which chip the loader identified, so that what does not fit it shows.
// id is as in esp.Chips, revision is major × 100 + minor, flash is in bytes (0: not known).
func (v *firmwareView) detected(id string, revision int, flash int64) {
	v.chip = detection{id, revision, flash}
	v.changed()
}

// forget drops what detected told: another device may come.
func (v *firmwareView) forget() {
	if v.chip != (detection{}) {
		v.chip = detection{}
		v.changed()
	}
}

// offer takes firmware that is at hand already, such as that for a simulated board, as
// if the person had chosen a file.
func (v *firmwareView) offer(name string, data []byte) {
	v.took(page.File{Name: name, Data: data}, nil)
}

// chipID is the chip that the firmware is judged for: the detected one, else that of the
// chosen board; empty: none is known.
func (v *firmwareView) chipID() string {
	chip, _, _ := judged(v.chip, v.board.chosen)
	return chip
}

// findings are what is to be said about the image and the chip.
func (v *firmwareView) findings() []espimage.Finding {
	if v.info == nil {
		return nil
	}
	return v.info.Check(judged(v.chip, v.board.chosen))
}

// wrongBoard tells whether another chip answered than the chosen board has.
func (v *firmwareView) wrongBoard() bool {
	return v.board.chosen != nil && v.chip.id != "" && manifest.ChipOf(v.board.chosen.NCP.Chip) != v.chip.id
}

// refused tells whether something keeps the image from being flashed.
func (v *firmwareView) refused() bool {
	if v.wrongBoard() || v.bundle.forAnother(v.board.chosen) {
		return true
	}
	for _, f := range v.findings() {
		if f.Severity == espimage.Refuse {
			return true
		}
	}
	return false
}

// selection returns what is chosen. ok is false while it cannot be flashed: nothing is
// chosen, it is still read, or something of it is refused. Board, Want, Reset, Start,
// Baud and Fixed are set in either case: they are what "Detect" needs.
func (v *firmwareView) selection() (s Selection, ok bool) {
	s = v.how.options(v.board.chosen)
	s.Board = v.board.chosen
	if s.Board != nil {
		s.Want = manifest.ChipOf(s.Board.NCP.Chip)
	}
	if v.image == nil || v.reading {
		return s, false
	}
	s.Image, s.Title, s.Version = v.image, titleOf(v.info, v.image.Name), versionOf(v.info)
	if len(v.pieces) == 1 {
		s.SHA256 = v.pieces[0].sum
	}
	return s, !v.refused()
}

// removeAll forgets all files.
func (v *firmwareView) removeAll() {
	v.bundle.close()
	v.bundle, v.pieces = nil, nil
	v.notice.text = ""
	v.rebuild()
}

// rebuild makes the image of the pieces anew and reads it.
func (v *firmwareView) rebuild() {
	v.stop()
	v.turn++
	v.rows.stale = true
	v.image, v.fault, v.reading = nil, nil, false
	parts, bad := v.pieces.parts()
	v.bad = bad
	if len(parts) > 0 && bad < 0 {
		m, err := firmware.Build(parts)
		if err != nil {
			v.fault = err
		} else {
			v.read(m)
		}
	}
	if !v.reading {
		v.info = nil
	}
	v.changed()
}

// read finds out what an image says of itself, without keeping the page from anything
// else. What was known of the one before shows until then.
func (v *firmwareView) read(m *firmware.Image) {
	if v.bundle != nil && v.bundle.title() != "" {
		m.Name = v.bundle.title()
	}
	turn := v.turn
	ctx, cancel := context.WithCancel(context.Background())
	v.stop, v.reading = cancel, true
	go func() {
		defer cancel()
		info, err := espimage.ParseImage(m, func() { v.u.breathe(ctx) })
		v.u.Post(func() {
			if turn != v.turn {
				return
			}
			v.reading = false
			if err != nil {
				v.fault, v.info = err, nil
			} else {
				v.image, v.info = m, info
			}
			v.changed()
		})
	}()
}

// sumUp digests a piece that has no digest yet.
func (v *firmwareView) sumUp(p *piece) {
	if len(p.file.Image.Segments) != 1 || p.file.Placed {
		return
	}
	data := p.file.Image.Segments[0].Data
	go func() {
		sum, err := v.u.digest(context.Background(), data)
		if err != nil {
			return
		}
		v.u.Post(func() {
			p.sum = hex.EncodeToString(sum[:])
			v.changed()
		})
	}()
}

func (v *firmwareView) relabel() {
	v.board.relabel()
	v.rows.stale = true
	v.offers.shown = ""
	v.changed()
}

func (v *firmwareView) render() {
	v.board.render()
	v.offers.render()
	if !v.dirty {
		return
	}
	v.dirty = false
	v.board.renderSeen(v.chip, !v.wrongBoard())
	some := len(v.pieces) > 0 || v.bundle != nil
	v.clear.Show(len(v.pieces) > 1 || v.bundle != nil)
	v.panel.SetFlag("data-some", some)
	v.more.Show(!some)
	v.notice.render()
	v.rows.render()
	v.explain.render()
	v.how.render()
}

// titleOf names a firmware in one line.
func titleOf(info *espimage.Info, name string) string {
	if info == nil {
		return name
	}
	if info.Tag != nil && info.Tag.Get("ncp") != "" {
		return "Blynk.NCP " + info.Tag.Get("ncp")
	}
	for _, h := range info.Apps {
		if h.App != nil && h.App.Project != "" {
			return strings.TrimSpace(h.App.Project + " " + h.App.Version)
		}
	}
	return name
}

// versionOf is the version that the firmware says of itself; empty: it says none.
func versionOf(info *espimage.Info) string {
	if info == nil {
		return ""
	}
	if info.Tag != nil && info.Tag.Version() != "" {
		return info.Tag.Version()
	}
	for _, h := range info.Apps {
		if h.App != nil && h.App.Version != "" {
			return h.App.Version
		}
	}
	return ""
}
