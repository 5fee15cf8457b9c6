//go:build js && wasm

package main

import (
	"syscall/js"

	"ncpweb/sim/ncpsim"
)

// offerRequest is the message that has the NCP of demo offer an update to the page.
const offerRequest = "offer:"

// The file that it offers.
const (
	offerVersion = "2.0.0"
	offerSize    = 96 << 10
)

// answerOffer offers an update, and says on port at once whether it does: with the empty
// string where the NCP is not connected, as its cloud cannot reach it then.
func (w *worker) answerOffer(port js.Value) {
	offers := ""
	if u, n := w.offer(); n != nil {
		offers = u.Name
		go func() { _, _ = n.Offer(w.ctx, u) }() // the page sees how it ends
	}
	port.Call("postMessage", offers)
}

// offer makes the file for the product that the NCP was told. n is nil where it is not
// connected.
func (w *worker) offer() (u ncpsim.Update, n *ncpsim.NCP) {
	if w.demo == nil {
		return u, nil
	}
	n = w.demo.NCP()
	if n == nil || n.State() != ncpsim.StateConnected {
		return u, nil
	}
	s := n.Settings()
	fwType := s.Firmware.Type
	if fwType == "" {
		fwType = s.TemplateID
	}
	return ncpsim.MadeUp(fwType, offerVersion, offerSize), n
}
