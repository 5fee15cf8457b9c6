// Package idl reads descriptions of RPC interfaces: which side hosts a method, its
// id, its arguments and results in wire order, and hints for people (units, ranges,
// names of values). The descriptions of Blynk.NCP are the *.json files beside it;
// cmd/ncpgen turns them into package ncp.
//
// A description may come from anywhere, so Parse checks all of it and bounds what it
// takes.
package idl

import (
	"fmt"
	"math"
	"time"
)

// Bounds of a description.
const (
	MaxSize       = 1 << 20 // bytes of a file
	MaxInterfaces = 32
	MaxMethods    = 1024 // in all interfaces
	MaxParams     = 16   // arguments, and results, of a method
	MaxEnums      = 64
	MaxValues     = 256 // of an enumeration
	MaxName       = 40  // bytes
	MaxDoc        = 500 // bytes
	MaxTimeout    = 10 * time.Minute
)

// DefaultTimeout is that of a call without one of its own (protocol sheet).
const DefaultTimeout = time.Second

// Description is a set of interfaces.
type Description struct {
	Version    string // of the protocol
	Enums      []Enum
	Interfaces []Interface
}

// Enum names the values of an integer.
type Enum struct {
	Name   string // an exported Go identifier
	Prefix string // begins the names of its constants; Name if empty in the file
	Doc    string
	Values []Value // by value
}

// Value is a value of an Enum.
type Value struct {
	Value int64
	Name  string // lower-case words
	Doc   string
}

// Interface is a group of methods.
type Interface struct {
	Name    string
	Host    Side
	Doc     string
	Methods []Method
}

// Side is a side of the line.
type Side string

// Sides.
const (
	NCP Side = "ncp"
	MCU Side = "mcu"
)

// Method is a method of an interface.
type Method struct {
	Name    string
	UID     uint16
	Doc     string
	Oneway  bool          // has no result, not even a status
	Timeout time.Duration // 0: DefaultTimeout
	In      []Param
	Out     []Param
	Returns *Param // follows Out on the wire; nil: none
}

// Param is an argument, an out-argument or a return value.
type Param struct {
	Name   string
	Type   Type
	Doc    string
	Unit   string  // such as "s"; empty: none
	Min    *int64  // of an integer
	Max    *int64  // of an integer
	Also   []int64 // values outside Min and Max that are valid as well
	MinLen int     // bytes of a String or Binary
	MaxLen int     // bytes of a String or Binary; 0: only the size of a message
	Prefix string  // a String begins with it
	Format Format  // what a String or Binary holds
	Enum   string  // name of the Enum of an integer
	Secret bool    // not to be shown or kept
}

// Format says what a String or Binary holds.
type Format string

// Formats.
const (
	Plain  Format = ""       // text in a String, bytes in a Binary
	Values Format = "values" // text items with a NUL between two of them
	Pins   Format = "pins"   // pin numbers as Values
	Digest Format = "digest" // a hash
	MAC    Format = "mac"    // a MAC address as text
)

// Type is a type of the wire.
type Type string

// Types (Blynk.NCP protocol 0.7.0, "Messages").
const (
	Bool   Type = "Bool"
	UInt8  Type = "UInt8"
	UInt16 Type = "UInt16"
	UInt32 Type = "UInt32"
	UInt64 Type = "UInt64"
	Int8   Type = "Int8"
	Int16  Type = "Int16"
	Int32  Type = "Int32"
	Int64  Type = "Int64"
	Float  Type = "Float"
	String Type = "String"
	Binary Type = "Binary"
)

// Known tells whether t is a type of the wire.
func (t Type) Known() bool {
	switch t {
	case Bool, Float, String, Binary:
		return true
	}
	return t.integer()
}

func (t Type) integer() bool {
	lo, hi := t.limits()
	return lo < hi
}

func (t Type) bytes() bool { return t == String || t == Binary }

// limits returns the smallest and largest value of an integer as far as a
// description can name them, and 0, 0 for other types.
func (t Type) limits() (lo, hi int64) {
	switch t {
	case UInt8:
		return 0, math.MaxUint8
	case UInt16:
		return 0, math.MaxUint16
	case UInt32:
		return 0, math.MaxUint32
	case UInt64:
		return 0, math.MaxInt64
	case Int8:
		return math.MinInt8, math.MaxInt8
	case Int16:
		return math.MinInt16, math.MaxInt16
	case Int32:
		return math.MinInt32, math.MaxInt32
	case Int64:
		return math.MinInt64, math.MaxInt64
	}
	return 0, 0
}

// Enum returns the enumeration of that name, or nil.
func (d *Description) Enum(name string) *Enum {
	for i := range d.Enums {
		if d.Enums[i].Name == name {
			return &d.Enums[i]
		}
	}
	return nil
}

// Merge joins descriptions of the same version, in their order. Names and ids must
// stay unique; an enumeration may be used by interfaces of another file.
func Merge(parts ...*Description) (*Description, error) {
	all := &Description{}
	for i, p := range parts {
		if i == 0 {
			all.Version = p.Version
		} else if p.Version != all.Version {
			return nil, fmt.Errorf("idl: version %q beside %q", p.Version, all.Version)
		}
		all.Enums = append(all.Enums, p.Enums...)
		all.Interfaces = append(all.Interfaces, p.Interfaces...)
	}
	if err := all.check(); err != nil {
		return nil, fmt.Errorf("idl: %w", err)
	}
	return all, nil
}
