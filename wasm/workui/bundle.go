//go:build js && wasm

package workui

import (
	"bytes"
	"context"
	"path"
	"strings"

	"ncpweb/board"
	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
	"ncpweb/firmware/manifest"
	"ncpweb/wasm/lang"
	"ncpweb/wasm/page"
	"ncpweb/wasm/show"
)

// bundle is a manifest with the files that it names.
type bundle struct {
	name     string // of the file or address, for people; hostile
	manifest *manifest.Manifest
	archive  *manifest.Package // its files; nil: they are elsewhere
	base     string            // address of the manifest; empty: it came as a file
	dropped  map[string][]byte // files that came beside it, by their names without folder

	filled  *manifest.Build // the build whose files are the pieces; nil: none yet
	said    remark          // why there are no pieces of it; zero: there are, or it was not looked at
	loading bool
	stop    context.CancelFunc // of the loading
}

// title names what the manifest is about; empty: it does not say.
func (b *bundle) title() string {
	if b == nil || b.manifest.Name == "" {
		return ""
	}
	return strings.TrimSpace(b.manifest.Name + " " + b.manifest.Version)
}

// forAnother tells whether the manifest names another board than the chosen one.
func (b *bundle) forAnother(chosen *board.Board) bool {
	return b.target() != "" && chosen != nil && b.target() != chosen.ID && b.target() != chosen.NCP.Module
}

// target is the board that the manifest is for; empty: any.
func (b *bundle) target() string {
	if b == nil {
		return ""
	}
	if b.filled != nil && b.filled.Target != "" {
		return b.filled.Target
	}
	return b.manifest.Target
}

// close ends what is under way.
func (b *bundle) close() {
	if b != nil && b.stop != nil {
		b.stop()
	}
}

// took takes a file that was chosen or dropped.
func (v *firmwareView) took(f page.File, err error) {
	if err != nil {
		text := lang.T("The browser could not read it.")
		if err == page.ErrTooLong {
			text = lang.F("It is too large. More than {0} is not read.", memory(maxFile))
		}
		v.notice.refuse(f.Name, text)
		v.changed()
		return
	}
	v.notice.close()
	switch firmware.Recognise(f.Data) {
	case firmware.Zip:
		err = v.tookArchive(f)
	case firmware.JSON:
		err = v.tookManifest(f.Name, "", f.Data)
	default:
		err = v.tookFile(f)
	}
	if err != nil {
		v.notice.refuse(f.Name, refusal(err))
		v.changed()
	}
}

func (v *firmwareView) tookFile(f page.File) error {
	file, err := firmware.Open(f.Name, f.Data)
	if err != nil {
		return err
	}
	if v.bundle != nil && v.bundle.wants(f.Name) {
		v.bundle.dropped[path.Base(f.Name)] = f.Data
		v.changed()
		return nil
	}
	if v.bundle != nil {
		v.bundle.close()
		v.bundle, v.pieces = nil, nil
	}
	v.addFile(file)
	return nil
}

func (v *firmwareView) addFile(file *firmware.File) {
	p, ok := v.pieces.add(file)
	if !ok {
		v.notice.refuse(file.Name, lang.N(maxPieces, "No more than {0} file at once.", "No more than {0} files at once."))
		v.changed()
		return
	}
	v.sumUp(p)
	v.rebuild()
}

func (v *firmwareView) tookArchive(f page.File) error {
	archive, err := manifest.Zip(f.Data)
	if err != nil {
		return err
	}
	pack, err := manifest.FromZip(archive)
	if err != nil {
		return err
	}
	if pack.Manifest == nil {
		v.bundle.close()
		v.bundle, v.pieces = nil, nil
		v.addFile(pack.File)
		return nil
	}
	v.setBundle(&bundle{name: f.Name, manifest: pack.Manifest, archive: pack})
	return nil
}

func (v *firmwareView) tookManifest(name, base string, data []byte) error {
	m, err := manifest.Parse(data)
	if err != nil {
		return err
	}
	// Files that came just before it may be its own.
	dropped := make(map[string][]byte)
	for _, p := range v.pieces {
		if !p.file.Placed {
			dropped[path.Base(p.file.Name)] = p.file.Image.Segments[0].Data
		}
	}
	v.setBundle(&bundle{name: name, manifest: m, base: base, dropped: dropped})
	return nil
}

func (v *firmwareView) setBundle(b *bundle) {
	v.bundle.close()
	v.bundle, v.pieces = b, nil
	v.rebuild()
}

// wants tells whether a manifest that came as a file names a file that is not there yet.
func (b *bundle) wants(name string) bool {
	if b.base != "" || b.archive != nil {
		return false
	}
	for i := range b.manifest.Builds {
		for _, p := range b.manifest.Builds[i].Parts {
			if path.Base(p.Path) == path.Base(name) && b.dropped[path.Base(name)] == nil {
				return true
			}
		}
	}
	return false
}

// build is the one for the chip and the board, where one is chosen; nil: it cannot be told yet.
func (b *bundle) build(chip, target string) (*manifest.Build, error) {
	if chip == "" && len(b.manifest.Builds) == 1 {
		return &b.manifest.Builds[0], nil
	}
	if chip == "" {
		return nil, nil
	}
	build, err := b.manifest.For(chip, false, target)
	if err != nil {
		build, err = b.manifest.For(chip, true, target)
	}
	return build, err
}

// missing are the files of a build that did not come with the manifest.
func (b *bundle) missing(build *manifest.Build) []string {
	var names []string
	for _, p := range build.Parts {
		if b.dropped[path.Base(p.Path)] == nil {
			names = append(names, p.Path)
		}
	}
	return names
}

// unpack makes the pieces from the files of the build for the chip, once it is known
// and they are there.
func (v *firmwareView) unpack() {
	b := v.bundle
	target := ""
	if v.board.chosen != nil {
		target = v.board.chosen.ID
	}
	build, err := b.build(v.chipID(), target)
	switch {
	case err != nil:
		v.drained(b, refusal(err), show.Fail)
		return
	case build == nil:
		v.drained(b, lang.F("It holds firmware for {0}. Choose the board, or detect the chip.", b.families()), show.Warn)
		return
	case build == b.filled || b.loading:
		return
	case len(build.Parts) == 0:
		v.drained(b, lang.T("It has firmware for a Primary MCU only, none for an NCP."), show.Fail)
		return
	}
	if b.archive == nil && b.base == "" {
		if names := b.missing(build); len(names) > 0 {
			v.drained(b, lang.F("Drop the files that it names as well: {0}", shortName(strings.Join(names, ", "))), show.Warn)
			return
		}
	}
	b.loading = true
	b.said = remark{lang.T("Loading its files"), show.Busy}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	go func() {
		defer cancel()
		parts, err := v.parts(ctx, b, build)
		v.u.Post(func() {
			if v.bundle == b {
				v.unpacked(build, parts, err)
			}
		})
	}()
}

// drained says why there are no files of the manifest, and drops those of another build.
func (v *firmwareView) drained(b *bundle, why string, tone show.Tone) {
	b.said = remark{why, tone}
	if b.filled != nil {
		b.filled, v.pieces = nil, nil
		v.rebuild()
	}
}

func (v *firmwareView) unpacked(build *manifest.Build, parts []firmware.Part, err error) {
	b := v.bundle
	b.loading, b.filled = false, build
	v.pieces = nil
	b.said = remark{}
	if err != nil {
		b.said = remark{refusal(err), show.Fail}
	}
	for _, part := range parts {
		file := &firmware.File{Name: part.Name, Kind: firmware.Recognise(part.Data), Size: int64(len(part.Data)),
			Image: &firmware.Image{Name: part.Name, Segments: []firmware.Segment{{Data: part.Data, Name: part.Name}}}}
		what, _, _ := espimage.Usual(part.Data)
		p := &piece{file: file, what: what, at: hexOffset(part.Addr), own: true}
		v.pieces = append(v.pieces, p)
		v.sumUp(p)
	}
	v.rebuild()
}

// parts gets the files of a build.
func (v *firmwareView) parts(ctx context.Context, b *bundle, build *manifest.Build) ([]firmware.Part, error) {
	if b.archive != nil {
		return b.archive.Parts(build)
	}
	data := make([][]byte, len(build.Parts))
	for i, p := range build.Parts {
		if b.base == "" {
			data[i] = bytes.Clone(b.dropped[path.Base(p.Path)])
			continue
		}
		address, err := manifest.Resolve(b.base, p.Path)
		if err != nil {
			return nil, err
		}
		if data[i], err = v.u.load(ctx, address, firmware.MaxSize); err != nil {
			return nil, &fetchError{path.Base(p.Path), err}
		}
	}
	return build.Load(data)
}

// families lists the chips that the manifest has firmware for.
func (b *bundle) families() string {
	var ids []string
	for i := range b.manifest.Builds {
		if id := b.manifest.Builds[i].Chip; id != "" {
			ids = append(ids, id)
		}
	}
	return chipNames(ids)
}
