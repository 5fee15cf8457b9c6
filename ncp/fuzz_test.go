package ncp

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"ncpweb/ncp/rpc"
)

func FuzzDispatchNCP(f *testing.F) { fuzzDispatch(f, "ncp") }

func FuzzDispatchMCU(f *testing.F) { fuzzDispatch(f, "mcu") }

// fuzzDispatch checks that no request and no result of a handler does harm, and that
// what was decoded encodes to something that decodes to the same.
func fuzzDispatch(f *testing.F, side string) {
	for i := range Methods {
		m := &Methods[i]
		if m.Host == sideOf(side) {
			f.Add(m.UID, m.Oneway, []byte("text\x00\x04\x00four\x00\x00\x00\x00"), []byte{1})
		}
	}
	f.Add(uint16(0xFFFF), false, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, uid uint16, oneway bool, args, rets []byte) {
		rec := &recorder{rets: rets}
		h := server(side, rec)
		reply, err := h.ServeRPC(context.Background(), rpc.Request{UID: uid, Oneway: oneway, Args: args})
		if len(reply)+resultHead > MaxMessage {
			t.Fatalf("reply of %d bytes", len(reply))
		}
		if err != nil && len(reply) != 0 {
			t.Fatalf("reply % x and error %v", reply, err)
		}
		calls := rec.seen()
		m, known := Lookup(uid)
		known = known && m.Host == sideOf(side)
		switch {
		case len(calls) > 1 || len(calls) == 1 && (!known || m.Oneway != oneway):
			t.Fatalf("handler was called as %+v", calls)
		case !known && !errors.Is(err, rpc.StatusUnknownUID):
			t.Fatalf("unknown method: %v", err)
		case len(calls) == 0:
			if err == nil {
				t.Fatal("neither a call nor an error")
			}
			return
		}
		again := &recorder{rets: rets}
		reply2, err2 := server(side, again).ServeRPC(context.Background(),
			rpc.Request{UID: uid, Oneway: oneway, Args: calls[0].args})
		if len(again.seen()) != 1 || !bytes.Equal(again.seen()[0].args, calls[0].args) {
			t.Fatalf("args % x became %+v", calls[0].args, again.seen())
		}
		if !slices.Equal(reply, reply2) || (err == nil) != (err2 == nil) {
			t.Fatalf("answers differ: % x %v, % x %v", reply, err, reply2, err2)
		}
		if err == nil && !oneway {
			third, err := server(side, &recorder{rets: reply}).ServeRPC(context.Background(),
				rpc.Request{UID: uid, Args: calls[0].args})
			if err != nil || !bytes.Equal(third, reply) {
				t.Fatalf("results % x became % x, %v", reply, third, err)
			}
		}
	})
}
