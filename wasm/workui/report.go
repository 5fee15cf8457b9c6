package workui

import (
	"strconv"
	"time"

	"ncpweb/flash"
	"ncpweb/flash/esp"
	"ncpweb/internal/json"
)

// reportFormat names the form of the report file.
const reportFormat = "ncpweb-flash-report"

// record is what a report file tells beside what the flasher does.
type record struct {
	Flasher  esp.Report
	Board    string // of the catalogue; empty: detected
	Port     string
	Adapter  string // its USB ids
	File     string // SHA-256 of the file or files as they were read; empty: not known
	Expected string // version that the file tells; hostile
	Version  string // version that the NCP tells; hostile
	Answers  bool   // an NCP answered after it
	Ending   string // in a word
	Boot     string // boot log; hostile
	Agent    string // the browser
	Took     time.Duration
}

// endingNames are the endings in the report.
var endingNames = [...]string{
	endAnswers: "answers", endOther: "other version", endDownload: "in loader", endInvalid: "no valid firmware",
	endCrash: "restarts", endMute: "no NCP", endSilent: "silent", endTorn: "port gone", endSketch: "started",
}

// appendReport adds the report as a JSON text with one member per line.
func appendReport(b []byte, r *record) []byte {
	f := &r.Flasher
	w := reportWriter{b: append(b, '{')}
	w.text("format", reportFormat)
	w.number("formatVersion", 1)
	w.text("started", f.Started.UTC().Format(time.RFC3339))
	w.seconds("took", r.Took)
	w.flag("verified", f.Verified)
	w.flag("answers", r.Answers)
	w.text("ending", r.Ending)
	w.text("error", f.Error)
	w.text("version", r.Version)
	w.text("expectedVersion", r.Expected)
	w.open("device", '{')
	w.text("chip", f.Chip)
	w.text("revision", f.Revision)
	w.text("mac", f.MAC)
	w.number("flashSize", f.FlashSize)
	w.text("board", r.Board)
	w.text("port", r.Port)
	w.text("adapter", r.Adapter)
	w.close('}')
	w.open("firmware", '{')
	w.text("name", f.Image)
	w.number("size", f.Size)
	w.text("sha256", f.SHA256)
	w.text("md5", f.MD5)
	w.text("fileSha256", r.File)
	w.close('}')
	w.open("transfer", '{')
	w.number("baud", int64(f.Baud))
	w.flag("stub", f.Stub)
	w.number("written", f.Written)
	w.number("packed", f.Packed)
	w.number("retries", int64(f.Retries))
	w.close('}')
	w.open("seconds", '{')
	for p := range flash.Phases {
		if d := f.Phases[p]; d > 0 {
			w.seconds(logPhase(flash.Phase(p)), d)
		}
	}
	w.close('}')
	w.open("regions", '[')
	for i := range f.Regions {
		w.region(&f.Regions[i])
	}
	w.close(']')
	w.open("notes", '[')
	for _, n := range f.Notes {
		w.item(n)
	}
	w.close(']')
	w.text("bootLog", r.Boot)
	w.text("browser", r.Agent)
	w.close('}')
	return append(w.b, '\n')
}

// reportWriter writes JSON with indentation.
type reportWriter struct {
	b     []byte
	depth int
	inner bool // something stands in the present object or list
}

// next begins a member or an item.
func (w *reportWriter) next() {
	if w.inner {
		w.b = append(w.b, ',')
	}
	w.inner = true
	w.line()
}

func (w *reportWriter) line() {
	w.b = append(w.b, '\n')
	for range w.depth + 1 {
		w.b = append(w.b, ' ', ' ')
	}
}

func (w *reportWriter) name(name string) {
	w.next()
	w.b = append(json.AppendString(w.b, name), ':', ' ')
}

func (w *reportWriter) item(value string) {
	w.next()
	w.b = json.AppendString(w.b, value)
}

func (w *reportWriter) text(name, value string) {
	w.name(name)
	w.b = json.AppendString(w.b, value)
}

func (w *reportWriter) number(name string, n int64) {
	w.name(name)
	w.b = json.AppendInt(w.b, n)
}

func (w *reportWriter) flag(name string, on bool) {
	w.name(name)
	w.b = strconv.AppendBool(w.b, on)
}

func (w *reportWriter) seconds(name string, d time.Duration) {
	w.name(name)
	w.b = strconv.AppendFloat(w.b, d.Seconds(), 'f', 3, 64)
}

func (w *reportWriter) open(name string, c byte) {
	w.name(name)
	w.b = append(w.b, c)
	w.depth++
	w.inner = false
}

func (w *reportWriter) close(c byte) {
	w.depth--
	if w.inner {
		w.line()
	}
	w.b = append(w.b, c)
	w.inner = true
}

func (w *reportWriter) region(r *esp.RegionReport) {
	w.next()
	w.b = append(w.b, '{')
	one := reportWriter{b: w.b, depth: w.depth + 1}
	one.text("at", "0x"+strconv.FormatUint(uint64(r.Addr), 16))
	one.number("size", r.Size)
	one.text("action", string(r.Action))
	if r.Name != "" {
		one.text("partition", r.Name)
	}
	if r.MD5 != "" {
		one.text("md5", r.MD5)
	}
	if r.Packed > 0 {
		one.number("packed", r.Packed)
	}
	w.b = one.b
	w.line()
	w.b = append(w.b, '}')
}
