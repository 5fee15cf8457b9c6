package workui

import "ncpweb/flash/esp"

// resetOf is the way into the loader for the name that the catalogue or the page has for
// it. "lines" of the catalogue, like an empty name, leaves it to the USB id of the port.
func resetOf(name string) esp.Reset { return esp.ResetOf(name) }
