//go:build js && wasm

// Command workshop is the third program of the page: the views that write firmware. It
// is loaded when one of them is first shown, and takes the port from the first program
// while it works with it.
package main

import (
	"context"
	"os"
	"syscall/js"

	"ncpweb/wasm/bridge"
	"ncpweb/wasm/webserial"
	"ncpweb/wasm/workui"
)

func main() {
	shim, err := webserial.New()
	if err != nil {
		stop(err)
	}
	core, err := bridge.Find(shim)
	if err != nil {
		stop(err)
	}
	ports := shim.Provider(webserial.Lab)
	if ports == nil {
		ports = shim.Provider(webserial.Browser)
	}
	workui.New(workui.Options{Core: core, Ports: ports, Simulator: shim.Provider(webserial.Simulator), Boards: shim.Provider(webserial.Boards)}).
		Run(context.Background(), ready)
}

func stop(err error) {
	println(err.Error())
	os.Exit(1)
}

// ready tells the page, and whoever measures it, that the workshop can be used.
func ready() {
	js.Global().Get("document").Get("documentElement").Get("dataset").Set("workshop", "ready")
	js.Global().Get("performance").Call("mark", "workshop-ready")
}
