// Package vectors gives tests the golden vectors: JSON files of frames, calls and
// answers that were recorded from the deployed driver. They are no part of the
// project; where they are absent the tests that need them are skipped.
package vectors

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Env names the environment variable that holds the folder of the vectors. Without it
// the folder is ../shared/vectors, seen from the project's root.
const Env = "NCP_VECTORS"

// Message is a message of calls.json and how it stands on the line, in hexadecimal
// digits.
type Message struct {
	Payload string `json:"payload_hex"`
	Frame   string `json:"frame_hex"`
}

// Root returns the folder with go.mod, which is the working folder or one above it.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod in this folder or above it")
		}
		dir = up
	}
}

// Dir returns the folder of the vectors. It need not exist.
func Dir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv(Env); dir != "" {
		return dir
	}
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "..", "shared", "vectors")
}

// Load decodes a file of vectors. It skips the test where the file is absent and fails
// it where it cannot be read as a T.
func Load[T any](t testing.TB, name string) (v T) {
	t.Helper()
	dir := Dir(t)
	data, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no golden vectors in %s: set %s to the folder that holds %s", dir, Env, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// Unhex returns the bytes that a vector writes in hexadecimal digits. It fails the
// test if they are none.
func Unhex(t testing.TB, digits string) []byte {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
