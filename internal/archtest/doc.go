// Package archtest holds no code. Its tests keep the house in order: which package
// may import which, what the page's wasm program may carry, and that no text ever
// becomes markup.
package archtest
