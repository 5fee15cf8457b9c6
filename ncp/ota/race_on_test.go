//go:build race

package ota_test

// quick keeps the fault matrix to one rate and one kind of receiver: the race detector
// makes it ten times slower.
const quick = true
