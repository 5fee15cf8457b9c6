package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"ncpweb/ncp"
)

// TestBringUpFigures finds the simulated NCP, running silently at each of the eleven
// rates, with nothing remembered, over an adapter with usual latencies; it prints the
// figures of the bring-up in virtual time: from the open port to the version read.
func TestBringUpFigures(t *testing.T) {
	var took []time.Duration
	for _, rate := range ncp.Rates() {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			dev := &simulated{}
			bench(t, usual(), dev, Options{}, func(r *rig) {
				r.leaveAt(rate)
				start := time.Now()
				up := r.bringUp(CauseStart)
				d := time.Since(start)
				if up.Found != rate || up.Baud != rate || up.Version != "0.7.0" {
					t.Errorf("got %+v", up)
				}
				if d > 5*time.Second {
					t.Errorf("took %v", d)
				}
				if n := dev.boots(); n != 1 {
					t.Errorf("%d starts", n)
				}
				t.Logf("%7d baud: %v", rate, d)
				took = append(took, d)
			})
		})
	}
	if len(took) != 11 {
		t.Fatalf("%d rates", len(took))
	}
	slices.Sort(took)
	if testing.Verbose() {
		fmt.Printf("figure bringup.median %.2f s\n", took[5].Seconds())
		fmt.Printf("figure bringup.worst %.2f s\n", took[10].Seconds())
	}
}

// TestSearchErrors: what was heard decides what the person is told.
func TestSearchErrors(t *testing.T) {
	tests := []struct {
		name string
		dev  *babbler
		want Heard
	}{
		{"silent", &babbler{baud: 38400}, HeardNothing},
		{"garbage", &babbler{baud: 1200, say: []byte("xyz\x00\xff")}, HeardNoise},
		{"boot log for ever", &babbler{baud: 38400, say: []byte("[rpc port] Blynk.NCP started\r\n")}, HeardPeer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bench(t, usual(), tt.dev, Options{}, func(r *rig) {
				start := time.Now()
				_, err := r.link.BringUp(r.ctx, CauseStart)
				var search *SearchError
				if !errors.As(err, &search) {
					t.Fatalf("got %v", err)
				}
				if search.Heard != tt.want || len(search.Rates) != 11 {
					t.Errorf("got %+v", search)
				}
				if d := time.Since(start); d > time.Minute {
					t.Errorf("gave up after %v", d)
				}
			})
		})
	}
}

// TestBootDuringSearch: the NCP starts while we look for it; its boot log is the hint.
func TestBootDuringSearch(t *testing.T) {
	for _, boot := range []time.Duration{50 * time.Millisecond, 700 * time.Millisecond, 2500 * time.Millisecond} {
		for _, rate := range ncp.InitialRates() {
			t.Run(fmt.Sprintf("%v at %d", boot, rate), func(t *testing.T) {
				dev := &fakeNCP{initial: rate, version: "0.7.0", bootTime: boot,
					bootLog: "[rpc port] Blynk.NCP started\r\nVersion: 0.7.0, Build: Nov  2 2026 09:30:00\r\n"}
				bench(t, usual(), dev, Options{}, func(r *rig) {
					if up := r.bringUp(CauseStart); up.Baud != rate {
						t.Errorf("got %+v", up)
					}
				})
			})
		}
	}
}

// TestStuckDecoder: a half frame on the way must not hide the NCP.
func TestStuckDecoder(t *testing.T) {
	for _, half := range [][]byte{{0xAA}, {0xAA, 0x01}, {0xAA, 0xCC}, {0xAA, 0x01, 0xCC}} {
		dev := &fakeNCP{initial: 38400, version: "0.7.0"}
		bench(t, usual(), dev, Options{}, func(r *rig) {
			if _, err := r.port.Write(half); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			r.bringUp(CauseStart)
			if d := time.Since(start); d > 200*time.Millisecond {
				t.Errorf("after % X: took %v", half, d)
			}
		})
	}
}

// TestBringUpEnds: the end of ctx ends a search within a moment, and the port works on.
func TestBringUpEnds(t *testing.T) {
	dev := &fakeNCP{initial: 38400, now: 2000000, version: "0.7.0"}
	for _, after := range []time.Duration{time.Millisecond, 130 * time.Millisecond, 500 * time.Millisecond, 901 * time.Millisecond} {
		bench(t, usual(), dev, Options{}, func(r *rig) {
			ctx, cancel := context.WithTimeout(r.ctx, after)
			defer cancel()
			start := time.Now()
			if _, err := r.link.BringUp(ctx, CauseStart); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if late := time.Since(start) - after; late > 50*time.Millisecond {
				t.Errorf("%v late", late)
			}
			if up := r.bringUp(CauseStart); up.Baud != 2000000 {
				t.Errorf("then got %+v", up)
			}
		})
	}
}
