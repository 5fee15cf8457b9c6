package manifest

// Parse reads a manifest of either form. Members that are not known are tolerated. The
// error is an *Error.
func Parse(data []byte) (*Manifest, error) { return nil, &Error{Code: ErrForm} }

// Resolve returns the address of a part: a path relative to the address of its manifest.
// The path must stay in the manifest's folder or below. The error is an *Error.
func Resolve(manifestURL, path string) (string, error) { return "", &Error{Code: ErrPath, Name: path} }
