//go:build js && wasm

// Command wasm is the program of the page: it ties the ports that the page's script
// found to one session, and the session to the document.
package main

import (
	"context"
	"os"
	"syscall/js"

	"ncpweb/session"
	"ncpweb/wasm/page"
	"ncpweb/wasm/ui"
	"ncpweb/wasm/webserial"
)

// target is the rate in baud that the page asks an NCP for: fast enough that the
// wire no longer counts, and within what common USB adapters and cables carry.
const target = 460800

func main() {
	shim, err := webserial.New()
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	ports := shim.Provider(webserial.Lab)
	if ports == nil {
		ports = shim.Provider(webserial.Browser)
	}
	s := session.New(session.Options{Target: target, Store: settings{}, AllowReset: true})
	defer s.Close()
	ui.New(ui.Options{Session: s, Ports: ports, Simulator: shim.Provider(webserial.Simulator), Boards: shim.Provider(webserial.Boards)}).
		Run(context.Background(), ready)
}

// ready tells the page, and whoever measures it, that it can be used.
func ready() {
	js.Global().Get("document").Get("documentElement").Get("dataset").Set("core", "ready")
	js.Global().Get("performance").Call("mark", "core-ready")
}

// settings keeps the session's small settings in the browser.
type settings struct{}

func (settings) Get(key string) string {
	value, _ := page.Setting(key)
	return value
}

func (settings) Set(key, value string) {
	if value == "" {
		page.Forget(key)
		return
	}
	page.Store(key, value)
}
