// Package toolui is what the tools program shows: traffic, explorer and doctor.
package toolui
