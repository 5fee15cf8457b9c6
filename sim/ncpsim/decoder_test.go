package ncpsim

import (
	"bytes"
	"encoding/hex"
	"testing"

	"ncpweb/internal/vectors"
)

func TestVectorsStreams(t *testing.T) {
	file := vectors.Load[struct {
		Streams []struct {
			Name      string
			Stream    string    `json:"stream_hex"`
			Payloads  *[]string `json:"payloads_hex"`
			Undefined bool
			EndState  *struct {
				InFrame bool `json:"in_frame"`
				Pending int  `json:"bytes_pending"`
			} `json:"end_state"`
		}
	}](t, "streams.json")
	cases := 0
	for _, s := range file.Streams {
		d := newDecoder(4096)
		var got []string
		for _, b := range vectors.Unhex(t, s.Stream) {
			if p, ok := d.push(b); ok {
				got = append(got, hex.EncodeToString(p))
			}
		}
		cases++
		if s.Undefined {
			continue
		}
		if !equal(got, *s.Payloads) {
			t.Errorf("%s: got %.300q, want %.300q", s.Name, got, *s.Payloads)
		}
		if s.EndState != nil && (d.inFrame != s.EndState.InFrame || int(d.pending()) != s.EndState.Pending) {
			t.Errorf("%s: ends with in frame %v and %d pending, want %+v", s.Name, d.inFrame, d.pending(), *s.EndState)
		}
	}
	if cases == 0 {
		t.Error("no cases")
	}
	t.Logf("%d cases", cases)
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestVectorsFrames(t *testing.T) {
	file := vectors.Load[any](t, "frames.json")
	cases := 0
	walkFrames(file, func(payload, frame string) {
		cases++
		if got := appendFrame(nil, vectors.Unhex(t, payload)); !bytes.Equal(got, vectors.Unhex(t, frame)) {
			t.Errorf("payload %.80s: got %x, want %.200s", payload, got, frame)
		}
	})
	if cases == 0 {
		t.Error("no cases")
	}
	t.Logf("%d cases", cases)
}

// walkFrames calls f for every object that has a payload and its frame.
func walkFrames(v any, f func(payload, frame string)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			walkFrames(e, f)
		}
	case map[string]any:
		p, hasP := v["payload_hex"].(string)
		fr, hasF := v["frame_hex"].(string)
		if hasP && hasF {
			f(p, fr)
			return
		}
		for _, e := range v {
			walkFrames(e, f)
		}
	}
}

func TestDecoderDropsOversizedFrame(t *testing.T) {
	d := newDecoder(100)
	stream := appendFrame(nil, bytes.Repeat([]byte{7}, 101))
	stream = appendFrame(stream, []byte("next"))
	var got []string
	for _, b := range stream {
		if p, ok := d.push(b); ok {
			got = append(got, string(p))
		}
	}
	if !equal(got, []string{"next"}) || d.faults != 1 {
		t.Errorf("got %q with %d faults, want only the second frame and one fault", got, d.faults)
	}
}
