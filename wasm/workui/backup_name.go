package workui

import (
	"strings"
	"time"
)

// backupName is the name of a backup's file: chip, MAC and date, so that it is found
// again years later. Only letters and digits of the chip's texts go into it.
func backupName(chip, mac string, at time.Time) string {
	name := "backup"
	for _, part := range []string{chip, mac} {
		if s := plainName(part); s != "" {
			name += "-" + s
		}
	}
	return name + "-" + at.Format("2006-01-02") + ".bin"
}

// reportName is the name of a report's file.
func reportName(chip, mac string, at time.Time) string {
	return "flash-report" + strings.TrimSuffix(strings.TrimPrefix(backupName(chip, mac, at), "backup"), ".bin") + ".json"
}

// plainName keeps letters and digits, at most 24, in lower case.
func plainName(s string) string {
	var b []byte
	for _, c := range []byte(strings.ToLower(s)) {
		if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9') && len(b) < 24 {
			b = append(b, c)
		}
	}
	return string(b)
}
