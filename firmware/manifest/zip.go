package manifest

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"ncpweb/firmware"
)

// maxTable is how many bytes the table of an archive may have: room for MaxEntries
// entries with long names. The reader of the standard library takes memory for as
// many entries as it finds, whatever number the archive gives.
const maxTable = 1 << 20

// encrypted is the flag of an entry that is.
const encrypted = 1

// Archive is a ZIP archive whose table was checked. Entries are unpacked when they are read.
type Archive struct {
	names []string
	files map[string]*zip.File
	sizes map[string]int64 // of entries that were unpacked
	total int64            // sum of sizes

	maxEntry, maxTotal int64
}

// Zip reads the table of an archive. It refuses more than MaxEntries entries, names that
// are absolute, go upwards or stand twice, and encrypted entries. The archive is kept by
// reference. The error is an *Error.
func Zip(data []byte) (*Archive, error) {
	if len(data) > MaxEntry {
		return nil, &Error{Code: ErrLarge, Name: "bytes", Want: MaxEntry, Have: int64(len(data))}
	}
	table := &table{data: data, left: maxTable}
	r, err := zip.NewReader(table, int64(len(data)))
	if table.left < 0 {
		return nil, &Error{Code: ErrLarge, Name: "entries", Want: MaxEntries}
	}
	if err != nil {
		return nil, &Error{Code: ErrZip, Text: err.Error()}
	}
	table.opened = true
	if len(r.File) > MaxEntries {
		return nil, &Error{Code: ErrLarge, Name: "entries", Want: MaxEntries, Have: int64(len(r.File))}
	}
	a := &Archive{files: map[string]*zip.File{}, sizes: map[string]int64{}, maxEntry: MaxEntry, maxTotal: MaxTotal}
	for _, f := range r.File {
		if err := a.enter(f); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// enter takes one entry of the table.
func (a *Archive) enter(f *zip.File) error {
	name, code := cleanPath(strings.TrimSuffix(f.Name, "/"), false)
	switch {
	case code == ErrOrigin: // "C:" or "//"
		code = ErrOutside
	case code == 0 && strings.HasSuffix(f.Name, "/"):
		return nil // a folder
	case code == 0 && f.Flags&encrypted != 0:
		code = ErrEncrypted
	case code == 0 && a.files[name] != nil:
		code = ErrTwice
	}
	if code != 0 {
		return &Error{Code: code, Name: f.Name[:min(len(f.Name), MaxPath)]}
	}
	a.names, a.files[name] = append(a.names, name), f
	return nil
}

// table hands out the bytes of an archive, while its table is read no more than left.
type table struct {
	data   []byte
	left   int
	opened bool
}

func (t *table) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at >= int64(len(t.data)) {
		return 0, io.EOF
	}
	n := copy(p, t.data[at:])
	if !t.opened {
		if t.left -= n; t.left < 0 {
			return 0, io.ErrUnexpectedEOF
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Names returns the names of all files in it, in the order of the table: hostile.
func (a *Archive) Names() []string { return slices.Clone(a.names) }

// Read unpacks a file. Whatever the archive says of it, no more than MaxEntry bytes come
// out, and no more than MaxTotal of all files that were read.
func (a *Archive) Read(name string) ([]byte, error) {
	f := a.files[name]
	if f == nil {
		return nil, &Error{Code: ErrNoEntry, Name: name}
	}
	if f.UncompressedSize64 > uint64(a.maxEntry) {
		return nil, &Error{Code: ErrBomb, Name: name}
	}
	r, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, &Error{Code: ErrMethod, Name: name}
	}
	if err != nil {
		return nil, &Error{Code: ErrZip, Name: name, Text: err.Error()}
	}
	defer r.Close()
	limit := min(a.maxEntry, a.maxTotal-(a.total-a.sizes[name]))
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, limit+1))
	if n > limit {
		return nil, &Error{Code: ErrBomb, Name: name}
	}
	if err != nil {
		return nil, &Error{Code: ErrZip, Name: name, Text: err.Error()}
	}
	a.total += n - a.sizes[name]
	a.sizes[name] = n
	return b.Bytes(), nil
}

// Package is an archive that can be flashed.
type Package struct {
	Manifest *Manifest      // nil: File is all there is
	File     *firmware.File // nil: Manifest tells what there is
	Folder   string         // of the manifest, "" or with a slash at its end
	archive  *Archive
}

// FromZip finds in an archive what can be flashed: a manifest.json, the
// flasher_args.json of ESP-IDF, or one single firmware file. The error is an *Error, or the
// *firmware.Error of that file.
func FromZip(a *Archive) (*Package, error) {
	for _, name := range []string{"manifest.json", "flasher_args.json"} {
		entry, err := a.top(name)
		if err != nil {
			return nil, err
		}
		if entry == "" {
			continue
		}
		data, err := a.Read(entry)
		if err != nil {
			return nil, err
		}
		m, err := Parse(data)
		var e *Error
		if errors.As(err, &e) && e.Code == ErrForm && name == "manifest.json" {
			continue // of something else: many things have a manifest
		}
		if err != nil {
			return nil, err
		}
		return &Package{Manifest: m, Folder: entry[:strings.LastIndex(entry, "/")+1], archive: a}, nil
	}
	return a.single()
}

// top finds the entry of a name that lies highest; "" if there is none.
func (a *Archive) top(base string) (string, error) {
	best, twice := "", false
	for _, name := range a.names {
		if name[strings.LastIndex(name, "/")+1:] != base || hidden(name) {
			continue
		}
		switch depth := strings.Count(name, "/") - strings.Count(best, "/"); {
		case best == "" || depth < 0:
			best, twice = name, false
		case depth == 0:
			twice = true
		}
	}
	if twice {
		return "", &Error{Code: ErrAmbiguous, Name: base}
	}
	return best, nil
}

// single opens the one firmware file of an archive.
func (a *Archive) single() (*Package, error) {
	found := ""
	for _, name := range a.names {
		if hidden(name) || !slices.Contains([]string{"bin", "hex", "uf2"}, strings.ToLower(name[strings.LastIndex(name, ".")+1:])) {
			continue
		}
		if found != "" {
			return nil, &Error{Code: ErrAmbiguous, Name: found, Other: name}
		}
		found = name
	}
	if found == "" {
		return nil, &Error{Code: ErrNothing}
	}
	data, err := a.Read(found)
	if err != nil {
		return nil, err
	}
	f, err := firmware.Open(found[strings.LastIndex(found, "/")+1:], data)
	if err != nil {
		return nil, err
	}
	return &Package{File: f, archive: a}, nil
}

// hidden tells entries that file managers add by themselves.
func hidden(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(name[strings.LastIndex(name, "/")+1:], ".")
}

// Parts unpacks the parts of a build of the package's manifest and checks them against it.
func (p *Package) Parts(b *Build) ([]firmware.Part, error) {
	data := make([][]byte, len(b.Parts))
	for i := range b.Parts {
		name, code := cleanPath(b.Parts[i].Path, false)
		if code != 0 {
			return nil, &Error{Code: code, Name: b.Parts[i].Path, Part: i}
		}
		var err error
		if data[i], err = p.archive.Read(p.Folder + name); err != nil {
			return nil, err
		}
	}
	return b.Load(data)
}
