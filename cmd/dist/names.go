package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
)

// A Go program carries the name of each of its functions for the trace that a panic
// prints. The trace has file and line as well, which say more, so shortenNames leaves
// of a name only the package, once for all of its functions: the program packs some
// thirty kilobytes smaller, and a trace is as useful as before.

// tableMagic begins the table of functions of Go 1.20 and later: the magic number, two
// zeros, one byte per instruction, eight per pointer (runtime, type pcHeader).
var tableMagic = []byte{0xF1, 0xFF, 0xFF, 0xFF, 0, 0, 1, 8}

// Fields of the header, counted in words of eight bytes behind the magic.
const (
	fieldFunctions = 0 // how many there are
	fieldNames     = 3 // offsets from the header
	fieldNamesEnd  = 4
	fieldTable     = 7
	headerWords    = 8
)

var errTable = errors.New("the table of functions is not as this version of Go makes it")

// shortenNames rewrites the names in the first table of functions that data holds. It
// tells whether there was one.
func shortenNames(data []byte) (bool, error) {
	start := bytes.Index(data, tableMagic)
	if start < 0 {
		return false, nil
	}
	header := data[start:]
	field := func(i int) int { return int(binary.LittleEndian.Uint64(header[8*(i+1):])) }
	if len(header) < 8*(headerWords+1) {
		return false, errTable
	}
	count, from, to, table := field(fieldFunctions), field(fieldNames), field(fieldNamesEnd), field(fieldTable)
	if from <= 0 || to <= from || table <= to || count <= 0 || table+8*count > len(header) {
		return false, errTable
	}
	names := header[from:to]
	short, packages := []byte{0}, make(map[string]uint32)
	for i := range count {
		at := table + int(binary.LittleEndian.Uint32(header[table+8*i+4:]))
		if at+8 > len(header) {
			return false, errTable
		}
		function := header[at : at+8] // its address and its name
		old := binary.LittleEndian.Uint32(function[4:])
		if int64(old) >= int64(len(names)) {
			return false, errTable
		}
		name, _, ok := bytes.Cut(names[old:], []byte{0})
		if !ok {
			return false, errTable
		}
		pkg := packageOf(string(name))
		if packages[pkg] == 0 {
			packages[pkg] = uint32(len(short))
			short = append(append(short, pkg...), 0)
		}
		binary.LittleEndian.PutUint32(function[4:], packages[pkg])
	}
	if len(short) > len(names) {
		return false, errTable
	}
	clear(names[copy(names, short):])
	return true, nil
}

// packageOf returns the package of a function, up to the dot behind it: the runtime
// shows no function without a dot, and hides its own by their prefix.
func packageOf(name string) string {
	// Type arguments hold slashes and dots of their own.
	path, _, _ := strings.Cut(name, "[")
	slash := strings.LastIndexByte(path, '/') + 1
	if dot := strings.IndexByte(path[slash:], '.'); dot >= 0 {
		return path[:slash+dot+1]
	}
	return path // assembly, and what the linker makes
}
