// Package traffic is the model of the traffic view: a Store of the frames that passed,
// live or from a capture file, their decoded rows and fields, a View that filters them in
// slices, Stats, and the capture file itself (docs/capture.md).
//
// Nothing here is safe for concurrent use: the page has one goroutine that shows things.
// All that comes from frames and files is hostile: it is bounded, and given out as
// escaped text on one line.
package traffic
