//go:build js && wasm

package page

import (
	"errors"
	"syscall/js"
)

// ErrTooLong tells that a file is longer than it may be.
var ErrTooLong = errors.New("page: the file is too long")

// File is a file that the person has chosen or dropped. Its name and its content are
// hostile.
type File struct {
	Name string
	Data []byte
}

// OnFile calls f for each file that the person chooses with an input of type file, or
// drops on an element. A file of more than most bytes is not read: ErrTooLong. f runs
// on a goroutine of its own. While a file is held over the element, the element has
// the attribute data-drop.
func OnFile(element js.Value, most int, f func(File, error)) {
	services().Call("files", element, most, js.FuncOf(func(_ js.Value, args []js.Value) any {
		file, err := File{Name: args[0].String()}, failure(args[2])
		if args[1].Type() == js.TypeObject {
			file.Data = make([]byte, args[1].Length())
			js.CopyBytesToGo(file.Data, args[1])
		} else if err == nil {
			err = ErrTooLong
		}
		go f(file, err)
		return nil
	}))
}
