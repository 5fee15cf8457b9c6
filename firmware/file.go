package firmware

// Bounds of what is read.
const (
	MaxSize     = 64 << 20 // bytes of a file, and of the memory that it describes
	MaxSegments = 4096     // separate stretches in one file
)

// File is a firmware file that was read.
type File struct {
	Name string // as given; hostile: show as text only
	Kind Kind
	Size int64 // bytes of the file itself
	// Placed tells that the file says where its bytes go (HEX, UF2). Otherwise Image is
	// one segment at address 0, and whoever opened the file knows where it belongs.
	Placed bool
	Image  *Image
	Family uint32 // of UF2; 0: none is named
}

// Open reads a firmware file: bare binaries and images as they are, Intel HEX, UF2.
// The error is an *Error. Segments of bare binaries share memory with data.
//
// Gaps stay gaps, except where two stretches share a sector of 4 KiB, which can only
// be erased as a whole: there they read as FF, as erased memory does.
func Open(name string, data []byte) (*File, error) {
	kind := Recognise(data)
	refuse := func(code Code) (*File, error) { return nil, &Error{Code: code, Name: name, Kind: kind} }
	switch {
	case len(data) == 0:
		return refuse(ErrEmpty)
	case len(data) > MaxSize && kind != Hex && kind != UF2 || len(data) > 3*MaxSize:
		return nil, &Error{Code: ErrTooLarge, Name: name, Kind: kind, Want: MaxSize, Have: int64(len(data))}
	}
	f := &File{Name: name, Kind: kind, Size: int64(len(data)), Image: &Image{Name: name}}
	var err error
	switch kind {
	case ELF, MCUboot, DfuSe, DFU, Zip, JSON:
		return refuse(ErrKind)
	case Blank:
		return refuse(ErrBlank)
	case Hex:
		f.Placed = true
		f.Image.Segments, err = readHex(name, data)
	case UF2:
		f.Placed = true
		f.Image.Segments, f.Family, err = readUF2(name, data)
	default:
		f.Image.Segments = []Segment{{Data: data, Name: name}}
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Parts returns what the file holds, for Build. A file that says itself where its
// bytes go is moved by at; others begin there.
func (f *File) Parts(at int64) []Part {
	parts := make([]Part, len(f.Image.Segments))
	for i, s := range f.Image.Segments {
		parts[i] = Part{Name: f.Name, Addr: int64(s.Addr) + at, Data: s.Data}
	}
	return parts
}
