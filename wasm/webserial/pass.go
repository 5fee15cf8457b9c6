//go:build js && wasm

package webserial

import "syscall/js"

// Object returns the JS object of the port, for handing it to another program of the
// page; the same program gets the same Adapter back from Provider.Adapter.
func (a *Adapter) Object() js.Value { return a.port }

// Source returns where the port comes from.
func (a *Adapter) Source() Source { return a.provider.source }

// Adapter returns the Adapter of a port that another program of the page handed over,
// or nil for what is no object.
func (p *Provider) Adapter(port js.Value) *Adapter {
	if port.Type() != js.TypeObject {
		return nil
	}
	return p.adapter(port)
}
