// Command bench measures what the project promises and prints each result as a line
// `figure NAME VALUE UNIT`.
//
//	go run ./bench         frames, calls and bring-up, native and as wasm on node
//	go run ./bench -page   the built page in Chromium
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	page := flag.Bool("page", false, "measure the built page in Chromium rather than the core")
	dist := flag.String("dist", "dist", "folder of the built page")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *page {
		err = measurePage(ctx, os.Stdout, *dist)
	} else {
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
