// Package webserial tests the page over Chromium's real Web Serial and the kernel's
// real USB-serial driver, in a guest machine whose emulated adapter ends in a
// simulated NCP. `make test-webserial` boots the guest; the tests need the build tag
// webserial.
package webserial
