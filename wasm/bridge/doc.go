// Package bridge joins the two programs of the page: the first one, which owns the
// session, offers it; the tools program uses it. Both run on the page's one thread, so
// every function that crosses answers at once or calls back later, and none waits.
package bridge
