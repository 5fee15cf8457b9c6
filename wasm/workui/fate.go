package workui

import (
	"slices"

	"ncpweb/firmware/espimage"
	"ncpweb/flash/esp"
)

// fate is what happens to a stretch of flash memory.
type fate uint8

const (
	fateAlone   fate = iota // nothing: it keeps what it holds
	fateWritten             // it gets what the file has for it
	fateKept                // the file has only FF for it; its settings stay
	fateBlank               // the file has only FF for it: it is made blank
	fateErased              // the file has nothing for it but FF, and everything is erased first
)

// fateOf tells what happens to a partition.
func fateOf(p *espimage.Partition, settings bool, how esp.How) fate {
	switch {
	case p.Covered > 0 && !p.Blank:
		return fateWritten
	case how.EraseAll:
		return fateErased
	case p.Covered == 0:
		return fateAlone
	case settings && !how.Settings:
		return fateKept
	}
	return fateBlank
}

// isSetting tells whether a partition is among those that an update leaves alone.
func isSetting(p *espimage.Partition, settings []espimage.Partition) bool {
	return slices.ContainsFunc(settings, func(s espimage.Partition) bool { return s.Addr == p.Addr && s.Size == p.Size })
}

// stretch is a part of the drawing of the flash memory.
type stretch struct {
	from, to int64
	fate     fate
	name     string // of the partition; empty: none
}

// layout draws the flash memory: stretches from 0 to size without a gap. Partitions go
// before what lies under them.
func layout(info *espimage.Info, written []stretch, size int64, how esp.How) []stretch {
	rest := fateAlone
	if how.EraseAll {
		rest = fateErased
	}
	var list []stretch
	at := int64(0)
	put := func(to int64, f fate, name string) {
		to = min(to, size)
		if to <= at {
			return
		}
		if n := len(list); n > 0 && name == "" && list[n-1].name == "" && list[n-1].fate == f {
			list[n-1].to = to
		} else {
			list = append(list, stretch{at, to, f, name})
		}
		at = to
	}
	// fill goes on to an address: what the file has is written, the rest is not.
	fill := func(to int64, name string) {
		for _, w := range written {
			if w.to <= at || w.from >= to {
				continue
			}
			put(min(w.from, to), rest, name)
			put(min(w.to, to), fateWritten, name)
		}
		put(to, rest, name)
	}
	settings := info.Settings()
	table := slices.Clone(info.Table)
	slices.SortFunc(table, func(a, b espimage.Partition) int { return int(min(max(int64(a.Addr)-int64(b.Addr), -1), 1)) })
	for i := range table {
		p := &table[i]
		fill(int64(p.Addr), "")
		if f := fateOf(p, isSetting(p, settings), how); f != fateWritten {
			put(p.End(), f, p.Name)
		}
		fill(p.End(), p.Name)
	}
	fill(size, "")
	return list
}

// memorySize is how large the flash memory is drawn: as it was detected, as the header
// says, or the next power of two.
func memorySize(info *espimage.Info, detected int64) int64 {
	size := detected
	if size <= 0 && info.Boot != nil {
		size = info.Boot.FlashSize
	}
	if size >= info.End && size > 0 {
		return size
	}
	size = 1 << 20
	for size < info.End {
		size <<= 1
	}
	return size
}
