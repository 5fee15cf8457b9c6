//go:build js && wasm

package ui

import (
	"context"
	"strconv"
	"strings"

	"ncpweb/serial"
	"ncpweb/session"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
)

// rawBar opens the port as a plain terminal, and works its lines.
type rawBar struct {
	u                                            *UI
	row, baud, open, lines, dtr, rts, back, note *doc.Element
}

func newRawBar(u *UI) *rawBar {
	b := &rawBar{
		u: u, row: doc.ByID("raw-send"), baud: doc.ByID("raw-baud"), open: doc.ByID("raw-open"), lines: doc.ByID("raw-lines"),
		dtr: doc.ByID("raw-dtr"), rts: doc.ByID("raw-rts"), back: doc.ByID("raw-back"), note: doc.ByID("raw-note"),
	}
	s := u.session
	// A browser shows its list of ports only inside the handler of a click.
	b.open.Listen("click", func(doc.Event) {
		baud, _ := strconv.Atoi(strings.TrimSpace(b.baud.Input()))
		if baud > 0 && s.Brief().Phase == session.PhaseIdle {
			u.ports.connectTerminal(baud)
			return
		}
		u.Post(func() {
			u.do("terminal", true, func(ctx context.Context) error { return s.Terminal(ctx, baud) })
		})
	})
	u.On(b.back, "click", func() { u.do("terminal", true, s.LeaveTerminal) })
	u.On(doc.ByID("raw-break"), "click", func() { u.do("break", true, s.SendBreak) })
	u.On(doc.ByID("raw-boot"), "click", func() { u.do("bootMode", true, s.BootMode) })
	u.On(b.dtr, "click", func() { b.toggle(serial.Signals{DTR: other(u.state.Lines.DTR)}) })
	u.On(b.rts, "click", func() { b.toggle(serial.Signals{RTS: other(u.state.Lines.RTS)}) })
	return b
}

func other(l serial.Level) serial.Level {
	if l == serial.On {
		return serial.Off
	}
	return serial.On
}

func (b *rawBar) toggle(lines serial.Signals) {
	b.u.do("lines", true, func(ctx context.Context) error { return b.u.session.SetLines(ctx, lines) })
}

func (b *rawBar) send(p []byte, echo bool) {
	go func() {
		if err := b.u.session.SendRaw(context.Background(), p, echo); err != nil {
			b.u.Post(func() { b.u.problem.failed("send", session.ProblemOf(err), nil) })
		}
	}()
}

func (b *rawBar) render() {
	st := &b.u.state
	on := st.Phase == session.PhaseTerminal
	focused := doc.Document().Get("activeElement").Equal(b.back.Value)
	b.row.Show(on)
	b.lines.Show(st.Terminal > 0)
	if focused && st.Terminal == 0 {
		b.open.Focus() // a hidden button has no focus
	}
	b.note.SetText(RawNote(st))
	b.note.Show(!on)
	word := lang.T("Open as terminal")
	if on {
		word = lang.T("Change rate")
	}
	b.open.SetText(word)
	for _, l := range []struct {
		e     *doc.Element
		level serial.Level
	}{{b.dtr, st.Lines.DTR}, {b.rts, st.Lines.RTS}} {
		l.e.SetAttr("aria-pressed", strconv.FormatBool(l.level == serial.On))
	}
}
