package workui

import (
	"bytes"
	"encoding/hex"
	"errors"
	"time"

	"ncpweb/firmware"
	"ncpweb/ncp/ota"
)

// maxUpdate bounds an update that is put together from a HEX or UF2 file, in bytes: the
// gaps in it count as well. No MCU of this kind has as much flash memory.
const maxUpdate = 16 << 20

// errSpread is why a file whose parts are far from each other is refused.
var errSpread = errors.New("workui: the parts of the file are too far apart")

// updateFile makes of a file what an MCU is sent: a binary as it is; HEX and UF2 from
// their lowest address to the highest, with FF in the gaps as erased memory has. tagged
// tells whether it has a tag. The error is a *firmware.Error, or errSpread.
func updateFile(name string, data []byte) (f *ota.File, tagged bool, err error) {
	opened, err := firmware.Open(name, data)
	if err != nil {
		return nil, false, err
	}
	if opened.Placed {
		if data, err = flat(opened.Image); err != nil {
			return nil, false, err
		}
	}
	f = &ota.File{Name: name, Data: data, Digests: ota.Sum(data)}
	tag, tagged := firmware.FindTag(data)
	if tagged {
		f.Type, f.Version, f.Build = tag.Get(firmware.TagKeyType), tag.Version(), tag.Get(firmware.TagKeyBuild)
	}
	return f, tagged, nil
}

// flat puts the segments of an image into one stretch.
func flat(m *firmware.Image) ([]byte, error) {
	if len(m.Segments) == 0 {
		return nil, errSpread
	}
	first := int64(m.Segments[0].Addr)
	size := m.Segments[len(m.Segments)-1].End() - first
	if size > maxUpdate {
		return nil, errSpread
	}
	data := bytes.Repeat([]byte{0xFF}, int(size))
	for i := range m.Segments {
		s := &m.Segments[i]
		copy(data[int64(s.Addr)-first:], s.Data)
	}
	return data, nil
}

// updateRecord is what the report of an update tells.
type updateRecord struct {
	File    *ota.File
	Port    string
	Before  string // version that ran before; hostile
	Baud    int    // of the line, at the end
	Started time.Time
	Took    time.Duration
	Result  ota.Result
	Last    ota.Event
	Err     *ota.Error // nil: it was applied
	Agent   string     // the browser
	Notes   []string   // remarks on the way; hostile
}

// Names of what runs after an update, in its report.
var runsNames = [...]string{ota.FirmwareUnknown: "unknown", ota.FirmwareOld: "old", ota.FirmwareNew: "new"}

// appendUpdateReport adds the report as a JSON text with one member per line.
func appendUpdateReport(b []byte, r *updateRecord) []byte {
	w := reportWriter{b: append(b, '{')}
	w.text("format", "ncpweb-update-report")
	w.number("formatVersion", 1)
	w.text("started", r.Started.UTC().Format(time.RFC3339))
	w.seconds("took", r.Took)
	w.flag("applied", r.Err == nil)
	w.flag("proven", r.Err == nil && r.Result.Proven)
	if r.Err != nil {
		w.text("error", r.Err.Error())
		w.text("phase", r.Err.Phase.String())
		w.number("offset", r.Err.Offset)
		w.text("runs", runsNames[min(int(r.Err.Runs), len(runsNames)-1)])
	}
	w.open("firmware", '{')
	w.text("name", r.File.Name)
	w.number("size", int64(len(r.File.Data)))
	w.text("sha256", hex.EncodeToString(r.File.SHA256[:]))
	w.text("type", r.File.Type)
	w.text("version", r.File.Version)
	w.text("build", r.File.Build)
	w.close('}')
	w.open("mcu", '{')
	w.text("before", r.Before)
	w.text("type", r.Result.Type)
	w.text("version", r.Result.Version)
	w.text("build", r.Result.Build)
	w.text("port", r.Port)
	w.close('}')
	w.open("transfer", '{')
	w.number("baud", int64(r.Baud))
	w.number("chunk", int64(r.Last.Chunk))
	w.number("taken", r.Last.Done)
	w.number("resent", int64(r.Last.Resent))
	w.number("recovered", int64(r.Last.Recovered))
	w.seconds("sending", r.Result.Sending)
	w.close('}')
	w.open("notes", '[')
	for _, n := range r.Notes {
		w.item(n)
	}
	w.close(']')
	w.text("browser", r.Agent)
	w.close('}')
	return append(w.b, '\n')
}
