//go:build js && wasm

package page

import "syscall/js"

// Parts is a long file that is put together piece by piece. The zero value is empty.
type Parts struct {
	list js.Value
	n    int
}

// Add appends a copy of data.
func (p *Parts) Add(data []byte) {
	if p.list.IsUndefined() {
		p.list = js.Global().Get("Array").New()
	}
	array := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(array, data)
	p.list.SetIndex(p.n, array)
	p.n++
}

// Download saves the parts as one file, as Download does.
func (p *Parts) Download(name, mime string) error {
	return failure(services().Call("download", name, mime, p.list))
}
