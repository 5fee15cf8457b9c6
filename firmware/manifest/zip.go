package manifest

import "ncpweb/firmware"

// Archive is a ZIP archive whose table was checked. Entries are unpacked when they are read.
type Archive struct{}

// Zip reads the table of an archive. It refuses more than MaxEntries entries, names that
// are absolute, go upwards or stand twice, and encrypted entries. The error is an *Error.
func Zip(data []byte) (*Archive, error) { return nil, &Error{Code: ErrZip} }

// Names returns the names of all files in it, as they stand there: hostile.
func (a *Archive) Names() []string { return nil }

// Read unpacks a file. Whatever the archive says of it, no more than MaxEntry bytes come
// out, and no more than MaxTotal of all files that were read.
func (a *Archive) Read(name string) ([]byte, error) { return nil, &Error{Code: ErrNoEntry, Name: name} }

// Package is an archive that can be flashed.
type Package struct {
	Manifest *Manifest // nil: File is all there is
	File     *firmware.File
	Folder   string // of the manifest, "" or with a slash at its end
	archive  *Archive
}

// FromZip finds in an archive what can be flashed: the flasher_args.json of ESP-IDF, a
// manifest.json, or one single firmware file. The error is an *Error, or the
// *firmware.Error of that file.
func FromZip(a *Archive) (*Package, error) { return nil, &Error{Code: ErrNothing} }

// Parts unpacks the parts of a build of the package's manifest and checks them against it.
func (p *Package) Parts(b *Build) ([]firmware.Part, error) { return nil, &Error{Code: ErrNothing} }

// Load makes parts for firmware.Build of the files of a build, data[i] being the file of
// Parts[i], and checks their sizes and digests. The error is an *Error.
func (b *Build) Load(data [][]byte) ([]firmware.Part, error) { return nil, &Error{Code: ErrMissing} }
