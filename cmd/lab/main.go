// Command lab serves the built page on loopback, with simulated and attached devices
// that appear on it as ports.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ncpweb/lab"
	"ncpweb/sim/ncpsim"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run() error {
	var specs lab.Specs
	addr := flag.String("addr", "127.0.0.1:8080", "`HOST:PORT` on loopback to serve the page on; port 0 takes a free one")
	dist := flag.String("dist", "dist", "`folder` of the built page")
	flag.Func("sim", "simulated NCP, `NAME[=OPTIONS]`; may be repeated; the options are below", specs.Sim)
	flag.Func("attach", "foreign device, `NAME=tcp:HOST:PORT` or NAME=pty:PATH; may be repeated", specs.Attach)
	flag.Func("expose", "give a simulated NCP to a foreign program, `NAME=tcp:PORT`, NAME=pty:LINK or NAME=connect:HOST:PORT; may be repeated", specs.Expose)
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if len(specs.All()) == 0 {
		if err := specs.Sim("ncp=provisioned,dashboard=1s"); err != nil {
			return err
		}
	}
	page := os.DirFS(*dist)
	if _, err := fs.Stat(page, "index.html"); err != nil {
		return fmt.Errorf("the built page is missing in %s; run make build first", *dist)
	}
	l, err := lab.New(lab.Options{Dist: page, Devices: specs.All(), Log: logf})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	url, err := l.Start(ctx, *addr)
	if err != nil {
		return err
	}
	fmt.Println("the page with the lab's devices:", url)
	<-ctx.Done()
	l.Wait()
	return nil
}

func logf(format string, args ...any) {
	fmt.Printf(time.Now().Format("15:04:05.000 ")+format+"\n", args...)
}

func usage() {
	out := flag.CommandLine.Output()
	fmt.Fprintln(out, "usage: lab [flags]")
	flag.PrintDefaults()
	fmt.Fprintln(out, "\nOptions of a simulated NCP, separated by commas:")
	fmt.Fprintln(out, ncpsim.OptionsHelp)
}
