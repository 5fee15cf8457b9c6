package ncp

import (
	"errors"
	"strconv"
	"strings"
)

// InitialRates are the rates in baud at which an NCP may start, the usual one first
// (protocol sheet, "UART and framing").
func InitialRates() []int { return []int{38400, 115200} }

// Rates are the rates in baud at which an NCP may be found, in the order in which they
// are worth trying (protocol sheet, "UART and framing").
func Rates() []int {
	return append(InitialRates(), 9600, 19200, 28800, 57600, 76800, 230400, 460800, 921600, 2000000)
}

// ErrItemNUL is why an item cannot be part of a list of values.
var ErrItemNUL = errors.New("ncp: item holds a NUL")

// SplitValues returns the items of a pin value: texts with a NUL between two of them
// (protocol sheet, "Methods that need a word"). The empty value is one empty item, so
// the result is never empty; it has at most one item more than value has bytes.
func SplitValues(value []byte) []string {
	return strings.Split(string(value), "\x00")
}

// JoinValues returns the items as a pin value, which SplitValues takes apart again. No
// items give the same empty value as one empty item. An item with a NUL is ErrItemNUL.
func JoinValues(items ...string) ([]byte, error) {
	for _, s := range items {
		if strings.IndexByte(s, 0) >= 0 {
			return nil, ErrItemNUL
		}
	}
	return []byte(strings.Join(items, "\x00")), nil
}

// PinList returns the argument of syncVirtual: the numbers as text, with a NUL
// between two of them.
func PinList(pins ...uint16) []byte {
	var b []byte
	for i, p := range pins {
		if i > 0 {
			b = append(b, 0)
		}
		b = strconv.AppendUint(b, uint64(p), 10)
	}
	return b
}

func itoa(v int64) string { return strconv.FormatInt(v, 10) }

//go:generate go run ncpweb/cmd/ncpgen -root ..
