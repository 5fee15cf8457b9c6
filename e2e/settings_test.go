package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"ncpweb/e2e/browser"
	"ncpweb/sim/ncpsim"
)

// TestOptionsStay: colours and the options of the log are as they were after a reload.
// Tests of their own look after the form, the pins, the chart, the time and the language.
func TestOptionsStay(t *testing.T) {
	_, url := withNCP(t, ncpsim.Options{})
	v := open(t, url+"#log", browser.PageOptions{})
	v.wait(`document.getElementById("log-loading").hidden`, 10*time.Second)
	const now = `["log-times", "log-wrap", "log-reader"].map(id => document.getElementById(id).checked).join() + " " + document.documentElement.dataset.theme`
	if got := eval[string](v, now); got != "true,true,false undefined" {
		t.Errorf("at first the options are %s", got)
	}
	v.backTo("#theme")
	v.press(kb.Enter + kb.Enter)
	for _, id := range []string{"#log-times", "#log-wrap", "#log-reader"} {
		v.tabTo(id)
		v.press(" ")
	}
	const want = "false,false,true dark"
	if got := eval[string](v, now); got != want {
		t.Errorf("the options are %s", got)
	}
	v.again()
	v.wait(`document.getElementById("log-loading").hidden`, 10*time.Second)
	if got := eval[string](v, now); got != want {
		t.Errorf("after a reload the options are %s", got)
	}
}
