//go:build js && wasm

package workui

import (
	"strconv"
	"strings"

	"ncpweb/firmware/espimage"
	"ncpweb/flash/esp"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/show"
)

// renderMemory draws the flash memory and lists its partitions: what is written, what
// stays, what goes.
func (e *explainView) renderMemory(info *espimage.Info) {
	how := e.v.how.how()
	key := strconv.Itoa(e.v.turn) + howKey(how) + strconv.FormatInt(e.v.chip.flash, 10) + strconv.FormatBool(e.v.reading) + lang.Code()
	if key == e.drawn {
		return
	}
	e.drawn = key
	e.draw(layout(info, e.v.stretches(), memorySize(info, e.v.chip.flash), how))
	e.list(info, how)
}

func howKey(h esp.How) string {
	return strconv.FormatBool(h.EraseAll) + strconv.FormatBool(h.Settings)
}

// stretches are where the image has data.
func (v *firmwareView) stretches() []stretch {
	var list []stretch
	if v.image == nil {
		return nil
	}
	for i := range v.image.Segments {
		s := &v.image.Segments[i]
		list = append(list, stretch{from: int64(s.Addr), to: s.End(), fate: fateWritten})
	}
	return list
}

func (e *explainView) draw(list []stretch) {
	e.bar.Clear()
	var sizes [len(fateWords)]int64
	for _, s := range list {
		sizes[s.fate] += s.to - s.from
		part := doc.Wrap(doc.Document().Call("createElement", "span"))
		part.SetAttr("data-fate", s.fate.look())
		part.Value.Get("style").Set("flexGrow", strconv.FormatInt(s.to-s.from, 10))
		label := hexOffset(s.from) + " – " + hexOffset(s.to)
		if s.name != "" {
			label = shortName(s.name) + ", " + label
		}
		part.SetAttr("title", label+": "+s.fate.String())
		e.bar.Append(part)
	}
	e.legend.Clear()
	for f, n := range sizes {
		if n == 0 {
			continue
		}
		li := doc.Wrap(doc.Document().Call("createElement", "li"))
		li.SetAttr("data-fate", fate(f).look())
		li.SetText(fate(f).String() + " " + about(n))
		e.legend.Append(li)
	}
}

// about writes an amount of flash memory, rounded.
func about(n int64) string {
	if n < 1<<20 {
		return lang.F("{0} KB", strconv.FormatInt((n+1023)>>10, 10))
	}
	return lang.F("{0} MB", strings.TrimSuffix(strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64), ".0"))
}

// list fills the table of partitions.
func (e *explainView) list(info *espimage.Info, how esp.How) {
	settings := info.Settings()
	e.rows.Clear()
	e.count.SetText(strconv.Itoa(len(info.Table)))
	for i := range info.Table {
		p := &info.Table[i]
		f := fateOf(p, isSetting(p, settings), how)
		row := e.row.Copy()
		row.Child(0).SetCut(show.Visible(p.Name), 40)
		row.Child(1).SetText(partitionWords(p))
		row.Child(2).SetText(hexOffset(int64(p.Addr)))
		row.Child(3).SetText(memory(p.Size))
		row.Child(4).SetText(f.String())
		row.Child(4).SetAttr("data-fate", f.look())
		e.rows.Append(row)
	}
}
