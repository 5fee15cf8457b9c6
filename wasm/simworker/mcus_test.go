//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"ncpweb/serial"
)

// Each board and each MCU is there under a name of its own, and an MCU speaks once its
// port is open: it pings its NCP, with the golden bytes of a first ping.
func TestMCUs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &worker{ctx: ctx}
	w.startBoards()
	w.startMCUs()
	names := make(map[string]bool)
	var sound serial.Adapter
	for _, p := range w.ports {
		if names[p.entry.Name] {
			t.Errorf("two are called %s", p.entry.Name)
		}
		names[p.entry.Name] = true
		if p.entry.Name == "Simulated MCU" {
			sound = p.adapter
		}
	}
	if len(names) != len(boards)+len(mcus) || sound == nil {
		t.Fatalf("%v", names)
	}
	port, err := sound.Open(ctx, serial.Mode{Baud: 38400})
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	if err := port.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var heard []byte
	for ping := []byte("\xaa\xbc\x67\x01\x01\x01\x00"); !bytes.Contains(heard, ping); {
		b := make([]byte, 64)
		n, err := port.Read(b)
		if err != nil {
			t.Fatalf("%v, heard % x", err, heard)
		}
		heard = append(heard, b[:n]...)
	}
}

// The sample for the MCUs is a newer firmware of their own product.
func TestSamples(t *testing.T) {
	image := sampleFor("mcu")
	if len(image) != mcuSampleSize || !bytes.Contains(image, []byte("blnkinf\x00mcu\x001.1.0\x00fw-type\x00TMPL0demo0001\x00")) {
		t.Errorf("%d bytes", len(image))
	}
	if len(sampleFor("esp32c3")) == 0 || sampleFor("esp31") != nil || sampleFor("") != nil {
		t.Error("a sample for the wrong chips")
	}
}
