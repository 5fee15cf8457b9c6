package mcusim

import (
	"bytes"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/internal/vectors"
)

// TestVectors: what is malformed is answered as the deployed receiver answers it.
func TestVectors(t *testing.T) {
	v := vectors.Load[struct {
		Errors []struct {
			Name, Kind, Receiver, Method string
			Request                      vectors.Message
			Reply                        *vectors.Message
		}
	}](t, "calls.json")
	synctest.Test(t, func(t *testing.T) {
		f, _ := newFake(t, Options{PingEvery: 24 * time.Hour})
		f.serve(3 * time.Second)
		seen := 0
		for _, c := range v.Errors {
			req := vectors.Unhex(t, c.Request.Payload)
			switch {
			case c.Receiver != "mcu" || len(req) < 6 || binary.LittleEndian.Uint16(req) != opInvoke:
				continue // the others are accepted or answered with 15, as one likes
			case c.Method == "reboot" || c.Method == "otaUpdateFinish":
				continue // they do something
			case !knows(binary.LittleEndian.Uint16(req[2:])) || c.Reply == nil:
				continue
			case c.Method != "ping" && c.Method != "hasUID" && c.Method != "otaUpdateAvailable" && c.Method != "otaUpdateWrite" && c.Method != "otaUpdateCancel":
				continue
			}
			f.send(req)
			if got, want := f.serve(time.Second), vectors.Unhex(t, c.Reply.Payload); !bytes.Equal(got, want) {
				t.Errorf("%s: %x, want %x", c.Name, got, want)
			}
			seen++
		}
		if seen < 20 {
			t.Errorf("%d cases only", seen)
		}
	})
}
