package trace

import (
	"bytes"
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/frame"
	"ncpweb/ncp/rpc"
)

const password = "Tr0ub4dor&3"

// wifi returns an INVOKE of factoryTestWiFi.
func wifi(id uint16) []byte {
	uid := ncp.UIDBlynkFactoryTestWiFi
	p := []byte{0xBC, 0x67, byte(uid), byte(uid >> 8), byte(id), byte(id >> 8)}
	p = append(append(p, "home"...), 0)
	return append(append(p, password...), 0)
}

func invoke(dir rpc.Dir, p []byte) *rpc.Event {
	return &rpc.Event{Time: time.Now(), Dir: dir, Op: rpc.OpInvoke, UID: ncp.UIDBlynkFactoryTestWiFi, MsgID: 9, Payload: p}
}

// leaks tells whether four bytes of the password in a row are anywhere in the ring, in
// either way in which they could pass on the line.
func leaks(r *Recorder) bool {
	for _, b := range r.blocks {
		for i := 0; i+4 <= len(password); i++ {
			if bytes.Contains(b.data[:], []byte(password[i:i+4])) {
				return true
			}
		}
	}
	return false
}

func broken(kind rpc.EventKind, p []byte) *rpc.Event {
	return &rpc.Event{Time: time.Now(), Kind: kind, Dir: rpc.In, Payload: p}
}

func TestNoPasswordInTheRing(t *testing.T) {
	line := frame.Append(nil, wifi(0x11AA)) // with escapes in its head
	flip := func(p []byte, at int) []byte {
		p = bytes.Clone(p)
		p[at] ^= 0x10
		return p
	}
	for _, test := range []struct {
		name   string
		events []*rpc.Event
	}{
		{"sent", []*rpc.Event{invoke(rpc.Out, wifi(9))}},
		{"echoed", []*rpc.Event{invoke(rpc.Out, wifi(9)), invoke(rpc.In, wifi(9))}},
		{"received", []*rpc.Event{invoke(rpc.In, wifi(9))}},
		{"bytes behind", []*rpc.Event{invoke(rpc.Out, append(wifi(9), "more"...))}},
		{"no end", []*rpc.Event{invoke(rpc.Out, bytes.TrimRight(wifi(9), "\x00"))}},
		{"as a one-way", []*rpc.Event{{Time: time.Now(), Dir: rpc.In, Op: rpc.OpOneway,
			UID: ncp.UIDBlynkFactoryTestWiFi, Payload: append([]byte{0xF3, 0x1C, 0x32, 0x03}, wifi(9)[6:]...)}}},
		{"wrong CRC", []*rpc.Event{broken(rpc.EventCRC, append(wifi(9), 0x55))}},
		{"wrong CRC, opcode flipped", []*rpc.Event{broken(rpc.EventCRC, flip(append(wifi(9), 0x55), 1))}},
		{"wrong CRC, uid flipped", []*rpc.Event{broken(rpc.EventCRC, flip(append(wifi(9), 0x55), 2))}},
		{"cut", []*rpc.Event{broken(rpc.EventCut, wifi(9)[:20])}},
		{"oversize", []*rpc.Event{broken(rpc.EventOversize, append(wifi(9), make([]byte, 4000)...))}},
		{"noise", []*rpc.Event{broken(rpc.EventNoise, line[1:])}},
		{"noise in pieces", []*rpc.Event{
			broken(rpc.EventNoise, line[1:3]), broken(rpc.EventNoise, line[3:8]),
			broken(rpc.EventNoise, line[8:18]), broken(rpc.EventNoise, line[18:])}},
		{"echo torn behind its head", []*rpc.Event{invoke(rpc.Out, wifi(9)),
			broken(rpc.EventCut, wifi(9)[:3]), broken(rpc.EventNoise, wifi(9)[8:])}},
		{"echo with a damaged head", []*rpc.Event{invoke(rpc.Out, wifi(9)),
			broken(rpc.EventCRC, append([]byte{1, 2, 3, 4}, wifi(9)[4:]...))}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := New()
			for _, ev := range test.events {
				r.Trace(ev)
			}
			if leaks(r) {
				t.Error("the password is in the ring")
			}
			recs, _, _ := readAll(t, r, 0, MaxRecord)
			if len(recs) != len(test.events) {
				t.Fatalf("%d records", len(recs))
			}
			last := recs[len(recs)-1]
			if last.Flags == 0 {
				t.Errorf("nothing tells that something is missing: %+v", last)
			}
			if last.Flags&Withheld != 0 && (len(last.Payload) > 0 || last.Size%SizeStep != 0) {
				t.Errorf("withheld, but %+v", last)
			}
		})
	}
	r := New()
	r.Trace(&rpc.Event{Time: time.Now(), Payload: wifi(9)})
	if !leaks(r) {
		t.Error("the test does not see a password that is there") // with UID 0 nobody masks
	}
}

func TestMaskedMessageCanBeDecoded(t *testing.T) {
	r := New()
	r.Trace(invoke(rpc.Out, wifi(9)))
	recs, _, _ := readAll(t, r, 0, MaxRecord)
	want := append(wifi(9)[:11], MaskText+"\x00"...)
	if got := recs[0]; !bytes.Equal(got.Payload, want) || got.Flags != Masked || int(got.Size) != len(want) {
		t.Errorf("%+v, want %q", got, want)
	}
}

func TestMaskerForgetsAfterAWhile(t *testing.T) {
	r := New()
	ev := invoke(rpc.Out, wifi(9))
	r.Trace(ev)
	for _, after := range []time.Duration{time.Second, quiet - time.Millisecond, quiet + time.Second} {
		r.Trace(&rpc.Event{Time: ev.Time.Add(after), Kind: rpc.EventNoise, Payload: []byte("a boot log")})
	}
	recs, _, _ := readAll(t, r, 1, MaxRecord)
	if recs[0].Flags != Withheld || recs[0].Size != SizeStep || recs[1].Flags != Withheld {
		t.Errorf("soon after: %+v, %+v", recs[0], recs[1])
	}
	if recs[2].Flags != 0 || string(recs[2].Payload) != "a boot log" || recs[2].Size != 10 {
		t.Errorf("later: %+v", recs[2])
	}
}

func TestOthersAreKeptWhole(t *testing.T) {
	r := New()
	uid := ncp.UIDClientBlynkVPinChange
	change := []byte{0xF3, 0x1C, byte(uid), byte(uid >> 8), 5, 0, 2, 0, '4', '2'}
	events := []*rpc.Event{
		{Kind: rpc.EventMessage, Op: rpc.OpOneway, UID: uid, Payload: change},
		{Kind: rpc.EventCRC, Payload: append(bytes.Clone(change), 0x12)},
		{Kind: rpc.EventMessage, Op: rpc.OpResult, UID: ncp.UIDBlynkFactoryTestWiFi, MsgID: 9,
			Payload: []byte{0x12, 0xA5, 9, 0, 0, 0xC0, 1}},
		{Kind: rpc.EventMessage, Op: rpc.OpResult, MsgID: 9, Payload: []byte{0x12, 0xA5, 9, 0, 0, 0xC0, 1}},
		{Kind: rpc.EventMessage, Op: rpc.OpInvoke, UID: ncp.UIDBlynkFactoryTestWiFi, Payload: wifi(9)[:6]},
		{Kind: rpc.EventNoise, Payload: []byte("[rpc port] Blynk.NCP started\r\n")},
	}
	for _, ev := range events {
		ev.Time = time.Now()
		r.Trace(ev)
	}
	recs, _, _ := readAll(t, r, 0, MaxRecord)
	for i, rec := range recs {
		if rec.Flags != 0 || !bytes.Equal(rec.Payload, events[i].Payload) {
			t.Errorf("event %d: %+v", i, rec)
		}
	}
}

// A description file may add methods with secrets of any type.
func TestMaskEveryType(t *testing.T) {
	method := &ncp.Method{UID: 0x7001,
		In: []ncp.Param{
			{Type: ncp.TypeUInt16}, {Type: ncp.TypeBinary, Secret: true}, {Type: ncp.TypeUInt32, Secret: true},
			{Type: ncp.TypeFloat}, {Type: ncp.TypeInt64}, {Type: ncp.TypeBool},
		},
		Out:     []ncp.Param{{Type: ncp.TypeString, Secret: true}},
		Returns: ncp.TypeBool, Result: ncp.Param{Type: ncp.TypeBool},
	}
	m := NewMasker(func(uint16) (*ncp.Method, bool) { return method, true }, Secrets([]ncp.Method{*method}))
	args := []byte{1, 2, 3, 0, 'k', 'e', 'y', 9, 8, 7, 6, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 1}
	rec := Record{Op: rpc.OpInvoke, UID: 0x7001, Payload: append([]byte{0xBC, 0x67, 1, 0x70, 5, 0}, args...)}
	m.Mask(&rec)
	want := "\x01\x02\x08\x00********\x00\x00\x00\x00\x01\x01\x01\x01\x02\x02\x02\x02\x02\x02\x02\x02\x01"
	if got := string(rec.Payload[6:]); got != want || rec.Flags != Masked {
		t.Errorf("%q, want %q", got, want)
	}
	for cut := 1; cut < len(args); cut++ {
		rec := Record{Op: rpc.OpInvoke, UID: 0x7001, Payload: append([]byte{0xBC, 0x67, 1, 0x70, 5, 0}, args[:cut]...)}
		if m.Mask(&rec); rec.Flags != Withheld || rec.Payload != nil {
			t.Errorf("cut at %d: %+v", cut, rec)
		}
	}
	result := Record{Op: rpc.OpResult, UID: 0x7001, Payload: []byte("\x12\xA5\x05\x00\x00key\x00\x01")}
	if m.Mask(&result); string(result.Payload) != "\x12\xA5\x05\x00\x00********\x00\x01" {
		t.Errorf("result %q", result.Payload)
	}
	late := Record{Op: rpc.OpResult, Payload: []byte("\x12\xA5\x05\x00\x00key\x00\x01"), Size: 10}
	if m.Mask(&late); late.Flags != Withheld || late.Payload != nil || late.Size != SizeStep {
		t.Errorf("late result %+v", late)
	}
}
