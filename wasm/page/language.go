//go:build js && wasm

package page

import (
	"syscall/js"

	"ncpweb/wasm/lang"
)

func language() js.Value { return js.Global().Get("ncpweb").Get("language") }

// WatchLanguage makes the language of the page that of the program, now and whenever
// the person chooses another one; changed is called after each, the first time before
// WatchLanguage returns. It must not wait.
func WatchLanguage(changed func()) {
	language().Call("watch", js.FuncOf(func(_ js.Value, args []js.Value) any {
		lang.Use(lang.Unpack(args[0].String()))
		changed()
		return nil
	}))
}

// ChooseLanguage shows another language, by its code, and remembers it. done is called
// in a handler of the browser: it must not wait.
func ChooseLanguage(code string, done func(error)) {
	var answer js.Func
	answer = js.FuncOf(func(_ js.Value, args []js.Value) any {
		answer.Release()
		done(failure(args[0]))
		return nil
	})
	language().Call("choose", code, answer)
}
