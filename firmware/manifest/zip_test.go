package manifest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"ncpweb/firmware"
)

// stays fails unless the address is in https://h/f/.
func stays(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(strings.ReplaceAll(address, " ", "%20"))
	if err != nil {
		return // no place at all
	}
	// JoinPath takes dots away once more, escaped ones being dots by now.
	if u.Scheme != "https" || u.Host != "h" || u.User != nil || !strings.HasPrefix(u.JoinPath().Path, "/f/") {
		t.Fatalf("%q leads to %q", address, u.JoinPath())
	}
}

// entry is a file of an archive.
type entry struct{ name, data string }

// archive writes a ZIP.
func archive(t testing.TB, list ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range list {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, list ...entry) *Archive {
	t.Helper()
	a, err := Zip(archive(t, list...))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestFromZip(t *testing.T) {
	idf := []entry{
		{"build/", ""}, {"build/flasher_args.json", flasherArgs}, {"build/app.bin", "app"}, {"build/bootloader/bootloader.bin", "boot"},
		{"build/partition_table/partition-table.bin", "rows"}, {"build/app.elf", "\x7FELF"}, {"build/deep/flasher_args.json", "{"},
	}
	p, err := FromZip(open(t, idf...))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := p.Parts(&p.Manifest.Builds[0])
	if err != nil || p.Folder != "build/" || len(parts) != 3 || string(parts[1].Data) != "rows" || parts[2].Addr != 0x10000 {
		t.Errorf("%+v, %v", parts, err)
	}
	if m, err := firmware.Build(parts); err != nil || m.Size() != 11 {
		t.Errorf("%+v, %v", m, err)
	}

	p, err = FromZip(open(t, entry{"manifest.json", one(part("fw/a.bin", "0"))}, entry{"fw/a.bin", "A"}, entry{"other.bin", "B"}))
	if err != nil {
		t.Fatal(err)
	}
	if parts, err := p.Parts(&p.Manifest.Builds[0]); err != nil || string(parts[0].Data) != "A" {
		t.Errorf("%+v, %v", parts, err)
	}

	single := []entry{{"README.txt", "hi"}, {"x/BlynkNCP.flash.BIN", "\xE9\x01\x02\x03\x04\x05\x06\x07"}, {"__MACOSX/x/._BlynkNCP.flash.bin", "x"}, {"manifest.json", `{"manifest":{"application":{}}}`}}
	p, err = FromZip(open(t, single...))
	if err != nil || p.Manifest != nil || p.File.Name != "BlynkNCP.flash.BIN" || p.File.Kind != firmware.ESP {
		t.Errorf("%+v, %v", p, err)
	}

	for _, c := range []struct {
		name string
		list []entry
		want Code
	}{
		{"nothing", []entry{{"a.txt", "x"}}, ErrNothing},
		{"empty", nil, ErrNothing},
		{"several", []entry{{"km0_boot_all.bin", "x"}, {"km4_boot_all.bin", "y"}}, ErrAmbiguous},
		{"two manifests", []entry{{"a/flasher_args.json", flasherArgs}, {"b/flasher_args.json", flasherArgs}}, ErrAmbiguous},
		{"broken manifest", []entry{{"manifest.json", `{"builds":[`}}, ErrJSON},
		{"manifest that leads out", []entry{{"a/flasher_args.json", `{"flash_files":{"0x0":"../x.bin"}}`}, {"x.bin", "x"}}, ErrOutside},
		{"manifest that leads elsewhere", []entry{{"manifest.json", one(part("https://example.org/x.bin", "0"))}}, ErrOrigin},
	} {
		if _, err := FromZip(open(t, c.list...)); code(t, err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p, err = FromZip(open(t, entry{"flasher_args.json", flasherArgs}))
	if err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := p.Parts(&p.Manifest.Builds[0]); !errors.As(err, &e) || e.Code != ErrNoEntry || e.Name != "bootloader/bootloader.bin" {
		t.Error(err)
	}
	if _, err := FromZip(open(t, entry{"x.bin", strings.Repeat("\xFF", 100)})); !errors.As(err, new(*firmware.Error)) {
		t.Error(err)
	}
}

func TestRefusedArchives(t *testing.T) {
	flagged := archive(t, entry{"a.bin", "x"})
	at := bytes.LastIndex(flagged, []byte("PK\x01\x02"))
	flagged[at+8] |= encrypted
	var lots []entry
	for i := range MaxEntries + 1 {
		lots = append(lots, entry{fmt.Sprintf("%d.txt", i), ""})
	}
	for _, c := range []struct {
		name string
		data []byte
		want Code
	}{
		{"not an archive", []byte("PK\x03\x04 but no more"), ErrZip},
		{"cut off", archive(t, entry{"a.bin", "hello"})[:60], ErrZip},
		{"upwards", archive(t, entry{"../a.bin", "x"}), ErrOutside},
		{"upwards below", archive(t, entry{"b/../../a.bin", "x"}), ErrOutside},
		{"absolute", archive(t, entry{"/etc/a.bin", "x"}), ErrOutside},
		{"drive", archive(t, entry{"C:/a.bin", "x"}), ErrOutside},
		{"backslash", archive(t, entry{`..\a.bin`, "x"}), ErrPath},
		{"control character", archive(t, entry{"a\nb.bin", "x"}), ErrPath},
		{"no name", archive(t, entry{"", "x"}), ErrPath},
		{"twice", archive(t, entry{"a.bin", "x"}, entry{"a.bin", "y"}), ErrTwice},
		{"twice, written in two ways", archive(t, entry{"a.bin", "x"}, entry{"./a.bin", "y"}), ErrTwice},
		{"encrypted", flagged, ErrEncrypted},
		{"too many entries", archive(t, lots...), ErrLarge},
		{"table without end", endless(), ErrLarge},
	} {
		if _, err := Zip(c.data); code(t, err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, codeTexts[c.want])
		}
	}
}

// endless is an archive that says it has no entries, and has 65536 of them.
func endless() []byte {
	var b []byte
	head := make([]byte, 46)
	copy(head, "PK\x01\x02")
	for range 65536 {
		b = append(b, head...)
	}
	size := len(b)
	b = append(b, "PK\x05\x06\x00\x00\x00\x00\x00\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	return append(b, 0, 0, 0, 0, 0, 0)
}

// raw writes an archive with one deflated entry that says what it likes of its size.
func raw(t *testing.T, unpacked int, says uint64, method uint16) []byte {
	t.Helper()
	packed := archive(t, entry{"a.bin", strings.Repeat("\x00", unpacked)})
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := r.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	stream, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateRaw(&zip.FileHeader{Name: "a.bin", Method: method, CRC32: r.File[0].CRC32, CompressedSize64: uint64(len(stream)), UncompressedSize64: says})
	if err != nil {
		t.Fatal(err)
	}
	f.Write(stream)
	w.Close()
	return b.Bytes()
}

func TestBombs(t *testing.T) {
	const entrySize, total = 1000, 1500 // instead of MaxEntry and MaxTotal, which take long
	small := func(data []byte) *Archive {
		a, err := Zip(data)
		if err != nil {
			t.Fatal(err)
		}
		if a.maxEntry != MaxEntry || a.maxTotal != MaxTotal {
			t.Fatalf("%+v", a)
		}
		a.maxEntry, a.maxTotal = entrySize, total
		return a
	}
	for _, c := range []struct {
		name     string
		unpacked int
		says     uint64
		method   uint16
		want     Code
	}{
		{"honest bomb", entrySize + 1, entrySize + 1, zip.Deflate, ErrBomb},
		{"bomb that says it is small", 1 << 20, 100, zip.Deflate, ErrZip},
		{"small one that says it is large", 100, 1 << 40, zip.Deflate, ErrBomb},
		{"short one", 100, 200, zip.Deflate, ErrZip},
		{"unknown packing", 100, 100, 14, ErrMethod},
		{"fine", 100, 100, zip.Deflate, 0},
		{"as much as may be", entrySize, entrySize, zip.Deflate, 0},
	} {
		data, err := small(raw(t, c.unpacked, c.says, c.method)).Read("a.bin")
		if code(t, err) != c.want || len(data) > entrySize || c.want == 0 && len(data) != c.unpacked {
			t.Errorf("%s: %d bytes, %v", c.name, len(data), err)
		}
	}
	// Together.
	a := small(archive(t, entry{"a", strings.Repeat("x", 700)}, entry{"b", strings.Repeat("x", 700)}, entry{"c", strings.Repeat("x", 700)}))
	for range 3 { // the same file again costs nothing
		if _, err := a.Read("a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Read("b"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Read("c"); code(t, err) != ErrBomb {
		t.Error(err)
	}
	if got := a.Names(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%q", got)
	}
}

func FuzzZip(f *testing.F) {
	f.Add(archive(f, entry{"flasher_args.json", flasherArgs}, entry{"app.bin", "app"}))
	f.Add(archive(f, entry{"a/manifest.json", one(part("fw/a.bin", "0"))}, entry{"a/fw/a.bin", "A"}))
	f.Add(archive(f, entry{"x.hex", ":00000001FF\n"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Zip(data)
		if err != nil {
			code(t, err)
			return
		}
		for _, name := range a.Names() {
			if name == "" || strings.HasPrefix(name, "/") || slices.Contains(strings.Split(name, "/"), "..") {
				t.Fatalf("%q", name)
			}
		}
		p, err := FromZip(a)
		if err != nil || p.Manifest == nil {
			return
		}
		for i := range p.Manifest.Builds {
			if parts, err := p.Parts(&p.Manifest.Builds[i]); err == nil {
				firmware.Build(parts)
			}
		}
	})
}
