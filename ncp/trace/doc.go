// Package trace keeps the newest frames of a connection, as they passed, in a ring of
// a stated size, so that the traffic view and a bug report can look back. What is
// secret is masked before it is kept.
package trace
