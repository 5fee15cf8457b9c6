package ncp

import "time"

// Side is a side of the line.
type Side uint8

// Sides.
const (
	SideNCP Side = iota + 1 // the network co-processor
	SideMCU                 // the Primary MCU
)

// String returns "NCP" or "MCU".
func (s Side) String() string {
	switch s {
	case SideNCP:
		return "NCP"
	case SideMCU:
		return "MCU"
	}
	return "side " + itoa(int64(s))
}

// Type is a type of the wire (protocol sheet, "Messages").
type Type uint8

// Types. TypeNone is that of a method without return value.
const (
	TypeNone Type = iota
	TypeBool
	TypeUInt8
	TypeUInt16
	TypeUInt32
	TypeUInt64
	TypeInt8
	TypeInt16
	TypeInt32
	TypeInt64
	TypeFloat
	TypeString
	TypeBinary
)

// String returns the name that the interface description uses, or "none".
func (t Type) String() string {
	names := [...]string{"none", "Bool", "UInt8", "UInt16", "UInt32", "UInt64",
		"Int8", "Int16", "Int32", "Int64", "Float", "String", "Binary"}
	if int(t) < len(names) {
		return names[t]
	}
	return "type " + itoa(int64(t))
}

// Format says what a String or Binary holds.
type Format uint8

// Formats.
const (
	FormatPlain  Format = iota // text in a String, bytes in a Binary
	FormatValues               // text items with a NUL between two of them: see SplitValues
	FormatPins                 // pin numbers, as FormatValues: see PinList
	FormatDigest               // a hash
	FormatMAC                  // a MAC address as text
)

// Method describes a method of the interface. Methods holds all of them; they are
// never changed.
type Method struct {
	Interface string
	Host      Side // who answers it
	Name      string
	UID       uint16
	Oneway    bool
	Timeout   time.Duration // of a call; 0 for a oneway method
	In        []Param
	Out       []Param // come before the return value in a RESULT
	Returns   Type
	Result    Param // hints for the return value; Type equals Returns
	Doc       string
}

// Param describes an argument, an out-argument or a return value.
type Param struct {
	Name string
	Type Type
	Doc  string
	Unit string // such as "s"; empty: none

	Ranged   bool    // of an integer: Min to Max, and the values in Also, are valid
	Min, Max int64   //
	Also     []int64 //
	MinLen   int     // least bytes of a String (without NUL) or Binary
	MaxLen   int     // most bytes; 0: only the size of a message bounds it
	Prefix   string  // a String begins with it
	Format   Format
	Secret   bool    // not to be shown, logged or kept
	Values   []Named // names of the values of an integer
}

// Named is a value of an integer that has a name.
type Named struct {
	Value int64
	Name  string
	Doc   string
}

// Lookup returns the method with that id.
func Lookup(uid uint16) (*Method, bool) {
	i := methodIndex(uid)
	if i < 0 {
		return nil, false
	}
	return &Methods[i], true
}

// Hosts tells whether that side answers a method of this id: what a handler's HasUID
// returns.
func Hosts(s Side, uid uint16) bool {
	m, ok := Lookup(uid)
	return ok && m.Host == s
}
