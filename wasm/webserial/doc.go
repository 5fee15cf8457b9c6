// Package webserial is serial.Port over Web Serial, and over everything that the
// page dresses up as Web Serial: simulated devices in a Worker, devices of a lab.
// The JavaScript half is web/serial.js; it knows promises and streams, this half
// knows contexts and buffers.
//
// Callbacks from JavaScript never block: bytes go into a bounded buffer, everything
// else into channels with room. Whatever JavaScript throws becomes a Go error.
// A context ends a call also when JavaScript never answers it.
package webserial
