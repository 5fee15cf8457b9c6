package vectors

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRoot(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Dir(filepath.Dir(here)); root != want {
		t.Errorf("root %s, want %s", root, want)
	}
	t.Chdir(t.TempDir())
	if root, err := Root(); err == nil {
		t.Errorf("root %s of a folder outside", root)
	}
}

func TestDir(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(Env, "")
	if got, want := Dir(t), filepath.Join(filepath.Dir(root), "shared", "vectors"); got != want {
		t.Errorf("beside the project: %s, want %s", got, want)
	}
	t.Setenv(Env, "elsewhere")
	if got := Dir(t); got != "elsewhere" {
		t.Errorf("named: %s", got)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(Env, dir)
	if err := os.WriteFile(filepath.Join(dir, "some.json"), []byte(`["00", "fF10"]`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := Load[[]string](t, "some.json")
	if !slices.Equal(got, []string{"00", "fF10"}) {
		t.Fatalf("got %q", got)
	}
	if b := Unhex(t, got[1]); !slices.Equal(b, []byte{0xFF, 0x10}) {
		t.Errorf("%s is % x", got[1], b)
	}
	t.Run("absent", func(t *testing.T) {
		defer func() {
			if !t.Skipped() {
				t.Error("went on without the file")
			}
		}()
		Load[any](t, "other.json")
	})
}
