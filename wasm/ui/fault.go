//go:build js && wasm

package ui

import (
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
)

// fault shows what is wrong with an input; empty: nothing.
func fault(in, where *doc.Element, words string) bool {
	where.SetText(lang.T(words))
	if words == "" {
		in.SetFlag("aria-invalid", false)
		return false
	}
	in.SetAttr("aria-invalid", "true")
	in.Focus()
	return true
}
