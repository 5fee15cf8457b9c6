//go:build js && wasm

// Command tools is the second program of the page: the views that few need before the
// first click. It is loaded when one of them is first shown, and reaches the device
// through the first program.
package main

func main() {}
