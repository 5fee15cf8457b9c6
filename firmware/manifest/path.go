package manifest

import (
	"strings"
	"unicode/utf8"
)

// Resolve returns the address of a part: a path relative to the address of its manifest
// (http or https, as the browser wrote it). The path must stay in the manifest's folder
// or below, and so cannot name a scheme or a host. The error is an *Error.
func Resolve(manifestURL, path string) (string, error) {
	folder, ok := folderOf(manifestURL)
	if !ok {
		return "", &Error{Code: ErrBase, Name: manifestURL}
	}
	path, query, asked := strings.Cut(path, "?")
	clean, code := cleanPath(path, true)
	if code == 0 && (strings.Contains(query, "#") || !plainText(query, MaxPath)) {
		code = ErrPath
	}
	if code != 0 {
		return "", &Error{Code: code, Name: path}
	}
	if asked {
		clean += "?" + query
	}
	return folder + clean, nil
}

// folderOf returns the address of the folder of an address, with the slash at its end.
func folderOf(address string) (string, bool) {
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "https" && scheme != "http" || !plainText(address, 4*MaxPath) || strings.ContainsAny(address, `\ `) {
		return "", false
	}
	host, path, _ := strings.Cut(rest, "/")
	if host == "" || strings.Contains(host, "@") {
		return "", false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if isDots(segment, true) > 0 {
			return "", false
		}
	}
	return scheme + "://" + host + "/" + path[:strings.LastIndex(path, "/")+1], true
}

// cleanPath resolves the dots of a relative path. What a browser would take for another
// way out of the folder is refused too: schemes, hosts, backslashes, escaped dots and
// slashes, white space at the ends. escapes tells that "%2e" means a dot. code is 0 if the
// path is good.
func cleanPath(path string, escapes bool) (clean string, code Code) {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case path == "" || !plainText(path, MaxPath) || strings.ContainsAny(path, `\#?`) || strings.TrimSpace(path) != path:
		return "", ErrPath
	case strings.HasPrefix(path, "//") || strings.Contains(first, ":"):
		return "", ErrOrigin
	case strings.HasPrefix(path, "/"):
		return "", ErrOutside
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch dots := isDots(segment, escapes); {
		case segment == "" || escapes && !goodEscapes(segment):
			return "", ErrPath
		case dots == 2 && len(kept) == 0:
			return "", ErrOutside
		case dots == 2:
			kept = kept[:len(kept)-1]
		case dots == 0:
			kept = append(kept, segment)
		}
	}
	if len(kept) == 0 || isDots(path[strings.LastIndex(path, "/")+1:], escapes) > 0 {
		return "", ErrPath // a folder
	}
	return strings.Join(kept, "/"), 0
}

// isDots returns 1 for ".", 2 for "..", 0 for anything else.
func isDots(segment string, escapes bool) int {
	if escapes {
		segment = strings.NewReplacer("%2e", ".", "%2E", ".").Replace(segment)
	}
	switch segment {
	case ".":
		return 1
	case "..":
		return 2
	}
	return 0
}

// goodEscapes tells that all escapes of a segment are whole, and none stands for a
// slash, a backslash or a control character.
func goodEscapes(segment string) bool {
	for i := 0; i < len(segment); i++ {
		if segment[i] != '%' {
			continue
		}
		if i+2 >= len(segment) {
			return false
		}
		hi, lo := hexDigit(segment[i+1]), hexDigit(segment[i+2])
		if c := hi<<4 | lo; hi < 0 || lo < 0 || c < 0x20 || c == 0x7F || c == '/' || c == '\\' {
			return false
		}
	}
	return true
}

// hexDigit returns the value of a digit; −1 if it is none.
func hexDigit(c byte) int {
	i := strings.IndexByte("0123456789abcdefABCDEF", c)
	if i >= 16 {
		i -= 6
	}
	return i
}

// plainText tells that s is UTF-8, not longer than limit bytes, and holds nothing that
// controls a terminal, breaks a line or turns the direction of writing.
func plainText(s string, limit int) bool {
	if len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 || r >= 0x7F && r < 0xA0 || r == 0x2028 || r == 0x2029 ||
			r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0xFEFF
	})
}
