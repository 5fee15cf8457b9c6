//go:build js && wasm

package page

import (
	"errors"
	"syscall/js"
)

// maxSample bounds a sample firmware, in bytes.
const maxSample = 16 << 20

// Sample gets a firmware for a simulated chip, such as "esp32c3", from the page's own
// simulator. done is called once, later, in a handler of the browser: it must not wait.
func Sample(chip string, done func(firmware []byte, err error)) {
	Part("sim", func(module js.Value, err error) {
		if err != nil {
			done(nil, err)
			return
		}
		var answer js.Func
		answer = js.FuncOf(func(_ js.Value, args []js.Value) any {
			answer.Release()
			if err := failure(args[1]); err != nil {
				done(nil, err)
				return nil
			}
			n := args[0].Length()
			if n > maxSample {
				done(nil, errors.New("page: the sample is too long"))
				return nil
			}
			firmware := make([]byte, n)
			js.CopyBytesToGo(firmware, args[0])
			done(firmware, nil)
			return nil
		})
		module.Call("sample", chip, answer)
	})
}
