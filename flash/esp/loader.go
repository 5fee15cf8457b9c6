package esp

import "ncpweb/serial"

// loader is the conversation with the boot loader in ROM or with the stub: one command
// at a time.
type loader struct {
	port serial.Port
}

func newLoader(port serial.Port, _ Options) *loader { return &loader{port: port} }
