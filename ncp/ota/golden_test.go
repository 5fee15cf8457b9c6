package ota_test

import (
	"encoding/hex"
	"testing"
	"testing/synctest"
	"time"

	"ncpweb/internal/vectors"
	"ncpweb/ncp/ota"
	"ncpweb/ncp/rpc"
	"ncpweb/sim/mcusim"
)

// withoutID is a message without its id, which counts up in the order of the calls.
func withoutID(payload []byte) string {
	if len(payload) < 4 {
		return ""
	}
	at := 4
	if payload[0] == 0x12 { // a RESULT
		at = 2
	}
	return hex.EncodeToString(payload[:at]) + hex.EncodeToString(payload[min(at+2, len(payload)):])
}

// TestGoldenMessages: an update of the file of the golden vectors is made of their
// messages, from both sides.
func TestGoldenMessages(t *testing.T) {
	v := vectors.Load[struct {
		Calls []struct {
			Name    string
			Request vectors.Message
			Result  *vectors.Message
		}
	}](t, "calls.json")
	seen := make(map[string]bool)
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, mcusim.Options{Prefetch: true, SuspendFor: time.Hour})
		r.upIn(10 * time.Second)
		r.host.Endpoint().SetTracer(func(ev *rpc.Event) {
			if ev.Kind == rpc.EventMessage {
				seen[withoutID(ev.Payload)] = true
			}
		})
		data := []byte("123456789")
		f := &ota.File{Name: "f.bin", Data: data, Digests: ota.Sum(data)}
		if _, err := r.host.Update(t.Context(), f, ota.Options{Restart: 5 * time.Second}); err != nil {
			t.Error(err)
		}
		r.host.Endpoint().SetTracer(nil)
	})
	want := map[string]bool{
		"blynk.otaUpdateStart/1024": true, "blynk.otaUpdatePrefetch/ok": true, "blynk.otaUpdateSuspend/1h": true,
		"blynk.otaUpdateGetMD5/md5_of_123456789": true, "blynk.otaUpdateGetSHA256/sha256_of_123456789": true,
		"blynk.otaUpdateGetCRC32/ok": true, "client.otaUpdateFinish/ok": true,
	}
	for _, c := range v.Calls {
		if !want[c.Name] {
			continue
		}
		delete(want, c.Name)
		if !seen[withoutID(vectors.Unhex(t, c.Request.Payload))] {
			t.Errorf("%s: the call was not made like that", c.Name)
		}
		if c.Result == nil || !seen[withoutID(vectors.Unhex(t, c.Result.Payload))] {
			t.Errorf("%s: the answer was not given like that", c.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("no vectors for %v", want)
	}
}
