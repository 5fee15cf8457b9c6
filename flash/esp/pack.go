package esp

import (
	"bytes"
	"compress/zlib"
	"context"
	"io"
	"sync"

	"ncpweb/firmware"
	"ncpweb/firmware/espimage"
)

// Zlib is the Packer of the standard library, at its best level. Of firmware as the
// simulator makes it it leaves as much as pako at level 9 (822033 and 822079 bytes of
// 1338368), of programs of this project up to 2 % more: the page uses pako.
type Zlib struct{}

// Pack implements Packer.
func (Zlib) Pack(ctx context.Context, data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	for at := 0; at < len(data); at += unit {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := w.Write(data[at:min(at+unit, len(data))]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// pack is a stretch that is being packed, or has been.
type pack struct {
	addr uint32
	size int
	done chan struct{} // closed when it has ended
	data []byte
	err  error
}

// packs are what is packed of one image, in the background.
type packs struct {
	image  *firmware.Image
	packer Packer
	ctx    context.Context
	stop   context.CancelFunc
	mu     sync.Mutex
	all    []*pack
}

// Prepare begins to pack an image in the background, so that Flash need not wait for
// it: call it before Connect. It is a hint only, and forgotten when another image is
// flashed. The data of the image must not change any more. What is under way ends with
// ctx.
func (f *Flasher) Prepare(ctx context.Context, image *firmware.Image) {
	if sound(image, 0) != nil {
		return
	}
	info, err := espimage.ParseImage(image, func() { f.breathe(ctx) })
	if err != nil {
		return
	}
	p := &Plan{Image: image, Info: info}
	p.lay(f.o.How)
	f.packsOf(ctx, image).start(p.likely())
}

// likely returns the jobs of a chip that holds nothing of the image.
func (p *Plan) likely() []job {
	var all []job
	for _, j := range bridged(p.jobs(true)) {
		if !j.blank {
			all = append(all, j)
		}
	}
	return all
}

// packsOf returns what is packed of an image already, and begins anew for another one.
func (f *Flasher) packsOf(ctx context.Context, image *firmware.Image) *packs {
	if f.packs != nil && f.packs.image == image && f.packs.ctx.Err() == nil {
		return f.packs
	}
	if f.packs != nil {
		f.packs.stop()
	}
	p := &packs{image: image, packer: f.o.Packer}
	if p.packer == nil {
		p.packer = Zlib{}
	}
	p.ctx, p.stop = context.WithCancel(ctx)
	f.packs = p
	return p
}

// start packs jobs that are not packed yet.
func (p *packs) start(jobs []job) {
	for _, j := range jobs {
		if !j.blank {
			p.of(j)
		}
	}
}

// of returns the pack of a job and starts it where it is new.
func (p *packs) of(j job) *pack {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.all {
		if one.addr == j.addr && one.size == len(j.data) {
			return one
		}
	}
	one := &pack{addr: j.addr, size: len(j.data), done: make(chan struct{})}
	p.all = append(p.all, one)
	go func() {
		defer close(one.done)
		one.data, one.err = p.packer.Pack(p.ctx, j.data)
	}()
	return one
}

// packed returns the packed form of a job.
func (f *Flasher) packed(ctx context.Context, j job) ([]byte, error) {
	one := f.packs.of(j)
	select {
	case <-one.done:
		return one.data, one.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// meter tells how much of the image is in how much of its packed form.
type meter struct {
	packed []byte
	in     *bytes.Reader
	out    io.ReadCloser // nil: the stream makes no sense
	got    int64         // bytes that have come out
	size   int64         // that will come out in the end
}

func newMeter(packed []byte, size int) *meter {
	m := &meter{packed: packed, in: bytes.NewReader(packed), size: int64(size)}
	m.out, _ = zlib.NewReader(m.in)
	return m
}

// upTo returns how many bytes the first n of the packed form hold, within a window of
// 32 KiB.
func (m *meter) upTo(n int) int64 {
	if n >= len(m.packed) {
		return m.size
	}
	var b [4096]byte
	for m.out != nil && len(m.packed)-m.in.Len() < n {
		k, err := m.out.Read(b[:])
		m.got = min(m.got+int64(k), m.size)
		if err != nil {
			m.out = nil
		}
	}
	return m.got
}
