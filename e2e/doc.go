// Package e2e tests the built page, its own wasm and scripts from dist/, in a real
// Chromium with simulated devices behind cmd/lab's server. Nothing is built here: a
// dist/ that is missing or stale fails the tests.
package e2e
