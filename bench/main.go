// Command bench measures what the project promises and prints each result as a line
// `figure NAME VALUE UNIT`.
//
//	go run ./bench         frames, calls and bring-up, native and as wasm on node
//	go run ./bench -flash  flashing by the built page and by esptool-js, in Chromium
//	go run ./bench -ota    updates of a simulated MCU, in Chromium
//	go run ./bench -page   the built page in Chromium; -time 5s -fill=false makes it quick
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	page := flag.Bool("page", false, "measure the built page in Chromium rather than the core")
	flash := flag.Bool("flash", false, "measure flashing, against esptool-js")
	ota := flag.Bool("ota", false, "measure the update of an MCU")
	var o pageOptions
	var fo flashOptions
	flag.StringVar(&fo.who, "flasher", "", "let only \"ours\" or the \"peer\" flash")
	flag.StringVar(&o.dist, "dist", "dist", "folder of the built page")
	flag.DurationVar(&o.time, "time", 60*time.Second, "how long the page is measured under load, in each of two views")
	flag.BoolVar(&o.fill, "fill", true, "fill the page's memory of values and frames before it is measured under load")
	flag.BoolVar(&o.profile, "profile", false, "tell where the page's time goes under load (which makes it slower)")
	flag.StringVar(&o.only, "only", "", "measure only the page's \"speed\" under load, or its \"capture\"; with -flash those cases whose names hold it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case *flash:
		fo.dist, fo.only = o.dist, o.only
		err = measureFlash(ctx, os.Stdout, fo)
	case *ota:
		err = measureOTA(ctx, os.Stdout)
	case *page:
		err = measurePage(ctx, os.Stdout, o)
	default:
		err = measureCore(ctx, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// figure prints one result.
func figure(w io.Writer, name string, value float64, unit string) {
	format := "figure %s %.2f %s\n"
	if value >= 100 || value == float64(int64(value)) {
		format = "figure %s %.0f %s\n"
	}
	fmt.Fprintf(w, format, name, value, unit)
}
