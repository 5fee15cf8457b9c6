package manifest

import "strings"

// families are the names of chips as manifests write them.
var families = map[string]string{
	"ESP8266": "esp8266", "ESP32": "esp32", "ESP32-S2": "esp32s2", "ESP32-S3": "esp32s3",
	"ESP32-C2": "esp32c2", "ESP32-C3": "esp32c3", "ESP32-C5": "esp32c5", "ESP32-C6": "esp32c6", "ESP32-C61": "esp32c61",
	"ESP32-H2": "esp32h2", "ESP32-P4": "esp32p4",
}

// ChipOf returns the id of a chip ("esp32c3") for a name as manifests ("ESP32-C3") or
// ESP-IDF ("esp32c3") write it, in either case; "": not known.
func ChipOf(family string) string {
	upper := strings.ToUpper(family)
	if id := families[upper]; id != "" {
		return id
	}
	for _, id := range families {
		if strings.EqualFold(id, family) {
			return id
		}
	}
	return ""
}

// FamilyOf returns the name of a chip as manifests write it ("ESP32-C3"); "": not known.
func FamilyOf(chip string) string {
	for family, id := range families {
		if id == chip {
			return family
		}
	}
	return ""
}
