package traffic

import (
	"testing"
	"time"

	"ncpweb/ncp"
	"ncpweb/ncp/rpc"
	"ncpweb/ncp/trace"
)

const benchRows = 100_000

// load is what a busy device sends: mostly pin changes, and now and then a call.
func load(n int) (recs []trace.Record) {
	now := int64(1_795_000_000_000_000)
	recs = append(recs, trace.Record{Time: now, Kind: trace.Mark, Mark: trace.Connected, Baud: 2_000_000})
	for i := 1; len(recs) < n; i++ {
		now += 500
		if i%20 == 0 {
			id := uint16(i / 20)
			now += 1500
			recs = append(recs, invokeOf(now-1500, rpc.Out, ncp.UIDBlynkGetState, id),
				resultOf(now, rpc.In, ncp.UIDBlynkGetState, id, 0, 5))
			continue
		}
		pin := i % 40
		recs = append(recs, onewayOf(now, rpc.In, ncp.UIDClientBlynkVPinChange, byte(pin), 0, 5, 0, '2', '3', '.', byte('0'+i%10), byte('0'+i/10%10)))
	}
	for i := range recs {
		recs[i].Seq = uint64(i)
	}
	return recs[:n]
}

func message(now int64, dir rpc.Dir, op rpc.Op, uid uint16, p ...byte) trace.Record {
	p = append([]byte{byte(op), byte(op >> 8)}, p...)
	return trace.Record{Time: now, Dir: dir, Op: op, UID: uid, Payload: p, Size: uint32(len(p))}
}

func invokeOf(now int64, dir rpc.Dir, uid, id uint16, args ...byte) trace.Record {
	r := message(now, dir, rpc.OpInvoke, uid, append([]byte{byte(uid), byte(uid >> 8), byte(id), byte(id >> 8)}, args...)...)
	r.MsgID = id
	return r
}

func resultOf(now int64, dir rpc.Dir, uid, id uint16, status rpc.Status, rets ...byte) trace.Record {
	r := message(now, dir, rpc.OpResult, uid, append([]byte{byte(id), byte(id >> 8), byte(status)}, rets...)...)
	r.MsgID, r.Status = id, status
	return r
}

func onewayOf(now int64, dir rpc.Dir, uid uint16, args ...byte) trace.Record {
	return message(now, dir, rpc.OpOneway, uid, append([]byte{byte(uid), byte(uid >> 8)}, args...)...)
}

func storeOf(recs []trace.Record, o Options) *Store {
	s := NewStore(o)
	for i := range recs {
		s.Append(&recs[i])
	}
	return s
}

func perRun(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N), "ms/100k")
}

func BenchmarkAppend(b *testing.B) {
	recs := load(benchRows)
	b.ReportAllocs()
	for b.Loop() {
		s := storeOf(recs, Options{})
		b.ReportMetric(float64(s.Memory())/(1<<20), "MiB")
	}
	perRun(b)
}

// BenchmarkOpen opens a capture of 100,000 rows, with its index for text search.
func BenchmarkOpen(b *testing.B) {
	file := save(storeOf(load(benchRows), Options{}))
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewStore(Options{Fixed: true})
		r := NewReader(s)
		r.Feed(file)
		for done := false; !done; {
			done, _ = r.Step(8 * time.Millisecond)
		}
		if err := r.Close(); err != nil || s.Len() < benchRows-2 {
			b.Fatal(err, s.Len())
		}
	}
	perRun(b)
}

func BenchmarkSave(b *testing.B) {
	s := storeOf(load(benchRows), Options{})
	for b.Loop() {
		save(s)
	}
	perRun(b)
}

// save returns all rows as a capture file.
func save(s *Store) (file []byte) {
	w := NewWriter(s, nil, Header{Product: "test", Baud: 2_000_000})
	for done := false; !done; {
		file, done = w.Append(file, 1<<16)
	}
	return file
}

// BenchmarkFilter filters 100,000 rows anew, by text that is in some of them, in all, in
// none, and by what needs no text.
func BenchmarkFilter(b *testing.B) {
	s := storeOf(load(benchRows), Options{})
	v := NewView(s)
	for _, test := range []struct {
		name string
		f    Filter
	}{
		{"some", Filter{Text: "23.45"}},
		{"all", Filter{Text: "blynk"}},
		{"none", Filter{Text: "virtualWrite vpin=77"}},
		{"hex", Filter{Text: "32 33 2E 35"}},
		{"kind", Filter{Kinds: SetOf(Result)}},
		{"index", Filter{Text: "zzz"}},
	} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				if test.name == "index" {
					s.SetNames(nil) // makes the index anew
				}
				v.SetFilter(test.f)
				for !v.Step(8 * time.Millisecond) {
				}
			}
			perRun(b)
			b.ReportMetric(float64(v.Len()), "rows")
		})
	}
	b.ReportMetric(float64(s.Memory())/(1<<20), "MiB")
}
