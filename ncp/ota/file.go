// Package ota is the firmware update of a Primary MCU over the RPC protocol, from both
// ends: a Sender plays the NCP that has a file for the MCU, a Receiver plays the MCU.
//
// The protocol is "Firmware update of the Primary MCU" of the protocol sheet, as the
// deployed driver does it.
package ota

import (
	"crypto/md5"
	"crypto/sha256"
	"hash/crc32"
)

// MaxChunk is how many bytes of the file one otaUpdateWrite can carry: what is left of
// a message of 1536 bytes (protocol sheet, "Sizes").
const MaxChunk = 1520

// MaxFile bounds the size of a file, in bytes. The offers carry 32 bits; no MCU of this
// kind has as much flash memory.
const MaxFile = 64 << 20

// File is a firmware file with what the update tells of it.
type File struct {
	Name                 string
	Type, Version, Build string // of its tag; empty: it has none
	Data                 []byte
	Digests
}

// Digests are the sums of a whole file that the MCU can ask for.
type Digests struct {
	MD5    [md5.Size]byte
	SHA256 [sha256.Size]byte
	CRC32  uint32 // IEEE
}

// Sum returns the digests of data. It takes some milliseconds per megabyte.
func Sum(data []byte) Digests {
	return Digests{MD5: md5.Sum(data), SHA256: sha256.Sum256(data), CRC32: crc32.ChecksumIEEE(data)}
}
