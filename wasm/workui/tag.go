//go:build js && wasm

package workui

import (
	"errors"
	"strings"
	"time"

	"ncpweb/firmware"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// tagView shows the firmware tag of a file, and makes one.
type tagView struct {
	u                        *UI
	seen, text, said         *doc.Element
	sum                      doc.Sign
	facts                    *factList
	extract, apply, saveFile *doc.Element
	form                     *doc.Element
	preview                  *doc.Element
	fields                   [4]*field // in the order of tagKeys

	file  page.File // the one that was dropped; without Data: none was
	tag   firmware.FoundTag
	ok    bool // file has a tag
	fault string
}

// tagKeys are the keys of the form, in the order of the tag.
var tagKeys = [...]string{firmware.TagKeyVersion, firmware.TagKeyType, firmware.TagKeyBuild, firmware.TagKeyBlynk}

func newTagView(u *UI) *tagView {
	v := &tagView{
		u: u, seen: doc.ByID("tag-seen"), text: doc.ByID("tag-text"), said: doc.ByID("tag-said"), facts: newFactList("tag-facts"),
		extract: doc.ByID("tag-extract"), apply: doc.ByID("tag-append"), saveFile: doc.ByID("tag-save"), form: doc.ByID("tag-form"), preview: doc.ByID("tag-preview"),
	}
	sum := doc.ByID("tag-sum")
	v.sum = doc.NewSign(sum, sum.One("use"), doc.ByID("tag-name"))
	box := doc.ByID("tag-fields")
	for i, key := range tagKeys {
		f := newField(box, "t-explorer-input", "tag-"+key)
		f.control.SetAttr("maxlength", "120")
		v.fields[i] = f
		u.On(f.control, "input", func() { v.check(false) })
	}
	v.fields[2].control.SetInput(time.Now().Format("Jan _2 2006 15:04:05"))
	opened := func(f page.File, err error) { u.Post(func() { v.took(f, err) }) }
	input, zone := doc.ByID("tag-file"), doc.ByID("tag")
	page.OnFile(input.Value, maxFile, opened)
	page.OnFile(zone.Value, maxFile, opened)
	u.On(doc.ByID("tag-open"), "click", func() { input.Value.Call("click") })
	u.On(v.extract, "click", v.saveTag)
	v.form.Listen("submit", func(ev doc.Event) {
		ev.PreventDefault()
		u.Post(v.saveMade)
	})
	u.On(v.apply, "click", v.saveCopy)
	v.relabel()
	return v
}

func (v *tagView) render() {}

// took takes a file.
func (v *tagView) took(f page.File, err error) {
	v.file, v.fault = f, ""
	v.tag, v.ok = firmware.FoundTag{}, false
	if err != nil {
		v.file.Data = nil
		v.fault = lang.T("The file could not be read, or is too long.")
	} else {
		v.tag, v.ok = firmware.TagOf(f.Name, f.Data)
	}
	v.show()
	if v.ok {
		v.fill()
	}
	v.said.SetText(v.text.TextContent())
	v.check(false)
}

// fill takes over what the tag says into the form.
func (v *tagView) fill() {
	for i, key := range tagKeys {
		v.fields[i].control.SetInput(v.tag.Get(key))
	}
}

// show shows the file that was dropped and its tag.
func (v *tagView) show() {
	some := v.file.Name != "" || v.fault != ""
	v.seen.Show(some)
	if !some {
		return
	}
	name, _ := show.Cut(show.Visible(v.file.Name), 80)
	v.extract.Show(v.ok)
	var facts []string
	switch {
	case v.fault != "":
		v.sum.Set(name, show.Fail)
		v.text.SetText(v.fault)
	case !v.ok:
		v.sum.Set(name, show.Warn)
		v.text.SetText(lang.T("No tag found: the cloud cannot read a version from this file. It can still be sent to an MCU."))
	default:
		v.sum.Set(name, show.OK)
		v.text.SetText(lang.F("Version {0}, type {1}", orNone(v.tag.Version()), orNone(v.tag.Get(firmware.TagKeyType))))
		for _, p := range v.tag.Pairs[:min(len(v.tag.Pairs), 32)] {
			facts = append(facts, show.Visible(p.Key), show.Visible(p.Value))
		}
		where := lang.F("offset {0} in the file", "0x"+show.Hex(uint32(v.tag.Addr)))
		if v.tag.Placed {
			where = lang.F("address {0}", "0x"+show.Hex(uint32(v.tag.Addr)))
		}
		facts = append(facts, lang.T("Where"), where)
	}
	v.facts.fill(facts...)
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return show.Visible(s)
}

// check makes the tag of the form, and tells what is wrong with it. all: also of fields
// that are still empty.
func (v *tagView) check(all bool) (firmware.Tag, bool) {
	var values [4]string
	for i, f := range v.fields {
		values[i] = strings.TrimSpace(f.control.Input())
		f.tell("")
		optional := i >= 2
		if err := firmware.CheckTagValue(tagKeys[i], values[i]); err != nil && (values[i] != "" || all && !optional) {
			v.tell(f, err)
		}
	}
	tag, err := firmware.NewTag(values[0], values[1], values[2], values[3])
	var fault *firmware.TagError
	if errors.As(err, &fault) && fault.Fault == firmware.TagLong {
		v.tell(v.fields[1], err)
	}
	ok := err == nil
	v.apply.Show(len(v.file.Data) > 0)
	v.preview.Show(ok)
	if ok {
		v.preview.SetText(strings.ReplaceAll(string(tag.Bytes()), "\x00", `\0`))
	}
	return tag, ok
}

func (v *tagView) tell(f *field, err error) {
	var fault *firmware.TagError
	if errors.As(err, &fault) {
		f.tell(tagFault(fault))
	}
}

// made returns the tag of the form, or moves the focus to what is wrong.
func (v *tagView) made() (firmware.Tag, bool) {
	tag, ok := v.check(true)
	if !ok {
		for _, f := range v.fields {
			if f.fault.TextContent() != "" {
				f.control.Focus()
				break
			}
		}
	}
	return tag, ok
}

// tagName is the name of a tag's own file.
func tagName(t *firmware.Tag) string {
	return saveName("tag-" + t.Get(firmware.TagKeyType) + "-" + t.Version() + ".bin")
}

const tagMIME = "application/octet-stream"

func (v *tagView) saveTag() {
	if v.ok {
		v.u.save(tagName(&v.tag.Tag), tagMIME, v.tag.Bytes())
	}
}

func (v *tagView) saveMade() {
	if tag, ok := v.made(); ok {
		v.u.save(tagName(&tag), tagMIME, tag.Bytes())
	}
}

// saveCopy saves a copy of the file with the tag of the form at its end.
func (v *tagView) saveCopy() {
	tag, ok := v.made()
	if !ok || len(v.file.Data) == 0 {
		return
	}
	if f, err := firmware.Open(v.file.Name, v.file.Data); err == nil && f.Placed {
		v.u.core.Toast(lang.T("A tag is appended to binaries only: HEX and UF2 files say where each byte goes"), string(show.Warn))
		return
	}
	out, err := firmware.AppendTag(v.file.Data, tag)
	if err != nil {
		v.tell(v.fields[0], err)
		v.fields[0].control.Focus()
		return
	}
	v.u.save("tagged-"+saveName(v.file.Name), tagMIME, out)
}

func (v *tagView) relabel() {
	v.fields[0].words(lang.T("Version"), lang.T("Of the MCU's firmware, as in 1.2.0"))
	v.fields[1].words(lang.T("Firmware type"), lang.T("Usually the template id"))
	v.fields[2].words(lang.T("Build"), lang.T("When it was built; may stay empty"))
	v.fields[3].words(lang.T("Blynk library"), lang.T("Its version; may stay empty"))
	v.said.SetText("")
	v.show()
	v.check(false)
}
