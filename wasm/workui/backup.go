//go:build js && wasm

package workui

import (
	"context"
	"time"

	"ncpweb/flash"
	"ncpweb/wasm/page"
)

// maxBackup is the largest flash memory that is read: the browser keeps the file whole.
const maxBackup = 64 << 20

// partSize is how much of a backup the browser gets at once.
const partSize = 256 << 10

// partWriter hands what is read to the browser, in parts: the program's own memory need
// not hold a whole flash memory.
type partWriter struct {
	parts page.Parts
	buf   []byte
	n     int64
}

// Write implements io.Writer.
func (w *partWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	w.n += int64(len(p))
	if len(w.buf) >= partSize {
		w.flush()
	}
	return len(p), nil
}

func (w *partWriter) flush() {
	if len(w.buf) > 0 {
		w.parts.Add(w.buf)
		w.buf = w.buf[:0]
	}
}

// read saves the whole flash memory as a file.
func (e *effort) read(ctx context.Context) error {
	size := e.device.Flash
	if size <= 0 || size > maxBackup {
		return &flash.Error{Code: flash.CodeUnsupport, Op: "backup", Phase: flash.PhaseRead, Detail: "the size of the flash memory is not known"}
	}
	var w partWriter
	if err := e.flasher.Read(ctx, 0, size, &w); err != nil {
		return err
	}
	w.flush()
	e.worked = time.Since(e.began)
	name := backupName(e.device.Chip, e.device.MAC, time.Now())
	if err := w.parts.Download(name, "application/octet-stream"); err != nil {
		return &flash.Error{Code: flash.CodePort, Op: "save the file", Phase: flash.PhaseRead, Err: err}
	}
	e.close()
	e.leave(true)
	e.post(func(v *runView) { v.backupDone(e, name, w.n) })
	return nil
}
