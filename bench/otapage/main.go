//go:build js && wasm

// Command otapage is a page that plays the NCP of the first MCU of a lab and updates it
// once, to measure that without any view. It leaves what came out in the property
// "result" of the global object.
package main

import (
	"context"
	"errors"
	"syscall/js"
	"time"

	"ncpweb/ncp/host"
	"ncpweb/ncp/ota"
	"ncpweb/serial"
	"ncpweb/wasm/webserial"
)

func main() {
	result := make(map[string]any)
	if err := update(result); err != nil {
		result["failed"] = err.Error()
	}
	js.Global().Set("result", result)
	select {} // the page goes on
}

func update(result map[string]any) error {
	ctx := context.Background()
	shim, err := webserial.New()
	if err != nil {
		return err
	}
	list, err := shim.Provider(webserial.Lab).List(ctx)
	if err != nil || len(list) == 0 {
		return errors.Join(errors.New("no port"), err)
	}
	port, err := list[0].Open(ctx, serial.Mode{Baud: 38400})
	if err != nil {
		return err
	}
	h := host.New(port, host.Options{Provisioned: true})
	go h.Run(ctx)
	for !h.State().Initialized {
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(2 * time.Second) // what follows the bring-up
	image := js.Global().Get("image")
	data := make([]byte, image.Length())
	js.CopyBytesToGo(data, image)
	file := &ota.File{
		Name: "app.bin", Type: "TMPL0demo0001", Version: "2.0.0", Build: "Nov 22 2026 12:00:00",
		Data: data, Digests: ota.Sum(data),
	}
	res, err := h.Update(ctx, file, ota.Options{})
	if err != nil {
		return err
	}
	result["sending"], result["resent"], result["chunk"], result["proven"] = res.Sending.Seconds(), res.Resent, res.Chunk, res.Proven
	return nil
}
