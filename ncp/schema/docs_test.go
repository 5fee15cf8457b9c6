package schema

import (
	"os"
	"strings"
	"testing"
)

// The examples of docs/description.md are descriptions, of the same methods.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/description.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```json\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		example, _, _ := strings.Cut(b, "```")
		d, err := Parse([]byte(example))
		if err != nil {
			t.Errorf("%v in\n%s", err, example)
			continue
		}
		s := New()
		if m := s.Merge(d); len(m.Added) != 2 || m.Added[0].Name != "shine" || m.Added[0].UID != 0x0398 || !m.Added[1].Oneway {
			t.Errorf("%+v", m)
		}
	}
}
