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

// The NCP of demo offers an update once it is connected, and not before.
func TestOffer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d, board := demo()
	w := &worker{ctx: ctx, demo: board}
	if _, n := (&worker{ctx: ctx}).offer(); n != nil {
		t.Error("an offer of nobody")
	}
	if _, n := w.offer(); n != nil {
		t.Error("an offer before its start")
	}
	w.start(d)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if u, n := w.offer(); n != nil {
			if len(u.Data) != offerSize || u.Type != "TMPL0demo0001" || u.Version != offerVersion {
				t.Errorf("%s of %d bytes, %s %s", u.Name, len(u.Data), u.Type, u.Version)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatal("no offer")
		}
	}
}
