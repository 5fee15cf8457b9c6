package espsim

import (
	"context"
	"sync"
)

// Status codes of the stub (sheet, section 17).
const (
	stubLength    = 0xC0
	stubChecksum  = 0xC1
	stubBlock     = 0xC2
	stubUnknown   = 0xC3
	stubSPI       = 0xC4
	stubNotFlash  = 0xC6
	stubInflate   = 0xC7
	stubNotEnough = 0xC8
	stubTooMuch   = 0xC9
)

// Sizes of the stub (sheet, section 9).
const (
	stubFrame  = 8 + 0x4000 + 0xFF // of a receive buffer
	maxReading = 4096              // of a packet of READ_FLASH
)

// stub is the stub, 1.2.2. Its receiver is another goroutine, as it is the interrupt
// handler on the chip. There are two buffers: a frame that is complete waits in one until
// the main loop comes, which gives the other one to the receiver. From the end of a frame
// until then the receiver has none, and what arrives is lost, delimiters included (sheet,
// section 10).
type stub struct {
	*life
	ctx context.Context
	ram memory

	mu    sync.Mutex // guards what follows; never held across a wait
	dec   unslip     // fills one of bufs
	bufs  [2][]byte
	cur   int    // of bufs: the receiver's, if it has one
	full  []byte // a frame that waits for the main loop
	armed bool   // the receiver has a buffer
	lost  bool   // bytes were lost since the last frame

	ready chan struct{} // capacity one: a frame waits
	fail  chan error    // the receiver's end

	deferred byte // error of work after a reply; the status of the next command
	wr       *transfer
	erase    eraser
}

func newStub(r *rom) *stub {
	s := &stub{
		life: r.life, ram: memory{c: r.b.chip}, dec: unslip{strict: true, max: stubFrame}, armed: true,
		ready: make(chan struct{}, 1), fail: make(chan error, 1),
	}
	for i := range s.bufs {
		s.bufs[i] = make([]byte, 0, stubFrame)
	}
	s.dec.buf = s.bufs[0]
	return s
}

// serve runs the stub until ctx ends.
func (s *stub) serve(ctx context.Context) error {
	if !sleep(ctx, s.b.chip.stubStart) {
		return ctx.Err()
	}
	s.ctx = ctx
	s.b.setState(Stub)
	s.b.count(func(t *Stats) { t.Stubs++ })
	s.watchdog(0, false)
	s.attached = !s.b.o.Remapped
	done := make(chan struct{})
	inner, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		s.fail <- s.receive(inner)
	}()
	defer func() {
		cancel()
		s.erase.finish()
		s.endTransfer()
		<-done
	}()
	if err := s.write(ctx, framed(nil, []byte("OHAI"))); err != nil {
		return err
	}
	for {
		frame, err := s.frame()
		if err != nil {
			return err
		}
		if err := s.handle(frame); err != nil {
			return err
		}
	}
}

// receive is the interrupt handler.
func (s *stub) receive(ctx context.Context) error {
	buf := make([]byte, 4096)
	for {
		n, err := s.read(ctx, buf)
		if err != nil {
			return err
		}
		s.take(buf[:n])
	}
}

func (s *stub) take(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range b {
		if !s.armed {
			if !s.lost {
				s.lost = true
				s.b.violation("stub: a second frame came before the first was answered")
			}
			continue
		}
		if !s.dec.put(c) {
			continue
		}
		s.full, s.armed, s.lost = s.dec.buf, false, false
		s.ready <- struct{}{} // never waits: one frame at a time
	}
}

// frame returns the next frame, and lets the eraser work until there is one. The frame is
// valid until the next call.
func (s *stub) frame() ([]byte, error) {
	for {
		select { // what has come goes before what is to be erased
		case <-s.ready:
			return s.arm(), nil
		default:
		}
		select {
		case <-s.ready:
			return s.arm(), nil
		case r := <-s.erase.start(s):
			if err := s.erase.ended(r); err != nil {
				return nil, err
			}
		case err := <-s.fail:
			s.fail <- err
			return nil, err
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		}
	}
}

// arm takes the waiting frame and gives the receiver the other buffer.
func (s *stub) arm() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cur ^= 1
	s.dec.buf = s.bufs[s.cur]
	s.armed = true
	return s.full
}

// handle does one command.
func (s *stub) handle(frame []byte) error {
	q, ok, sound := parseRequest(frame)
	if len(frame) < 8 {
		s.b.count(func(t *Stats) { t.Ignored++ })
		return nil
	}
	if !ok {
		return s.reply(frame[1], 0, stubUnknown)
	}
	s.b.count(func(t *Stats) { t.Commands[q.op]++ })
	if !sound {
		return s.reply(q.op, 0, stubLength)
	}
	if code := s.deferred; code != 0 {
		s.deferred = 0
		return s.reply(q.op, 0, code)
	}
	return s.execute(&q)
}

// reply answers with a code, 0 for success, and a payload.
func (s *stub) reply(op byte, value uint32, code byte, payload ...byte) error {
	if code != 0 {
		payload = nil
		s.b.count(func(t *Stats) { t.Refused++ })
	}
	return s.write(s.ctx, framed(nil, response(op, value, append(payload, code, 0)...)))
}

// need are the lengths of the data of commands that always have the same.
var need = map[byte]int{
	opFlashEnd: 4, opDeflEnd: 4, opMemBegin: 16, opMemEnd: 8, opReadReg: 4,
	opSPISetParams: 24, opSPIAttach: 4, opChangeBaud: 8, opMD5: 16, opSecurityInfo: 0,
	opEraseFlash: 0, opEraseRegion: 8, opReadFlash: 16,
}

func (s *stub) execute(q *request) error {
	if n, ok := need[q.op]; ok && n != len(q.data) {
		return s.reply(q.op, 0, stubLength)
	}
	switch q.op {
	case opSync:
		return s.sync()
	case opReadReg:
		return s.reply(q.op, s.regs.read(q.word(0)), 0)
	case opWriteReg:
		return s.writeReg(q)
	case opMemBegin, opMemData, opMemEnd:
		return s.loadRAM(q)
	case opSPIAttach:
		s.attached = true
		return s.reply(q.op, 0, 0)
	case opSPISetParams:
		return s.reply(q.op, 0, 0)
	case opChangeBaud:
		return s.changeBaud(q)
	case opSecurityInfo:
		if s.b.chip.hasSecurity {
			return s.reply(q.op, 0, 0, s.securityInfo()...)
		}
	case opRunUserCode:
		return nil // it takes the command and does nothing
	case opFlashBegin, opDeflBegin:
		return s.begin(q)
	case opFlashData, opDeflData:
		return s.data(q)
	case opFlashEnd, opDeflEnd:
		return s.end(q)
	case opMD5:
		return s.digest(q)
	case opEraseFlash, opEraseRegion:
		return s.eraseNow(q)
	case opReadFlash:
		return s.readFlash(q)
	}
	return s.reply(q.op, 0, stubUnknown)
}

func (s *stub) sync() error {
	var out []byte
	for range answers {
		out = framed(out, response(opSync, 0, 0, 0))
	}
	return s.write(s.ctx, out)
}

func (s *stub) writeReg(q *request) error {
	if len(q.data) == 0 || len(q.data)%16 != 0 {
		return s.reply(q.op, 0, stubLength)
	}
	if err := s.regs.writeAll(s.ctx, q); err != nil {
		return err
	}
	return s.reply(q.op, 0, 0)
}

// loadRAM takes code, but runs none: nobody does that from a stub.
func (s *stub) loadRAM(q *request) error {
	code := byte(0)
	switch q.op {
	case opMemBegin:
		code = s.ram.begin(q)
	case opMemData:
		code = s.ram.data(q)
	case opMemEnd:
		if q.word(0) == 0 {
			s.b.violation("stub: code was started from the stub")
			if err := s.reply(q.op, 0, 0); err != nil {
				return err
			}
			return s.crash(s.ctx)
		}
	}
	switch code {
	case 0:
	case romChecksum:
		code = stubChecksum
	case romRAMSize:
		code = stubTooMuch
	default:
		code = stubLength
	}
	return s.reply(q.op, 0, code)
}

func (s *stub) changeBaud(q *request) error {
	if q.word(0) == 0 || q.word(0) > 10_000_000 {
		return s.reply(q.op, 0, stubLength)
	}
	if err := s.reply(q.op, 0, 0); err != nil {
		return err
	}
	return s.setBaud(int(q.word(0)))
}
