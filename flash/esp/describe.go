package esp

// The functions of this file read revision, features and MAC out of fuses. Where the
// bits are is public in the vendor's eFuse tables; w are the words of Chip.words.

// field returns n bits of w, from bit at on.
func field(w uint32, at, n uint) int { return int(w >> at & (1<<n - 1)) }

// mac returns the address in two words as the newer chips have them.
func mac(low, high uint32) [6]byte {
	return [6]byte{byte(high >> 8), byte(high), byte(low >> 24), byte(low >> 16), byte(low >> 8), byte(low)}
}

func describe8266(_ *Chip, w []uint32, d *Details) {
	m := [6]byte{0x18, 0xFE, 0x34, byte(w[1] >> 8), byte(w[1]), byte(w[0] >> 24)}
	switch {
	case w[3] != 0:
		m[0], m[1], m[2] = byte(w[3]>>16), byte(w[3]>>8), byte(w[3])
	case w[1]>>16&0xFF == 1:
		m[0], m[1], m[2] = 0xAC, 0xD0, 0x74
	}
	d.mac(m)
	d.Features = []string{"Wi-Fi"}
	if w[0]>>4&1 != 0 || w[2]>>16&1 != 0 {
		d.Chip = "ESP8285"
		d.Features = append(d.Features, "flash inside")
	}
}

// packages32 are the variants of ESP32 by their package number.
var packages32 = []string{"ESP32-D0WDQ6", "ESP32-D0WD", "ESP32-D2WD", "", "ESP32-U4WDH", "ESP32-PICO-D4",
	"ESP32-PICO-V3-02", "ESP32-D0WDR2-V3"}

func describe32(_ *Chip, w []uint32, d *Details) {
	d.mac(mac(w[1], w[2]))
	d.Major = [8]int{0, 1, 0, 2, 0, 0, 0, 3}[field(w[3], 15, 1)|field(w[4], 20, 1)<<1|field(w[6], 31, 1)<<2]
	d.Minor = field(w[4], 24, 2)
	pack := field(w[3], 9, 3) | field(w[3], 2, 1)<<3
	if pack < len(packages32) && packages32[pack] != "" {
		d.Features = append(d.Features, packages32[pack])
	}
	d.Features = append(d.Features, "Wi-Fi")
	if field(w[3], 1, 1) == 0 {
		d.Features = append(d.Features, "Bluetooth")
	}
	if field(w[3], 0, 1) == 0 {
		d.Features = append(d.Features, "two cores")
	} else {
		d.Features = append(d.Features, "one core")
	}
	if pack == 2 || pack >= 4 && pack <= 6 {
		d.Features = append(d.Features, "flash inside")
	}
	d.Security = Security{
		Known:     true,
		Encrypted: odd(field(w[0], 20, 7)),
		Boot:      w[5]>>4&3 != 0, // version 1 or 2
	}
}

func describeS2(_ *Chip, w []uint32, d *Details) {
	d.mac(mac(w[0], w[1]))
	d.Major = field(w[2], 18, 2)
	d.Minor = field(w[2], 20, 1)<<3 | field(w[3], 4, 3)
	d.Features = []string{"Wi-Fi", "one core"}
}

// describeNew is for S3 and C3.
func describeNew(c *Chip, w []uint32, d *Details) {
	d.mac(mac(w[0], w[1]))
	d.Major = field(w[3], 24, 2)
	d.Minor = field(w[3], 23, 1)<<3 | field(w[2], 18, 3)
	d.Features = []string{"Wi-Fi", "Bluetooth LE", "one core"}
	if c.ID == "esp32s3" {
		d.Features[2] = "two cores"
	}
	if field(w[2], 27, 3) != 0 {
		d.Features = append(d.Features, "flash inside")
	}
}

func describeC2(_ *Chip, w []uint32, d *Details) {
	d.mac(mac(w[0], w[1]))
	d.Major, d.Minor = field(w[1], 20, 2), field(w[1], 16, 4)
	d.Features = []string{"Wi-Fi", "Bluetooth LE", "one core"}
}

func describeC6(_ *Chip, w []uint32, d *Details) {
	d.mac(mac(w[0], w[1]))
	d.Major, d.Minor = field(w[2], 22, 2), field(w[2], 18, 4)
	d.Features = []string{"Wi-Fi 6", "Bluetooth LE", "IEEE 802.15.4", "one core"}
}

func describeH2(_ *Chip, w []uint32, d *Details) {
	d.mac(mac(w[0], w[1]))
	d.Major, d.Minor = field(w[2], 21, 2), field(w[2], 18, 3)
	d.Features = []string{"Bluetooth LE", "IEEE 802.15.4", "one core"}
}
