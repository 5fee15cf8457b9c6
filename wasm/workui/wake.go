//go:build js && wasm

package workui

import "context"

// breathe lets the browser do what it has to do, in the middle of long sums. It fits
// esp.Options.Breathe. Call it on a goroutine that may wait.
func (u *UI) breathe(ctx context.Context) {}

// digest returns the SHA-256 of data. It does not block the page.
func (u *UI) digest(ctx context.Context, data []byte) ([32]byte, error) { return [32]byte{}, ctx.Err() }
