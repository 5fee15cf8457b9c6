//go:build js && wasm

// Command tools is the second program of the page: the views that few need before the
// first click. It is loaded when one of them is first shown, and reaches the device
// through the first program.
package main

import (
	"context"
	"os"
	"syscall/js"

	"ncpweb/wasm/bridge"
	"ncpweb/wasm/toolui"
	"ncpweb/wasm/webserial"
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
	toolui.New(toolui.Options{Core: core, Ports: ports, Simulator: shim.Provider(webserial.Simulator), Broken: shim.Provider(webserial.Broken)}).
		Run(context.Background(), ready)
}

func stop(err error) {
	println(err.Error())
	os.Exit(1)
}

// ready tells the page, and whoever measures it, that the tools can be used.
func ready() {
	js.Global().Get("document").Get("documentElement").Get("dataset").Set("tools", "ready")
	js.Global().Get("performance").Call("mark", "tools-ready")
}
