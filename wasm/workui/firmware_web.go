//go:build js && wasm

package workui

import (
	"context"
	"strings"
	"syscall/js"

	"ncpweb/firmware/manifest"
	"ncpweb/wasm/doc"
	"ncpweb/wasm/lang"
)

// load fetches a file of at most that many bytes.
func (u *UI) load(ctx context.Context, address string, most int) ([]byte, error) {
	return u.services.bytes(ctx, most, "load", address, most)
}

// fetchManifest gets a manifest from the web. name is shown for it.
func (v *firmwareView) fetchManifest(address string) {
	name := address
	u, ok := resolve(address)
	if !ok {
		v.notice.refuse(name, lang.T("This is no address of the web."))
		v.changed()
		return
	}
	if !allowed(u) {
		v.notice.refuse(name, lang.F("It is on another server, {0}, and this page loads nothing from other servers. Download the manifest and the files that it names there, then drop them here together.", shortName(u.Get("host").String())))
		v.changed()
		return
	}
	base := u.Get("href").String()
	button := doc.ByID("fw-url-load")
	button.SetAttr("aria-busy", "true")
	go func() {
		data, err := v.u.load(context.Background(), base, manifest.MaxJSON)
		v.u.Post(func() {
			button.SetFlag("aria-busy", false)
			v.notice.close()
			if err != nil {
				err = &fetchError{name, err}
			} else {
				err = v.tookManifest(name, base, data)
			}
			if err != nil {
				v.notice.refuse(name, refusal(err))
			}
			v.changed()
		})
	}()
}

// resolve makes an address of what a person typed.
func resolve(address string) (u js.Value, ok bool) {
	constructor := js.Global().Get("URL")
	base := doc.Document().Get("baseURI")
	if !constructor.Call("canParse", address, base).Bool() {
		return u, false
	}
	u = constructor.New(address, base)
	p := u.Get("protocol").String()
	return u, p == "http:" || p == "https:"
}

// allowed tells whether the page may load from an address: its policy says so, and the
// browser would tell the person nothing.
func allowed(u js.Value) bool {
	origin := u.Get("origin").String()
	if origin == js.Global().Get("location").Get("origin").String() {
		return true
	}
	meta := doc.Document().Call("querySelector", `meta[http-equiv="Content-Security-Policy"]`)
	if meta.IsNull() {
		return true
	}
	for _, directive := range strings.Split(meta.Get("content").String(), ";") {
		words := strings.Fields(directive)
		if len(words) > 0 && words[0] == "connect-src" {
			for _, w := range words[1:] {
				if strings.TrimSuffix(w, "/") == origin || w == "https:" && u.Get("protocol").String() == "https:" {
					return true
				}
			}
			return false
		}
	}
	return false
}
