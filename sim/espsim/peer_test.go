package espsim

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ncpweb/serial"
	"ncpweb/sim"
)

// TestForeignTool lets npm esptool-js, run by node, flash each chip in real time.
func TestForeignTool(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	tool, err := filepath.Abs("../../node_modules/esptool-js/bundle.js")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tool); err != nil {
		t.Skip("npm package esptool-js is not installed")
	}
	if testing.Short() {
		t.Skip("real time")
	}
	for _, c := range allChips {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			flashByPeer(t, node, tool, c)
		})
	}
}

func flashByPeer(t *testing.T, node, tool string, c Chip) {
	img := Image(ImageOptions{Chip: c, Size: 192 << 10, Version: "2.0.1"})
	file := filepath.Join(t.TempDir(), "image.bin")
	if err := os.WriteFile(file, img, 0o600); err != nil {
		t.Fatal(err)
	}
	w := sim.NewWire(sim.WireOptions{Latency: time.Millisecond, Reopen: 10 * time.Millisecond})
	b := New(Options{Chip: c, Content: bytes.Repeat([]byte("old firmware "), 20_000)})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- sim.Run(ctx, w, b) }()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go servePort(l, w.Adapter())
	port := l.Addr().(*net.TCPAddr).Port
	cmd := exec.CommandContext(ctx, node, "testdata/peer.mjs", strconv.Itoa(port), tool, file, "921600")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	begin := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v, chip %v: %s", err, b.State(), stderr.String())
	}
	t.Logf("%v: %s", time.Since(begin).Round(time.Millisecond), out)

	var got struct {
		Chip, ID, Sum string
		Same          bool
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sum := md5.Sum(img)
	if got.ID != "1640ef" || got.Sum != hex.EncodeToString(sum[:]) || !got.Same {
		t.Errorf("the tool says %+v", got)
	}
	if flash := b.Flash(); !bytes.Equal(flash[:len(img)], img) {
		t.Error("flash differs from the image")
	}
	if v := b.Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	w.Close()
}

// servePort lends an adapter to peer.mjs.
func servePort(l net.Listener, a serial.Adapter) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	s := &lender{a: a, c: c}
	r := bufio.NewReader(c)
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(r, head); err != nil {
			break
		}
		body := make([]byte, binary.LittleEndian.Uint32(head[1:]))
		if _, err := io.ReadFull(r, body); err != nil {
			break
		}
		s.do(head[0], body)
		s.tell('A', nil)
	}
	if s.p != nil {
		_ = s.p.Close()
	}
}

type lender struct {
	a  serial.Adapter
	p  serial.Port
	mu sync.Mutex // guards writes to c
	c  net.Conn
}

func (s *lender) tell(what byte, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.c.Write(append(binary.LittleEndian.AppendUint32([]byte{what}, uint32(len(body))), body...))
}

func (s *lender) do(what byte, body []byte) {
	ctx := context.Background()
	switch what {
	case 'O':
		p, err := s.a.Open(ctx, serial.Mode{Baud: int(binary.LittleEndian.Uint32(body))})
		if err != nil {
			return
		}
		s.p = p
		go s.pump(p)
	case 'C':
		_ = s.p.Close()
	case 'W':
		_, _ = s.p.Write(body)
	case 'S':
		level := []serial.Level{serial.Off, serial.On, serial.Keep}
		_ = s.p.SetSignals(ctx, serial.Signals{DTR: level[body[0]], RTS: level[body[1]]})
	}
}

func (s *lender) pump(p serial.Port) {
	buf := make([]byte, 4096)
	for {
		n, err := p.Read(buf)
		if n > 0 {
			s.tell('D', buf[:n])
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
}
