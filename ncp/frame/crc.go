package frame

// polynomial is that of the CRC-8: x^8 + x^2 + x + 1, not reflected, initial value
// 0, no final inversion (protocol sheet). A message with its CRC behind it has
// CRC 0.
const polynomial = 0x07

// slices8[k][b] is the CRC of b followed by k zero bytes. Eight of them let eight
// bytes be looked up independently of each other.
var slices8 = makeTables()

func makeTables() (t [8][256]byte) {
	for b := range t[0] {
		c := byte(b)
		for range 8 {
			if c&0x80 != 0 {
				c = c<<1 ^ polynomial
			} else {
				c <<= 1
			}
		}
		t[0][b] = c
	}
	for k := 1; k < len(t); k++ {
		for b := range t[k] {
			t[k][b] = t[0][t[k-1][b]]
		}
	}
	return t
}

// CRC8 returns the CRC of p.
func CRC8(p []byte) byte { return update(0, p) }

// update returns the CRC of what crc stands for, followed by p.
func update(crc byte, p []byte) byte {
	t := &slices8
	for len(p) >= 8 {
		crc = t[7][p[0]^crc] ^ t[6][p[1]] ^ t[5][p[2]] ^ t[4][p[3]] ^
			t[3][p[4]] ^ t[2][p[5]] ^ t[1][p[6]] ^ t[0][p[7]]
		p = p[8:]
	}
	for _, b := range p {
		crc = t[0][crc^b]
	}
	return crc
}
