package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"ncpweb/e2e/browser"
	"ncpweb/lab"
	"ncpweb/sim"
	"ncpweb/sim/ncpsim"
)

// keepSaved keeps the files that the page saves, instead of the browser.
const keepSaved = `URL.createObjectURL = (b) => { globalThis.savedBytes = b; return "#"; };
	HTMLAnchorElement.prototype.click = function () { globalThis.savedAs = this.download; }`

// saved returns the file that the page saved last.
func (v *view) saved() (name string, data []byte) {
	v.t.Helper()
	v.wait(`globalThis.savedBytes !== undefined`, 5*time.Second)
	data, err := base64.StdEncoding.DecodeString(eval[string](v, `savedBytes.arrayBuffer().then((b) => btoa(Array.from(new Uint8Array(b), (c) => String.fromCharCode(c)).join("")))`))
	v.must(err)
	name = eval[string](v, `savedAs`)
	v.must(v.Do(`globalThis.savedBytes = undefined`))
	return name, data
}

// giveFile hands a file to an input as if the person had chosen it.
func (v *view) giveFile(input, name string, data []byte) {
	v.t.Helper()
	v.must(v.Do(fmt.Sprintf(`(() => {
		const files = new DataTransfer();
		files.items.add(new File([Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %q));
		const input = document.querySelector(%q);
		input.files = files.files;
		input.dispatchEvent(new Event("change", { bubbles: true }));
	})()`, base64.StdEncoding.EncodeToString(data), name, input)))
}

// openReceive opens the page, connects to the lab's NCP, and goes to where updates are
// received.
func openReceive(t *testing.T, url string) *view {
	t.Helper()
	v := open(t, url, browser.PageOptions{})
	v.connect()
	v.must(v.Do(`location.hash = "#update"`))
	v.wait(`document.documentElement.dataset.workshop === "ready"`, 20*time.Second)
	v.must(v.Do(keepSaved))
	v.must(v.Do(`document.querySelector("[name=up-way][value=receive]")?.click()`))
	v.wait(`document.getElementById("recv-start").checkVisibility() && !document.getElementById("recv-start").disabled`, 5*time.Second)
	return v
}

type offered struct {
	out ncpsim.Outcome
	err error
}

// offer lets the NCP offer a file, and returns where its outcome comes from.
func offer(t *testing.T, n *ncpsim.NCP, u ncpsim.Update) <-chan offered {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	c := make(chan offered, 1)
	go func() { out, err := n.Offer(ctx, u); c <- offered{out, err} }()
	return c
}

// TestReceive: what the NCP delivers is taken, compared, and saved as it was; a failure
// on purpose is seen by the NCP; nobody who waits is a refusal.
func TestReceive(t *testing.T) {
	t.Parallel()
	n := ncpsim.New(ncpsim.Options{Provisioned: true})
	_, url := newLab(t, lab.Spec{Name: "Board", Sim: n, Wire: sim.WireOptions{Latency: time.Millisecond}})
	v := openReceive(t, url)
	data := make([]byte, 64<<10)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	u := ncpsim.Update{Name: "app/../<b>1.1.0.bin", Type: "TMPLtest", Version: "1.1.0", Build: "Nov 22 2026 12:00:00", Data: data}

	v.click("#recv-start")
	v.sees("#recv-state", "Waiting for an offer", 2*time.Second)
	done := offer(t, n, u)
	v.wait(`document.getElementById("task").checkVisibility() && document.getElementById("task-title").textContent.includes("Receiving")`, 5*time.Second)
	v.sees("#recv-end", "65.5 kB, all digests equal", 40*time.Second)
	if o := <-done; o.err != nil || o.out.End != ncpsim.EndDone || strings.Join(o.out.Digests, " ") != "MD5 SHA-256 CRC-32" || o.out.Resent != 0 {
		t.Errorf("the NCP saw %+v, %v", o.out, o.err)
	}
	if text := v.text("#recv-digests"); strings.Count(text, "Equal") != 3 {
		t.Errorf("digests: %q", text)
	}
	withAxe(t, v).check("received")
	v.click("#recv-save")
	if name, got := v.saved(); name != "app_.._b_1.1.0.bin" || !bytes.Equal(got, data) {
		t.Errorf("saved %q, %d bytes", name, len(got))
	}

	// It restarts behind an update; then it is told what the MCU would tell.
	v.ready(20 * time.Second)
	v.wait(`(() => { const b = document.getElementById("recv-report"); if (!/was told/.test(document.getElementById("recv-note").textContent)) b.click(); else return true; return false })()`, 15*time.Second)
	if s := n.Settings().Firmware; s.Version != "1.1.0" || s.Type != "TMPLtest" {
		t.Errorf("the NCP was told %+v", s)
	}
	v.click("#recv-stop")
	v.must(v.Do(`(s => { s.value = "5"; })(document.getElementById("recv-fault"))`))
	v.click("#recv-start")
	u.Data = data[:8<<10]
	if o := <-offer(t, n, u); o.err != nil || o.out.End != ncpsim.EndDigest {
		t.Errorf("with wrong digests on purpose the NCP saw %+v, %v", o.out, o.err)
	}
	v.sees("#recv-end", "Not the file that was offered", 5*time.Second)
	v.click("#recv-stop")
	if o := <-offer(t, n, u); o.err != nil || o.out.End != ncpsim.EndRefused {
		t.Errorf("with nobody who waits the NCP saw %+v, %v", o.out, o.err)
	}
}

// TestTag: a tag is made, checked as it is typed, appended to a file, and found there.
func TestTag(t *testing.T) {
	t.Parallel()
	_, url := newLab(t)
	v := open(t, url, browser.PageOptions{})
	v.must(v.Do(`location.hash = "#update"`))
	v.wait(`document.documentElement.dataset.workshop === "ready"`, 20*time.Second)
	v.must(v.Do(keepSaved))
	v.must(v.Do(`document.getElementById("tag-form").closest("details").open = true`))
	body := bytes.Repeat([]byte{0xA5, 0x5A, 0x42}, 200)
	v.giveFile("#tag-file", "app.bin", body)
	v.sees("#tag-text", "No tag found", 5*time.Second)
	v.fill("#tag-mcu", "1.2+3")
	v.sees("#tag-mcu-fault", "+ cannot be in a tag", 2*time.Second)
	v.fill("#tag-mcu", "1.2.3")
	v.fill("#tag-fw-type", "TMPLtest")
	v.fill("#tag-build", "Nov 22 2026 12:00:00")
	v.wait(`document.getElementById("tag-mcu-fault").textContent === "" && document.getElementById("tag-preview").checkVisibility()`, 2*time.Second)
	withAxe(t, v).check("a tag is made")
	v.click("#tag-append")
	name, tagged := v.saved()
	want := append(bytes.Clone(body), "blnkinf\x00mcu\x001.2.3\x00fw-type\x00TMPLtest\x00build\x00Nov 22 2026 12:00:00\x00\x00"...)
	if name != "tagged-app.bin" || !bytes.Equal(tagged, want) {
		t.Errorf("saved %q: %q", name, tagged[min(len(tagged), len(body)):])
	}
	v.giveFile("#tag-file", name, tagged)
	v.sees("#tag-text", "Version 1.2.3, type TMPLtest", 5*time.Second)
	v.sees("#tag-facts", "offset 0x0258", time.Second)
	v.click("#tag-extract")
	if _, got := v.saved(); !bytes.Equal(got, want[len(body):]) {
		t.Errorf("the tag alone: %q", got)
	}
}
