package link

import (
	"strconv"
	"strings"
)

// Store remembers small settings. Both methods must be quick.
type Store interface {
	Get(key string) string // "" if there is none
	Set(key, value string) // "" removes it
}

// maxBad bounds how many bad rates are remembered per adapter.
const maxBad = 16

// memory is what is remembered of one adapter: the rate at which the NCP was last
// proven, and those that failed, as "921600 bad 2000000 460800".
type memory struct {
	store Store
	key   string // of the adapter; empty: nothing is remembered
}

func (m memory) usable() bool { return m.store != nil && m.key != "" }

func (m memory) name() string { return RateKey(m.key) }

// RateKey is the key in a Store under which an adapter's rates are remembered.
func RateKey(adapter string) string { return "rate " + adapter }

// load returns the remembered rate (0: none) and the bad ones. What a store holds is
// not trusted.
func (m memory) load() (rate int, bad []int) {
	if !m.usable() {
		return 0, nil
	}
	inBad := false
	for _, word := range strings.Fields(m.store.Get(m.name())) {
		if word == "bad" {
			inBad = true
			continue
		}
		n, err := strconv.Atoi(word)
		switch {
		case err != nil || !plausible(n):
		case !inBad:
			rate = n
		case len(bad) < maxBad:
			bad = append(bad, n)
		}
	}
	return rate, bad
}

func (m memory) save(rate int, bad []int) {
	if !m.usable() {
		return
	}
	words := make([]string, 0, 2+len(bad))
	if rate != 0 {
		words = append(words, strconv.Itoa(rate))
	}
	if len(bad) > 0 {
		words = append(words, "bad")
		for _, b := range bad[:min(len(bad), maxBad)] {
			words = append(words, strconv.Itoa(b))
		}
	}
	m.store.Set(m.name(), strings.Join(words, " "))
}

func (m memory) remember(rate int) {
	_, bad := m.load()
	m.save(rate, without(bad, rate))
}

func (m memory) markBad(rate int) {
	good, bad := m.load()
	if good == rate {
		good = 0
	}
	m.save(good, append([]int{rate}, without(bad, rate)...))
}

func (m memory) forgive(rate int) {
	good, bad := m.load()
	m.save(good, without(bad, rate))
}

func (m memory) isBad(rate int) bool {
	_, bad := m.load()
	for _, b := range bad {
		if b == rate {
			return true
		}
	}
	return false
}

func without(list []int, n int) []int {
	out := make([]int, 0, len(list))
	for _, v := range list {
		if v != n {
			out = append(out, v)
		}
	}
	return out
}

// plausible tells whether n can be the rate of a serial line.
func plausible(n int) bool { return n >= 300 && n <= 12_000_000 }
