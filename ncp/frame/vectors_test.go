package frame

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"ncpweb/internal/vectors"
)

// TestVectorsFrames: the encoder gives the bytes of the deployed driver, and the
// decoder gets the payload back, however the frame is cut into chunks.
func TestVectorsFrames(t *testing.T) {
	cases := vectors.Load[[]struct {
		Name    string
		Payload string `json:"payload_hex"`
		CRC     string `json:"crc8_hex"`
		Frame   string `json:"frame_hex"`
		Decodes bool   `json:"decodes_to_payload"`
	}](t, "frames.json")
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range cases {
		payload, frame := vectors.Unhex(t, c.Payload), vectors.Unhex(t, c.Frame)
		if got := Append(nil, payload); !bytes.Equal(got, frame) {
			t.Errorf("%s: frame\n got %x\nwant %x", c.Name, got, frame)
		}
		if got := CRC8(payload); !bytes.Equal([]byte{got}, vectors.Unhex(t, c.CRC)) {
			t.Errorf("%s: CRC %02x, want %s", c.Name, got, c.CRC)
		}
		if !c.Decodes {
			t.Errorf("%s: the vector does not decode to its payload: not expected here", c.Name)
		}
		for _, chunks := range chunkings(frame) {
			got := decode(DefaultLimit, chunks)
			want := []item{{Payload, string(payload)}}
			if !slices.Equal(got, want) {
				t.Errorf("%s in %d chunks: %v, want %v", c.Name, len(chunks), got, want)
			}
		}
	}
	t.Logf("%d cases", len(cases))
}

// TestVectorsStreams: in noisy streams the decoder finds what the two rules of the
// protocol sheet give: a BEG starts a frame anew, and a frame needs its BEG. Each
// deployed decoder keeps one of them only, so at least one of the two must agree.
func TestVectorsStreams(t *testing.T) {
	file := vectors.Load[struct {
		Streams []struct {
			Name      string
			Stream    string    `json:"stream_hex"`
			Driver    *[]string `json:"payloads_hex"`
			Tool      []string  `json:"ncptool_payloads_hex"`
			Undefined bool      `json:"undefined"`
		}
	}](t, "streams.json")
	if len(file.Streams) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Streams {
		stream := vectors.Unhex(t, c.Stream)
		want := bothRules(stream, DefaultLimit)
		switch {
		case c.Undefined: // more than the driver's buffer: the frame is dropped, the rest goes on
			if want = []string{c.Tool[len(c.Tool)-1]}; c.Name != "oversize_4097" {
				t.Errorf("%s: not known to be undefined", c.Name)
			}
		case !slices.Equal(want, c.Tool) && !slices.Equal(want, *c.Driver):
			t.Errorf("%s: neither deployed decoder gives %v", c.Name, want)
		}
		for _, chunks := range chunkings(stream) {
			got := []string{}
			for _, it := range decode(DefaultLimit, chunks) {
				if it.kind == Payload {
					got = append(got, hex.EncodeToString([]byte(it.p)))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in %d chunks:\n got %v\nwant %v", c.Name, len(chunks), got, want)
			}
		}
	}
	t.Logf("%d cases", len(file.Streams))
}

// bothRules decodes a whole stream in the plainest way: cut it at every BEG, take what
// there is up to an END that is not escaped, and look at the CRC.
func bothRules(stream []byte, limit int) []string {
	got := []string{}
	for i, piece := range bytes.Split(stream, []byte{BEG}) {
		if i == 0 {
			continue // before the first BEG
		}
		content, ended := []byte{}, false
		for j := 0; j < len(piece) && !ended; j++ {
			switch {
			case piece[j] == END:
				ended = true
			case piece[j] == ESC && j+1 < len(piece):
				j++
				content = append(content, ^piece[j])
			default:
				content = append(content, piece[j])
			}
		}
		n := len(content) - 1
		if ended && n >= 0 && n <= limit && slowCRC(content[:n]) == content[n] {
			got = append(got, hex.EncodeToString(content[:n]))
		}
	}
	return got
}

// slowCRC is the CRC bit by bit.
func slowCRC(p []byte) (crc byte) {
	for _, b := range p {
		crc ^= b
		for range 8 {
			top := crc >> 7
			crc = crc<<1 ^ top*0x07
		}
	}
	return crc
}
