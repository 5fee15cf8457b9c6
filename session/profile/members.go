package profile

import (
	"strings"

	"ncpweb/ncp"
)

// members are those of the configuration, in the order of the file.
var members = [...]member{
	{"template.id", "templateID", ncp.UIDBlynkInitialize},
	{"template.name", "templateName", ncp.UIDBlynkInitialize},
	{"firmware.type", "firmwareType", ncp.UIDBlynkSetFirmwareInfo},
	{"firmware.version", "firmwareVersion", ncp.UIDBlynkSetFirmwareInfo},
	{"firmware.build", "firmwareBuild", ncp.UIDBlynkSetFirmwareInfo},
	{"firmware.blynk", "blynkVersion", ncp.UIDBlynkSetFirmwareInfo},
	{"vendor.prefix", "vendorPrefix", ncp.UIDBlynkSetVendorPrefix},
	{"vendor.server", "vendorServer", ncp.UIDBlynkSetVendorServer},
	{"led.gpio", "led.gpio", ncp.UIDHwInitLED},
	{"led.activeLow", "led.activeLow", ncp.UIDHwInitLED},
	{"rgb.r", "rgb.r", ncp.UIDHwInitRGB},
	{"rgb.g", "rgb.g", ncp.UIDHwInitRGB},
	{"rgb.b", "rgb.b", ncp.UIDHwInitRGB},
	{"rgb.commonAnode", "rgb.commonAnode", ncp.UIDHwInitRGB},
	{"argb.gpio", "argb.gpio", ncp.UIDHwInitARGB},
	{"argb.count", "argb.count", ncp.UIDHwInitARGB},
	{"brightness", "brightness", ncp.UIDHwSetLedBrightness},
	{"button.gpio", "button.gpio", ncp.UIDHwInitUserButton},
	{"button.activeLow", "button.activeLow", ncp.UIDHwInitUserButton},
	{"configuration.timeout", "configTimeout", ncp.UIDBlynkSetConfigTimeout},
	{"configuration.skipLimit", "configSkipLimit", ncp.UIDBlynkSetConfigSkipLimit},
	{"setTime", "setTime", ncp.UIDBlynkSetTime},
}

// find returns the member with that path in the file.
func find(path string) (member, bool) {
	for _, m := range members {
		if m.path == path {
			return m, true
		}
	}
	return member{}, false
}

// isObject tells whether members lie below that path.
func isObject(path string) bool {
	for _, m := range members {
		if strings.HasPrefix(m.path, path) && len(m.path) > len(path) && m.path[len(path)] == '.' {
			return true
		}
	}
	return false
}

// pathOf returns where a field of the form lies in the file.
func pathOf(field string) string {
	for _, m := range members {
		if m.field == field {
			return m.path
		}
	}
	return field
}

// secretWords are parts of names that say that the value is not for a file.
var secretWords = [...]string{"pass", "secret", "token", "auth", "psk", "credential", "apikey", "private"}

// isSecret tells whether a name is that of a password or the like.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	for _, w := range secretWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}
