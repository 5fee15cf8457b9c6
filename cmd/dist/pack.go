package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/andybalholm/brotli"
)

// compressAll fills in the brotli and gzip copies. The best brotli of a wasm
// program takes seconds, so packed files are kept by the hash of their content.
func compressAll(site map[string]*asset, cache string) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		errs  []error
		slots = make(chan struct{}, runtime.NumCPU())
		keep  = make(map[string]bool)
	)
	for _, a := range site {
		keep[a.SHA256+".br"], keep[a.SHA256+".gz"] = true, true
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := a.compress(cache); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	prune(cache, keep)
	return errors.Join(errs...)
}

func (a *asset) compress(cache string) error {
	var err error
	base := filepath.Join(cache, a.SHA256)
	if a.br, err = packed(base+".br", a.Data, brotliBest); err != nil {
		return err
	}
	a.gz, err = packed(base+".gz", a.Data, gzipBest)
	return err
}

// packed returns the kept file, or makes and keeps it.
func packed(file string, data []byte, pack func(io.Writer) io.WriteCloser) ([]byte, error) {
	if kept, err := os.ReadFile(file); err == nil {
		return kept, nil
	}
	var buf bytes.Buffer
	w := pack(&buf)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), writeFile(file, buf.Bytes())
}

func brotliBest(w io.Writer) io.WriteCloser {
	// 24 is the largest window that browsers take.
	return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
}

func gzipBest(w io.Writer) io.WriteCloser {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return z
}

// prune removes kept files of older builds, so that the cache does not grow for ever.
func prune(cache string, keep map[string]bool) {
	entries, err := os.ReadDir(cache)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			os.Remove(filepath.Join(cache, e.Name()))
		}
	}
}

// writeFile writes a file in one step: a reader sees the old or the new one.
func writeFile(file string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}
