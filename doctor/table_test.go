package doctor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ncpweb/doctor"
	"ncpweb/internal/vectors"
	"ncpweb/sim/faultsim"
)

// TestTable keeps the table of docs/doctor.md as the provoked faults are: the verdicts
// in it are those of the test run.
func TestTable(t *testing.T) {
	root, err := vectors.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "doctor.md"))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	add := func(fault, about string, r doctor.Report) {
		v := r.Verdicts[0]
		also := "–"
		if len(r.Verdicts) > 1 {
			var rest []string
			for _, w := range r.Verdicts[1:] {
				rest = append(rest, w.Code.String())
			}
			also = strings.Join(rest, ", ")
		}
		how := v.Certainty.String()
		if v.Freed {
			how += ", ended by the restart"
		}
		table.WriteString("| " + fault + " | " + about + " | **" + v.Code.String() + "** | " + how + " | " + also + " | " + r.Took.Round(1e8).String() + " |\n")
	}
	for _, tt := range faults {
		f, _ := faultsim.Find(tt.fault)
		o := tt.o
		o.AllowReset = true
		add("`"+tt.fault+"`", f.About+given(tt.o), run(t, f, o, nil))
	}
	for _, p := range []doctor.Platform{{}, {Linux: true}, {Linux: true, Chromium: true}} {
		o := doctor.Options{Platform: p}
		add("–", "the browser offers no port"+given(o), doctor.Run(t.Context(), nil, o))
	}
	if !strings.Contains(string(text), table.String()) {
		t.Errorf("docs/doctor.md does not hold this table:\n%s", table.String())
	}
}

// given says what is known besides.
func given(o doctor.Options) string {
	var list []string
	if o.Known != 0 {
		list = append(list, "the page has set that rate")
	}
	if o.Platform.Linux {
		list = append(list, "Linux")
	}
	if o.Platform.Chromium {
		list = append(list, "plain Chromium")
	}
	if o.OpenedBefore {
		list = append(list, "opened before")
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}
