package lab

import "testing"

// TestFaultSpec: a device with a fault is named on the command line.
func TestFaultSpec(t *testing.T) {
	for arg, ok := range map[string]bool{
		"board=fault=download": true, "board=fault=unplugged": true,
		"board=fault=": false, "board=fault=unheard": false, "board=fault=busy": false,
	} {
		var s Specs
		err := s.Sim(arg)
		if (err == nil) != ok {
			t.Errorf("%s: %v", arg, err)
		}
		if ok && (len(s.All()) != 1 || s.All()[0].Name != "board" || s.All()[0].Sim == nil) {
			t.Errorf("%s: %+v", arg, s.All())
		}
	}
}
