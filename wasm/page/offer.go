//go:build js && wasm

package page

import "syscall/js"

// OfferUpdate has the simulated NCP of "Try without hardware" offer the page an update.
// done is called once, later, in a handler of the browser: it must not wait. The error
// tells why there is no offer: the simulator does not run, or its NCP is not connected.
func OfferUpdate(done func(error)) {
	Part("sim", func(module js.Value, err error) {
		if err != nil {
			done(err)
			return
		}
		var answer js.Func
		answer = js.FuncOf(func(_ js.Value, args []js.Value) any {
			answer.Release()
			done(failure(args[0]))
			return nil
		})
		module.Call("offer", answer)
	})
}
