package esp

import (
	"context"
	"encoding/binary"
	"math/bits"
)

// Security is what the fuses of a chip say about who may write what.
type Security struct {
	Known     bool   // false: the chip did not tell
	Boot      bool   // secure boot: it starts only firmware that is signed
	Encrypted bool   // flash encryption: what is written as it is does not start
	Download  bool   // secure download mode: no registers, no stub, no digests
	Flags     uint32 // of GET_SECURITY_INFO
	Chip      uint32 // chip id of GET_SECURITY_INFO
	HasChip   bool   // Chip was told
}

// Bits of the flags of GET_SECURITY_INFO.
const (
	flagSecureBoot     = 1 << 0
	flagSecureDownload = 1 << 2
)

const (
	securityShort = 12 // bytes: flags, count, seven key purposes
	securityLong  = 20 // and chip id, version
)

// securityInfo asks the chip. ESP32-S2 answers without chip id.
func (l *loader) securityInfo(ctx context.Context) (Security, error) {
	r, err := l.command(ctx, command{op: opSecurityInfo, want: securityShort, more: securityLong})
	if err != nil {
		return Security{}, err
	}
	b := r.body
	s := Security{Known: true, Flags: binary.LittleEndian.Uint32(b)}
	s.Boot = s.Flags&flagSecureBoot != 0
	s.Download = s.Flags&flagSecureDownload != 0
	s.Encrypted = odd(int(b[4]))
	if len(b) == securityLong {
		s.Chip, s.HasChip = binary.LittleEndian.Uint32(b[securityShort:]), true
	}
	return s, nil
}

// odd tells whether an odd number of bits is set, which is how fuses count.
func odd(n int) bool { return bits.OnesCount(uint(n))%2 == 1 }
