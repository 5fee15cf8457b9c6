package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// stubChips are the chips whose flasher stub is handed on, by the names that the stubs
// have in the package esptool-js and in esp.Chips.
var stubChips = []string{"esp8266", "esp32", "esp32s2", "esp32s3", "esp32c2", "esp32c3", "esp32c6", "esp32h2"}

// stub is what the page reads of a stub.
type stub struct {
	Entry     *uint32 `json:"entry"`
	Text      string  `json:"text"` // base64
	TextStart *uint32 `json:"text_start"`
	Data      string  `json:"data"` // base64
	DataStart *uint32 `json:"data_start"`
	BSSStart  *uint32 `json:"bss_start"`
}

// Bounds of a stub, in bytes. Those of the package have 6 to 12 kB of text and below
// 1 kB of data.
const (
	maxStubFile = 128 << 10 // also what the page takes
	minStubText = 1 << 10
	maxStubText = 64 << 10
)

// gatherStubs reads the stubs as stub-CHIP.json.
func gatherStubs(dir string, files map[string][]byte) error {
	for _, chip := range stubChips {
		data, err := os.ReadFile(filepath.Join(dir, chip+".json"))
		if err != nil {
			return err
		}
		if err := checkStub(data); err != nil {
			return fmt.Errorf("stub of %s: %w", chip, err)
		}
		files["stub-"+chip+".json"] = data
	}
	return nil
}

// checkStub tells what is wrong with a stub: a package that has changed must be seen
// when the page is built, not when a person flashes.
func checkStub(data []byte) error {
	if len(data) > maxStubFile {
		return fmt.Errorf("it has %d bytes", len(data))
	}
	var s stub
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if s.Entry == nil || s.TextStart == nil || s.DataStart == nil || s.BSSStart == nil {
		return errors.New("it lacks an address")
	}
	text, err := base64.StdEncoding.DecodeString(s.Text)
	if err != nil {
		return fmt.Errorf("text: %w", err)
	}
	if len(text) < minStubText || len(text) > maxStubText {
		return fmt.Errorf("it has %d bytes of text", len(text))
	}
	if _, err := base64.StdEncoding.DecodeString(s.Data); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if *s.Entry < *s.TextStart || *s.Entry >= *s.TextStart+uint32(len(text)) {
		return fmt.Errorf("its entry 0x%X is not in its text", *s.Entry)
	}
	return nil
}

// leadingComment returns the text of the line comments before the code of a script.
func leadingComment(script []byte) ([]byte, error) {
	var text bytes.Buffer
	for line := range bytes.Lines(script) {
		words, ok := bytes.CutPrefix(line, []byte("//"))
		if !ok && text.Len() > 0 {
			break
		}
		if ok {
			text.Write(bytes.TrimPrefix(words, []byte(" ")))
		}
	}
	if text.Len() == 0 {
		return nil, errors.New("no licence stands before the code")
	}
	return text.Bytes(), nil
}
