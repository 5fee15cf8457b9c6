//go:build js && wasm

// Package page is what the program needs of the page beside ports and elements:
// settings, files to save, the clipboard. Each call goes to the page's script, which
// catches what browsers throw.
package page

import (
	"errors"
	"syscall/js"
)

// services returns the script's object with the small services.
func services() js.Value { return js.Global().Get("ncpweb").Get("page") }

// Setting returns a remembered setting; ok is false where there is none, or where
// the browser keeps none.
func Setting(key string) (value string, ok bool) {
	v := services().Call("setting", key)
	if v.Type() != js.TypeString {
		return "", false
	}
	return v.String(), true
}

// Store remembers a setting. It returns false where the browser keeps none: a
// private window, a full store. Never store a password.
func Store(key, value string) bool { return services().Call("store", key, value).Bool() }

// Forget removes a setting.
func Forget(key string) { services().Call("store", key, js.Null()) }

// Download saves data as a file under the given name in the browser's download
// folder. mime is its media type, such as "text/csv".
func Download(name, mime string, data []byte) error {
	array := js.Global().Get("Uint8Array").New(len(data))
	js.CopyBytesToJS(array, data)
	return failure(services().Call("download", name, mime, array))
}

// Copy puts text into the clipboard. Call it in the handler of a click; it does not
// block. done runs once, later, on a goroutine of its own.
func Copy(text string, done func(error)) {
	var answer js.Func
	answer = js.FuncOf(func(_ js.Value, args []js.Value) any {
		answer.Release()
		err := failure(args[0])
		go done(err)
		return nil
	})
	services().Call("copy", text, answer)
}

// Part loads a part of the page that is loaded when it is first needed, such as
// "chart", and calls done with the exports of its module, later, in a handler of the
// browser: done must not wait.
func Part(name string, done func(module js.Value, err error)) {
	var answer js.Func
	answer = js.FuncOf(func(_ js.Value, args []js.Value) any {
		answer.Release()
		done(args[0], failure(args[1]))
		return nil
	})
	services().Call("part", name, answer)
}

// failure makes an error of a message; an empty one means that all went well.
func failure(message js.Value) error {
	if message.Type() != js.TypeString || message.String() == "" {
		return nil
	}
	return errors.New("page: " + message.String())
}
