package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// A link out of the page's folder leads nowhere; a link to the folder is fine.
func TestBuiltPage(t *testing.T) {
	dir := t.TempDir()
	dist := filepath.Join(dir, "dist")
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dist, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := builtPage(dist); err == nil {
		t.Error("a folder without a page was taken")
	}
	write(filepath.Join(dist, "index.html"))
	write(filepath.Join(dir, "secret.txt"))
	for from, to := range map[string]string{
		filepath.Join(dist, "out.txt"): "../secret.txt",
		filepath.Join(dir, "link"):     "dist",
	} {
		if err := os.Symlink(to, from); err != nil {
			t.Skip("no links here: ", err)
		}
	}
	page, err := builtPage(filepath.Join(dir, "link"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(page, "index.html"); err != nil {
		t.Error(err)
	}
	if b, err := fs.ReadFile(page, "out.txt"); err == nil {
		t.Errorf("the link gave %q", b)
	}
}
