package espsim

import (
	"bytes"

	"ncpweb/sim/ncpsim"
)

// mark stands in the settings of an NCP that is provisioned. Without it the NCP is as
// new: an update that erases settings it should keep shows.
const mark = "espsim: provisioned\x00"

// settingsAt is where the settings lie: at the beginning of the partition nvs, or, on an
// ESP8266, three sectors before the end of the flash.
func (b *Board) settingsAt() (at uint32, ok bool) {
	if b.chip.noID {
		return uint32(b.o.Size) - 3*sectorSize, true
	}
	b.flash.view(func(mem []byte) {
		for _, p := range partitions(mem) {
			if p.kind == 1 && p.sub == subNVS && int64(p.at)+int64(len(mark)) <= int64(len(mem)) {
				at, ok = p.at, true
				return
			}
		}
	})
	return at, ok
}

// keepSettings writes what an NCP that is provisioned from the beginning has written.
func (b *Board) keepSettings() {
	if b.o.NCP.Provisioned && b.inspect().ok {
		b.storeSettings(true)
	}
}

// storeSettings writes the settings, where nothing is written yet, or takes them back.
func (b *Board) storeSettings(provisioned bool) {
	if provisioned == b.provisioned() {
		return
	}
	at, ok := b.settingsAt()
	if !ok {
		return
	}
	f := b.flash
	f.mu.Lock()
	defer f.mu.Unlock()
	place := f.mem[at : at+uint32(len(mark))]
	if provisioned {
		if isBlank(place) {
			copy(place, mark)
		}
		return
	}
	fill(place)
}

// provisioned tells whether there are settings.
func (b *Board) provisioned() (yes bool) {
	at, ok := b.settingsAt()
	if !ok {
		return false
	}
	b.flash.view(func(mem []byte) { yes = bytes.HasPrefix(mem[at:], []byte(mark)) })
	return yes
}

// ncpOf returns the NCP for a version of the firmware: the one that ran last where
// nothing has changed.
func (b *Board) ncpOf(version string) *ncpsim.NCP {
	owned := b.provisioned()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ncp != nil && b.version == version && b.ncp.Provisioned() == owned {
		return b.ncp
	}
	o := b.o.NCP
	o.Version = version
	o.Provisioned = owned
	o.NoAutoReset = true
	o.NoROMLog = b.o.Quiet
	o.ROMLog = b.chip.log.head + b.chip.log.power + b.chip.log.run + b.chip.log.second
	o.Chip = ncpsim.ESP32
	if b.logBaud() != romBaud {
		o.Chip = ncpsim.ESP8266
	}
	b.ncp, b.version = ncpsim.New(o), version
	return b.ncp
}
