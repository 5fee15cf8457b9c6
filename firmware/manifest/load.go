package manifest

import (
	"bytes"
	"crypto/sha256"

	"ncpweb/firmware"
)

// Load makes parts for firmware.Build of the files of a build, data[i] being the file of
// Parts[i], and checks their sizes and digests. The error is an *Error.
func (b *Build) Load(data [][]byte) ([]firmware.Part, error) {
	if len(b.Parts) == 0 {
		return nil, &Error{Code: ErrMissing, Name: "parts"}
	}
	if len(data) != len(b.Parts) {
		return nil, &Error{Code: ErrNoEntry, Name: b.Parts[min(len(data), len(b.Parts)-1)].Path}
	}
	parts := make([]firmware.Part, len(data))
	for i := range b.Parts {
		if err := b.Parts[i].Check(data[i]); err != nil {
			err.Part = i
			return nil, err
		}
		parts[i] = firmware.Part{Name: b.Parts[i].Path, Addr: int64(b.Parts[i].Offset), Data: data[i]}
	}
	return parts, nil
}

// Check compares a file with what the manifest says of it: size and SHA-256, where they
// are told. It returns nil if the file is the right one.
func (p *Part) Check(data []byte) *Error {
	if p.Size > 0 && int64(len(data)) != p.Size {
		return &Error{Code: ErrSize, Name: p.Path, Want: p.Size, Have: int64(len(data))}
	}
	if sum := sha256.Sum256(data); p.SHA256 != nil && !bytes.Equal(sum[:], p.SHA256) {
		return &Error{Code: ErrSum, Name: p.Path}
	}
	return nil
}
