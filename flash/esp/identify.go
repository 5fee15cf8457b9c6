package esp

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ncpweb/flash"
)

// Details is all that is known of a chip. Its texts are for people.
type Details struct {
	flash.Device

	Kind         *Chip // what it is; nil before Connect
	Major, Minor int   // revision
	Crystal      int   // MHz; 0: not known
	Security     Security
	// FlashID is what the flash memory says it is: manufacturer in the low byte, type,
	// capacity. 0: not asked.
	FlashID uint32
	// Guessed tells that the size of the flash memory is an assumption.
	Guessed bool
	USB     bool   // through its own USB
	Stub    bool   // the stub answers
	Rate    int    // of the transfer, in bits per second
	Reset   string // name of the Reset that was used
}

// mac sets the address, unless it is none.
func (d *Details) mac(m [6]byte) {
	if m == [6]byte{} {
		return
	}
	d.MAC = ""
	for i, b := range m {
		if i > 0 {
			d.MAC += ":"
		}
		d.MAC += hex(uint32(b), 2)
	}
}

// Chip returns what the last Connect found out.
func (f *Flasher) Chip() Details { return f.details }

// identify finds out what the chip is. Replies have no checksum: what would end the
// work is asked twice.
func (f *Flasher) identify(ctx context.Context) error {
	err := f.identifyOnce(ctx)
	if c := code(err); c == flash.CodeChip || c == flash.CodeSecure { // or the line damaged it
		err = f.identifyOnce(ctx)
	}
	return err
}

// identifyOnce asks what the chip is. No chip that can be read is sent a command that
// its ROM does not know: the answer to one is a burst of errors.
func (f *Flasher) identifyOnce(ctx context.Context) error {
	l := f.load
	l.chip = nil
	d := Details{USB: f.reset.usb, Reset: f.reset.Name}
	word, err := l.readReg(ctx, magicAddr)
	var refused *statusError
	switch {
	case err == nil:
		f.word = word
		l.chip = chipOfMagic(word)
		if l.chip == nil || l.chip.encrypt { // all but ESP8266 and ESP32 know the command
			if d.Security, err = l.securityInfo(ctx); err != nil && !errors.As(err, &refused) {
				return err
			}
		}
	case errors.As(err, &refused): // secure download mode
		if d.Security, err = l.securityInfo(ctx); err != nil {
			if !errors.As(err, &refused) {
				return err
			}
			return &flash.Error{Code: flash.CodeSecure, Op: "identify", Err: err,
				Detail: "the chip lets nothing be read"}
		}
		if !d.Security.HasChip {
			l.chip = ChipOf("esp32s2") // the one whose answer is short
		}
	default:
		return err
	}
	if d.Security.HasChip {
		if c := chipOfInfo(d.Security.Chip); c != nil {
			l.chip = c
		}
	}
	if l.chip == nil {
		return &flash.Error{Code: flash.CodeChip, Op: "identify",
			Detail: "unknown chip: " + hex(word, 8) + ", id " + strconv.Itoa(int(d.Security.Chip))}
	}
	d.Kind, d.Chip = l.chip, l.chip.Title
	f.details = d
	if want := f.o.Want; want != "" && want != l.chip.ID {
		title := want
		if c := ChipOf(want); c != nil {
			title = c.Title
		}
		return &flash.Error{Code: flash.CodeChip, Op: "identify",
			Detail: "wanted " + title + ", found " + l.chip.Title}
	}
	return nil
}

// describe reads what the chip's fuses tell.
func (f *Flasher) describe(ctx context.Context) error {
	l, d := f.load, &f.details
	if d.Security.Download {
		return nil
	}
	list := make([]uint32, 0, 8)
	for _, addr := range l.chip.words {
		w, err := l.readReg(ctx, addr)
		if err != nil {
			return err
		}
		list = append(list, w)
	}
	l.chip.describe(l.chip, list, d)
	d.Revision = "v" + strconv.Itoa(d.Major) + "." + strconv.Itoa(d.Minor)
	if l.chip.old {
		d.Revision = "" // has none
	}
	d.Crystal = l.chip.crystal
	if l.chip.divider != 0 {
		// Over the divider that ROM found for the rate, so before the rate is changed.
		w, err := l.readReg(ctx, l.chip.divider)
		if err != nil {
			return err
		}
		d.Crystal = crystalOf(l.chip, l.baud, w)
	}
	return nil
}

// crystalOf returns the frequency in MHz of the crystal of a chip whose UART divides
// its clock by what its register says, to get baud.
func crystalOf(c *Chip, baud int, divider uint32) int {
	mhz := float64(baud) * float64(divider&0xFFFFF) / 1e6
	if c.halved {
		mhz /= 2
	}
	switch {
	case mhz > 45:
		return 48
	case mhz > 33:
		return 40
	}
	return 26
}

// calm stops the watchdogs that run on in the loader over USB-Serial/JTAG and would
// reset the chip after some seconds.
func (f *Flasher) calm(ctx context.Context) error {
	w := f.load.chip.watch
	if !f.reset.usb || f.reset.otg || f.details.Security.Download || w.super == 0 {
		return nil
	}
	return f.load.writeRegs(ctx,
		write{addr: w.protect, value: w.key},
		write{addr: w.config0, value: 0},
		write{addr: w.protect, value: 0},
		write{addr: w.lock, value: w.superKey},
		write{addr: w.super, value: w.feed, mask: w.feed},
		write{addr: w.lock, value: 0},
	)
}

// Bits of the SPI controller.
const (
	spiCommand = 1 << 31
	spiMISO    = 1 << 28
	spiGo      = 1 << 18 // in the first register; it clears when done
	readID     = 0x9F    // JEDEC: manufacturer, type, capacity
	idBits     = 24
)

// attach connects the flash memory to the controller and finds out its size.
func (f *Flasher) attach(ctx context.Context) error {
	l, d := f.load, &f.details
	if err := l.attachFlash(ctx); err != nil {
		return err
	}
	if d.Security.Download {
		l.size = f.o.Size
	} else {
		id, err := l.flashID(ctx)
		if err == nil && flashSize(id) == 0 {
			id, err = l.flashID(ctx)
		}
		if err != nil {
			return err
		}
		if id&0xFFFFFF == 0 || id&0xFFFFFF == 0xFFFFFF {
			return &flash.Error{Code: flash.CodeNoFlash, Op: "flash id", Detail: hex(id, 6)}
		}
		d.FlashID = id & 0xFFFFFF
		if l.size = flashSize(id); l.size == 0 {
			l.size, d.Guessed = guessedSize, true
			l.note(flash.PhaseConnect, "flash memory "+hex(id, 6)+" is not known, 4 MB assumed")
		}
	}
	d.Flash = l.size
	if l.size == 0 || l.chip.old && !l.stub {
		return nil
	}
	const block, sector, page, mask = 0x10000, 0x1000, 0x100, 0xFFFF
	_, err := l.command(ctx, command{op: opSetParams,
		data: [][]byte{words(0, uint32(min(l.size, 1<<31)), block, sector, page, mask)}})
	return err
}

// guessedSize is assumed for an unknown flash memory, as the vendor's tool does.
const guessedSize = 4 << 20

// attachFlash connects the flash memory at the pins that the fuses say.
func (l *loader) attachFlash(ctx context.Context) error {
	c := command{op: opAttach, data: [][]byte{words(0, 0)}}
	switch {
	case l.stub: // takes four bytes exactly
		c.data = [][]byte{words(0)}
	case l.chip.old: // its ROM does this on the way
		c = command{op: opFlashBegin, data: [][]byte{words(0, 0, romBlock, 0)}}
	}
	_, err := l.command(ctx, c)
	return err
}

// flashID runs READ ID on the SPI bus, through the registers of the controller.
func (l *loader) flashID(ctx context.Context) (uint32, error) {
	s := l.chip.spi
	usr, err := l.readReg(ctx, s.base+s.usr)
	if err != nil {
		return 0, err
	}
	usr2, err := l.readReg(ctx, s.base+s.usr2)
	if err != nil {
		return 0, err
	}
	length := write{addr: s.base + s.miso, value: idBits - 1}
	if s.miso == 0 {
		length = write{addr: s.base + s.usr1, value: (idBits - 1) << 8}
	}
	// 100 µs in the chip are enough for 32 bits on the slowest bus, 1 MHz.
	err = l.writeRegs(ctx, length,
		write{addr: s.base + s.usr, value: spiCommand | spiMISO},
		write{addr: s.base + s.usr2, value: 7<<28 | readID},
		write{addr: s.base + s.w0, value: 0},
		write{addr: s.base, value: spiGo, wait: 100 * time.Microsecond})
	if err != nil {
		return 0, err
	}
	// The command is over long before the first of these reads. Replies have no checksum,
	// and a wrong size would do harm: two must be the same.
	id, err := l.readReg(ctx, s.base+s.w0)
	for range 4 {
		if err != nil {
			return 0, err
		}
		before := id
		if id, err = l.readReg(ctx, s.base+s.w0); err == nil && id == before {
			break
		}
	}
	if err != nil {
		return 0, err
	}
	return id, l.writeRegs(ctx,
		write{addr: s.base + s.usr, value: usr}, write{addr: s.base + s.usr2, value: usr2})
}

// flashSize returns the bytes of a flash memory by its id (section 11), 0 for one that
// is not known.
func flashSize(id uint32) int64 {
	const adesto = 0x1F
	maker, kind, capacity := byte(id), byte(id>>8), byte(id>>16)
	switch {
	case maker == adesto && kind&0x1F >= 4 && kind&0x1F <= 9:
		return 512 << 10 << (kind&0x1F - 4)
	case capacity >= 0x12 && capacity <= 0x1C:
		return 1 << capacity
	case capacity >= 0x32 && capacity <= 0x3A:
		return 1 << (capacity - 0x20)
	case capacity >= 0x20 && capacity <= 0x22:
		return 64 << 20 << (capacity - 0x20)
	}
	return 0
}
