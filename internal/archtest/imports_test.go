package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"ncpweb/internal/vectors"
)

const module = "ncpweb"

// allowed lists, for every package, which of our packages it may import. Arrows
// point downward only: a contract knows nothing of what is built on it, and a
// simulated device shares nothing with the code that it tests but the frame
// encoder, which golden vectors pin.
var allowed = map[string]string{
	// floor 0: contracts and codecs
	"serial":            "",
	"serial/inbox":      "serial",
	"serial/serialtest": "serial",
	"ncp/frame":         "",
	"ncp/idl":           "",

	"internal/json": "",
	"board":         "internal/json",
	"slip":          "",

	"firmware":          "",
	"firmware/espimage": "firmware",
	"firmware/manifest": "firmware firmware/espimage internal/json",

	// floor 1: the endpoint and the wire
	"ncp/rpc": "ncp/frame",
	"sim":     "serial",
	"flash":   "firmware",

	// floor 2: the protocol and the devices
	"ncp":          "ncp/rpc",
	"ncp/link":     "ncp ncp/rpc ncp/frame serial",
	"ncp/trace":    "ncp ncp/rpc",
	"ncp/ota":      "ncp ncp/rpc",
	"ncp/host":     "ncp ncp/ota ncp/rpc serial",
	"ncp/schema":   "ncp ncp/rpc internal/json",
	"ncp/traffic":  "ncp ncp/rpc ncp/trace ncp/schema internal/json",
	"sim/ncpsim":   "sim serial ncp/frame",
	"sim/faultsim": "sim sim/ncpsim serial serial/inbox ncp/frame",
	"sim/espsim":   "sim sim/ncpsim serial",
	"sim/mcusim":   "sim serial ncp/frame",
	"flash/esp":    "flash firmware firmware/espimage slip serial internal/json",

	// floor 3: one device's life
	"session":         "ncp ncp/link ncp/rpc ncp/frame ncp/trace serial session/history internal/json",
	"session/history": "",
	"session/profile": "session ncp board internal/json",
	"doctor":          "ncp ncp/link ncp/rpc ncp/frame serial",

	// floor 4: the page
	"wasm":           "session ncp serial wasm/webserial wasm/page wasm/ui wasm/bridge",
	"wasm/ui":        "session session/history session/profile board ncp serial internal/json wasm/webserial wasm/page wasm/doc wasm/loop wasm/show wasm/lang wasm/bridge",
	"wasm/tools":     "wasm/toolui wasm/bridge wasm/webserial",
	"wasm/toolui":    "doctor ncp ncp/rpc ncp/schema ncp/trace ncp/traffic serial wasm/webserial wasm/bridge wasm/page wasm/doc wasm/loop wasm/show wasm/lang",
	"wasm/workshop":  "wasm/workui wasm/bridge wasm/webserial",
	"wasm/workui":    "ncp ncp/host ncp/ota ncp/rpc flash flash/esp firmware firmware/espimage firmware/manifest board serial internal/json wasm/webserial wasm/bridge wasm/page wasm/doc wasm/loop wasm/show wasm/lang",
	"wasm/bridge":    "session ncp ncp/rpc ncp/trace serial wasm/webserial",
	"wasm/loop":      "wasm/doc",
	"wasm/doc":       "wasm/show",
	"wasm/show":      "wasm/lang",
	"wasm/lang":      "",
	"wasm/page":      "wasm/lang",
	"wasm/webserial": "serial serial/inbox",
	"wasm/simworker": "lab/portlink sim sim/ncpsim sim/faultsim sim/espsim sim/mcusim serial",

	// tools, beside the house
	"lab":               "lab/portlink sim sim/ncpsim sim/faultsim sim/espsim sim/mcusim serial serial/inbox",
	"lab/portlink":      "sim serial",
	"cmd/lab":           "lab sim sim/ncpsim sim/faultsim sim/espsim serial",
	"cmd/ncpgen":        "ncp/idl",
	"cmd/dist":          "",
	"internal/archtest": "",
	"internal/vectors":  "", // for tests: no product imports it
	"e2e":               "",
	"e2e/browser":       "lab sim sim/ncpsim sim/espsim serial",
	"e2e/peer":          "e2e/browser lab",
	"e2e/webserial":     "",
	"bench":             "e2e/browser e2e/peer lab sim sim/ncpsim sim/espsim sim/mcusim serial ncp/frame",
	"bench/otapage":     "ncp/host ncp/ota serial wasm/webserial",
}

// forbiddenInTests lists what the tests of a package may not import although other
// tests may reach upward: a simulated device that is tested with the product's own
// endpoint proves nothing about either.
var forbiddenInTests = map[string]string{
	"sim":        "ncp ncp/rpc ncp/link session",
	"sim/ncpsim": "ncp ncp/rpc ncp/link session",
	"sim/mcusim": "ncp ncp/rpc ncp/link ncp/ota ncp/host session",
	"sim/espsim": "ncp ncp/rpc ncp/link session flash flash/esp slip firmware firmware/espimage",
}

// heavy are packages that cost the page's program much: fmt with the reflect that it
// brings some sixty kilobytes packed, the others a hundred and more.
var heavy = []string{
	"fmt", "reflect",
	"encoding/json", "log/slog", "net/http", "html/template", "text/template", "net", "crypto/tls", "go/ast",
	"testing", module + "/internal/vectors", module + "/sim", module + "/sim/ncpsim", module + "/ncp/idl",
}

// wordy are packages that our own code in the workshop does without: what they do for it,
// strconv and internal/json do as well. A library may bring them: archive/zip brings fmt.
var wordy = []string{"fmt", "reflect", "encoding/json"}

// pkg is what `go list` tells of a package.
type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Error        *struct{ Err string }
}

// platforms are those that the project is built for.
var platforms = [][]string{{"GOOS=linux", "GOARCH=amd64"}, {"GOOS=js", "GOARCH=wasm"}}

func root(t *testing.T) string {
	t.Helper()
	dir, err := vectors.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// list runs `go list` for one platform.
func list(t *testing.T, platform []string, args ...string) []pkg {
	t.Helper()
	args = append([]string{"list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports"}, args...)
	cmd := exec.Command("go", args...)
	cmd.Dir = root(t)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), platform...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// ours returns the path below the module, and whether it is one of ours.
func ours(path string) (string, bool) {
	return strings.CutPrefix(path, module+"/")
}

func TestImportEdges(t *testing.T) {
	seen := 0
	for _, platform := range platforms {
		for _, p := range list(t, platform, "./...") {
			name, ok := ours(p.ImportPath)
			if !ok || strings.Contains(name, "node_modules") {
				continue
			}
			seen++
			edges, known := allowed[name]
			if !known {
				t.Errorf("%s: a package that is not in the list; say here what it may import", name)
				continue
			}
			for _, bad := range beyond(p.Imports, strings.Fields(edges)) {
				t.Errorf("%s imports %s, which the list does not allow", name, bad)
			}
			forbidden := strings.Fields(forbiddenInTests[name])
			for _, imp := range slices.Concat(p.TestImports, p.XTestImports) {
				if to, ok := ours(imp); ok && slices.Contains(forbidden, to) {
					t.Errorf("the tests of %s import %s", name, to)
				}
			}
		}
	}
	if seen == 0 {
		t.Fatal("go list found none of our packages")
	}
}

// beyond returns our packages among imports that edges does not name.
func beyond(imports, edges []string) []string {
	var bad []string
	for _, imp := range imports {
		if to, ok := ours(imp); ok && !slices.Contains(edges, to) {
			bad = append(bad, to)
		}
	}
	return bad
}

// TestEdgesPointDownward keeps the list itself honest: it has no circle, and no
// floor is above what it imports.
func TestEdgesPointDownward(t *testing.T) {
	done := make(map[string]bool)
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		if slices.Contains(path, name) {
			t.Fatalf("circle: %s → %s", strings.Join(path, " → "), name)
		}
		if done[name] {
			return
		}
		for _, to := range strings.Fields(allowed[name]) {
			if _, known := allowed[to]; !known {
				t.Errorf("%s may import %s, which the list does not know", name, to)
			}
			visit(to, append(slices.Clone(path), name))
		}
		done[name] = true
	}
	for name := range allowed {
		visit(name, nil)
	}
}

func TestSyscallJSOnlyUnderWasm(t *testing.T) {
	users := 0
	for _, p := range list(t, platforms[1], "./...") {
		name, ok := ours(p.ImportPath)
		if !ok || !slices.Contains(slices.Concat(p.Imports, p.TestImports, p.XTestImports), "syscall/js") {
			continue
		}
		users++
		if name != "wasm" && !strings.HasPrefix(name, "wasm/") && name != "bench/otapage" {
			t.Errorf("%s imports syscall/js", name)
		}
	}
	if users == 0 {
		t.Error("nothing imports syscall/js: the check looks in the wrong place")
	}
}

func TestProductIsLight(t *testing.T) {
	deps := list(t, platforms[1], "-deps", "./wasm", "./wasm/tools")
	if len(deps) < 20 {
		t.Fatalf("the program has only %d packages: the check looks in the wrong place", len(deps))
	}
	for _, p := range deps {
		if slices.Contains(heavy, p.ImportPath) {
			t.Errorf("the page's program links %s; `go list -deps` of ./wasm tells who brings it", p.ImportPath)
		}
	}
}

// TestWorkshopIsPlain: our own code in the workshop formats without fmt.
func TestWorkshopIsPlain(t *testing.T) {
	own := 0
	for _, p := range list(t, platforms[1], "-deps", "./wasm/workshop") {
		if !strings.HasPrefix(p.ImportPath, module+"/") {
			continue
		}
		own++
		for _, imp := range p.Imports {
			if slices.Contains(wordy, imp) {
				t.Errorf("%s imports %s, and is part of the workshop", p.ImportPath, imp)
			}
		}
	}
	if own < 10 {
		t.Fatalf("the workshop has only %d packages of ours: the check looks in the wrong place", own)
	}
}
