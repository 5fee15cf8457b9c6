package ncpsim

// Uids of the protocol (interface 0.7.0), written down here once more, apart from the
// product's own description: a wrong number there must not be wrong here too.
const (
	uidPing   = 0x0101
	uidReboot = 0x0102
	uidHasUID = 0x0103

	uidMCUPing   = 0x0181
	uidMCUReboot = 0x0182
	uidMCUHasUID = 0x0183

	uidSetBaud       = 0x0201
	uidInitButton    = 0x0211
	uidInitLED       = 0x0221
	uidInitRGB       = 0x0222
	uidInitARGB      = 0x0223
	uidSetBrightness = 0x0224
	uidWiFiMAC       = 0x0231
	uidEthernetMAC   = 0x0232

	uidInitialize      = 0x0301
	uidSetVendorPrefix = 0x0302
	uidSetVendorServer = 0x0303
	uidSetFirmwareInfo = 0x0304
	uidGetVersion      = 0x0305
	uidGetState        = 0x0306
	uidGetHotspot      = 0x0307

	uidVirtualWrite = 0x0311
	uidSyncAll      = 0x0312
	uidSyncVirtual  = 0x0313
	uidSetProperty  = 0x0314
	uidBeginGroup   = 0x0315
	uidEndGroup     = 0x0316
	uidLogEvent     = 0x0317
	uidResolve      = 0x0318
	uidResolveAll   = 0x0319
	uidSetMetadata  = 0x031A

	uidConfigStart   = 0x0321
	uidConfigStop    = 0x0322
	uidConfigReset   = 0x0323
	uidIsConfigured  = 0x0324
	uidConfigTimeout = 0x0325
	uidConfigSkip    = 0x0326

	uidFactoryReset   = 0x0331
	uidFactoryWiFi    = 0x0332
	uidFactoryAP      = 0x0333
	uidFactoryConnect = 0x033A

	uidOTAStart    = 0x0341
	uidOTACRC32    = 0x0342
	uidOTAMD5      = 0x0343
	uidOTASHA256   = 0x0344
	uidOTAPrefetch = 0x0345
	uidOTASuspend  = 0x0346

	uidSetTime     = 0x0351
	uidGetTime     = 0x0352
	uidGetLocation = 0x0353

	uidStateChange  = 0x0411
	uidVPinChange   = 0x0412
	uidEvent        = 0x0421
	uidOTAAvailable = 0x0441
	uidOTAWrite     = 0x0442
	uidOTAFinish    = 0x0443
	uidOTACancel    = 0x0444
)

// method is a method that the NCP answers.
type method struct {
	name   string
	oneway bool
	in     []kind
	out    []kind
	ret    kind
	handle func(n *NCP, a args) answer
}

// args are the decoded arguments of a call.
type args []any

func (a args) bool(i int) bool    { v, _ := a[i].(bool); return v }
func (a args) u8(i int) uint8     { v, _ := a[i].(uint8); return v }
func (a args) u16(i int) uint16   { v, _ := a[i].(uint16); return v }
func (a args) u32(i int) uint32   { v, _ := a[i].(uint32); return v }
func (a args) i64(i int) int64    { v, _ := a[i].(int64); return v }
func (a args) str(i int) string   { v, _ := a[i].(string); return v }
func (a args) bytes(i int) []byte { v, _ := a[i].([]byte); return v }

// results are the wire types of what a RESULT carries.
func (m *method) results() []kind {
	if m.ret == kNone {
		return m.out
	}
	return append(append([]kind(nil), m.out...), m.ret)
}

// strict tells whether the deployed driver looks at the length of a call: it does so
// for methods with in- or out-arguments only.
func (m *method) strict() bool { return len(m.in)+len(m.out) > 0 }

func ks(k ...kind) []kind { return k }

// methods returns the methods of the interfaces ncp, hw and blynk.
func methods() map[uint16]*method {
	return map[uint16]*method{
		uidPing:   {name: "ping", handle: (*NCP).ping},
		uidReboot: {name: "reboot", ret: kBool, handle: (*NCP).reboot},
		uidHasUID: {name: "hasUID", in: ks(kU16), ret: kBool, handle: (*NCP).hasUID},

		uidSetBaud:       {name: "setUartBaudRate", in: ks(kU32), ret: kBool, handle: (*NCP).setBaud},
		uidInitButton:    {name: "initUserButton", in: ks(kU16, kBool), ret: kBool, handle: (*NCP).initButton},
		uidInitLED:       {name: "initLED", in: ks(kU16, kBool), ret: kBool, handle: (*NCP).initLED},
		uidInitRGB:       {name: "initRGB", in: ks(kU16, kU16, kU16, kBool), ret: kBool, handle: (*NCP).initRGB},
		uidInitARGB:      {name: "initARGB", in: ks(kU16, kU8, kU8), ret: kBool, handle: (*NCP).initARGB},
		uidSetBrightness: {name: "setLedBrightness", in: ks(kU8), ret: kBool, handle: (*NCP).setBrightness},
		uidWiFiMAC:       {name: "getWiFiMAC", out: ks(kString), ret: kBool, handle: (*NCP).wifiMAC},
		uidEthernetMAC:   {name: "getEthernetMAC", out: ks(kString), ret: kBool, handle: (*NCP).ethernetMAC},

		uidInitialize:      {name: "initialize", in: ks(kString, kString), ret: kBool, handle: (*NCP).initialize},
		uidSetVendorPrefix: {name: "setVendorPrefix", in: ks(kString), ret: kBool, handle: (*NCP).setVendorPrefix},
		uidSetVendorServer: {name: "setVendorServer", in: ks(kString), ret: kBool, handle: (*NCP).setVendorServer},
		uidSetFirmwareInfo: {name: "setFirmwareInfo", in: ks(kString, kString, kString, kString), ret: kBool, handle: (*NCP).setFirmwareInfo},
		uidGetVersion:      {name: "getNcpVersion", out: ks(kString), ret: kBool, handle: (*NCP).getVersion},
		uidGetState:        {name: "getState", ret: kU8, handle: (*NCP).getState},
		uidGetHotspot:      {name: "getHotspotName", out: ks(kString), ret: kBool, handle: (*NCP).getHotspot},

		uidVirtualWrite: {name: "virtualWrite", oneway: true, in: ks(kU16, kBinary), handle: (*NCP).virtualWrite},
		uidSyncAll:      {name: "syncAll", oneway: true, handle: (*NCP).syncAll},
		uidSyncVirtual:  {name: "syncVirtual", oneway: true, in: ks(kBinary), handle: (*NCP).syncVirtual},
		uidSetProperty:  {name: "setProperty", oneway: true, in: ks(kU16, kString, kBinary), handle: (*NCP).setProperty},
		uidBeginGroup:   {name: "beginGroup", oneway: true, in: ks(kI64), handle: (*NCP).beginGroup},
		uidEndGroup:     {name: "endGroup", oneway: true, handle: (*NCP).endGroup},
		uidLogEvent:     {name: "logEvent", oneway: true, in: ks(kString, kString), handle: (*NCP).logEvent},
		uidResolve:      {name: "resolveEvent", oneway: true, in: ks(kString), handle: (*NCP).resolveEvent},
		uidResolveAll:   {name: "resolveAllEvents", oneway: true, in: ks(kString), handle: (*NCP).resolveAllEvents},
		uidSetMetadata:  {name: "setMetadata", oneway: true, in: ks(kString, kString), handle: (*NCP).setMetadata},

		uidConfigStart:   {name: "configStart", ret: kBool, handle: (*NCP).configStart},
		uidConfigStop:    {name: "configStop", ret: kBool, handle: (*NCP).configStop},
		uidConfigReset:   {name: "configReset", ret: kBool, handle: (*NCP).configReset},
		uidIsConfigured:  {name: "isConfigured", ret: kBool, handle: (*NCP).isConfigured},
		uidConfigTimeout: {name: "setConfigTimeout", in: ks(kU16), ret: kBool, handle: (*NCP).setConfigTimeout},
		uidConfigSkip:    {name: "setConfigSkipLimit", in: ks(kU8), ret: kBool, handle: (*NCP).setConfigSkipLimit},

		uidFactoryReset:   {name: "factoryReset", ret: kBool, handle: (*NCP).factoryReset},
		uidFactoryWiFi:    {name: "factoryTestWiFi", in: ks(kString, kString), out: ks(kI16), ret: kU8, handle: (*NCP).factoryWiFi},
		uidFactoryAP:      {name: "factoryTestWiFiAP", in: ks(kU16), ret: kU8, handle: (*NCP).factoryAP},
		uidFactoryConnect: {name: "factoryTestConnect", ret: kU8, handle: (*NCP).factoryConnect},

		uidOTAStart:    {name: "otaUpdateStart", in: ks(kU16), ret: kBool, handle: (*NCP).otaStart},
		uidOTACRC32:    {name: "otaUpdateGetCRC32", out: ks(kU32), ret: kBool, handle: (*NCP).otaCRC32},
		uidOTAMD5:      {name: "otaUpdateGetMD5", out: ks(kBinary), ret: kBool, handle: (*NCP).otaMD5},
		uidOTASHA256:   {name: "otaUpdateGetSHA256", out: ks(kBinary), ret: kBool, handle: (*NCP).otaSHA256},
		uidOTAPrefetch: {name: "otaUpdatePrefetch", ret: kU8, handle: (*NCP).otaPrefetch},
		uidOTASuspend:  {name: "otaUpdateSuspend", in: ks(kU16), ret: kBool, handle: (*NCP).otaSuspend},

		uidSetTime:     {name: "setTime", in: ks(kI64), ret: kBool, handle: (*NCP).setTime},
		uidGetTime:     {name: "getTime", out: ks(kString, kI64, kI16, kString, kU8), ret: kBool, handle: (*NCP).getTime},
		uidGetLocation: {name: "getLocationInfo", out: ks(kString, kString, kString, kString), ret: kBool, handle: (*NCP).getLocation},
	}
}

// outgoing is a method of the MCU that the NCP calls.
type outgoing struct {
	name   string
	oneway bool
	in     []kind
	ret    kind
	ms     int // time-out
}

// calls returns the methods of the interfaces mcu and client.
func calls() map[uint16]*outgoing {
	return map[uint16]*outgoing{
		uidMCUPing:      {name: "ping", ms: 100},
		uidMCUReboot:    {name: "reboot", ret: kBool, ms: 1000},
		uidMCUHasUID:    {name: "hasUID", in: ks(kU16), ret: kBool, ms: 1000},
		uidStateChange:  {name: "blynkStateChange", oneway: true, in: ks(kU8)},
		uidVPinChange:   {name: "blynkVPinChange", oneway: true, in: ks(kU16, kBinary)},
		uidEvent:        {name: "processEvent", oneway: true, in: ks(kU8)},
		uidOTAAvailable: {name: "otaUpdateAvailable", in: ks(kString, kU32, kString, kString, kString), ret: kBool, ms: 5000},
		uidOTAWrite:     {name: "otaUpdateWrite", in: ks(kU32, kBinary, kU32), ret: kBool, ms: 5000},
		uidOTAFinish:    {name: "otaUpdateFinish", ret: kBool, ms: 5000},
		uidOTACancel:    {name: "otaUpdateCancel", ms: 1000},
	}
}

// has tells whether this NCP has a method.
func (n *NCP) has(uid uint16) bool {
	switch {
	case n.methods[uid] == nil:
		return false
	case uid == uidHasUID:
		return !n.o.NoHasUID
	case uid == uidOTASuspend:
		return n.o.Interface != "0.6"
	}
	return true
}
