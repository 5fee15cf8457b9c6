//go:build !race

package ota_test

const quick = false
