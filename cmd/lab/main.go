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
	"strings"
	"syscall"
	"time"

	"ncpweb/lab"
	"ncpweb/sim/faultsim"
	"ncpweb/sim/ncpsim"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", strings.TrimPrefix(err.Error(), "lab: "))
		os.Exit(1)
	}
}

func run() error {
	var specs lab.Specs
	addr := flag.String("addr", "127.0.0.1:8080", "`HOST:PORT` on loopback to serve the page on; port 0 takes a free one")
	dist := flag.String("dist", "dist", "`folder` of the built page")
	flag.Func("sim", "simulated NCP, board or MCU, `NAME[=OPTIONS]`; may be repeated; the options are below", specs.Sim)
	flag.Func("attach", "foreign device that speaks raw bytes, `NAME=tcp:HOST:PORT` (dial), NAME=listen:PORT or NAME=pty:PATH; may be repeated", specs.Attach)
	flag.Func("expose", "give a simulated device to a foreign program instead of the page, `NAME=tcp:PORT` (listen), NAME=pty:LINK (a PTY and a link to it) or NAME=connect:HOST:PORT (dial); may be repeated", specs.Expose)
	flag.Usage = usage
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if len(specs.All()) == 0 {
		if err := specs.Sim("ncp=provisioned,initialized,dashboard=1s"); err != nil {
			return err
		}
	}
	page, err := builtPage(*dist)
	if err != nil {
		return err
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

// builtPage returns the folder of the built page. Links that lead out of it lead
// nowhere.
func builtPage(folder string) (fs.FS, error) {
	root, err := os.OpenRoot(folder)
	if err == nil {
		_, err = root.Stat("index.html")
	}
	if err != nil {
		return nil, fmt.Errorf("the built page is missing in %s; run make build first", folder)
	}
	return root.FS(), nil
}

func logf(format string, args ...any) {
	fmt.Printf(time.Now().Format("15:04:05.000 ")+format+"\n", args...)
}

const help = `usage: lab [flags]

Serves the built page on this machine, with devices that appear on it as serial ports.
Without flags there is one simulated NCP. Everything stays on loopback.

  lab -sim ncp=provisioned,dashboard=1s      a simulated NCP that is busy
  lab -sim one -sim two=baud=115200          two of them; the page lets you choose
  lab -sim board=esp=esp32c3,blank           a board to be flashed
  lab -sim mcu=mcu,broken=reverts            a Primary MCU, for Update
  lab -attach board=pty:/dev/ttyUSB0         a real board, or any serial device
  lab -attach board=tcp:localhost:7000       a program that speaks the protocol on TCP
  lab -sim ncp -expose ncp=pty:/tmp/ncp      a simulated NCP for a program that opens /tmp/ncp
  lab -expose ncp=tcp:7000                   the same for one that connects to port 7000
  lab -sim ncp=provisioned,initialized,offer=64K    an NCP that delivers an update to the page
  lab -sim mcu=mcu -expose mcu=tcp:7001      a simulated MCU for a program that is the NCP

A foreign device may be an NCP or an MCU. Attach it, choose its port on the page, and the
page plays the other end: the MCU to a foreign NCP with Connect, the NCP to a foreign MCU
in Update. A program that waits for connections is attached with tcp, one that connects
with listen, one on a terminal with pty. A foreign MCU begins by itself, with pings, as soon as it is there; the page
answers from when its port is open.

A foreign device is plugged in while it can be reached, and unplugged when it goes; the
lab tries again five times a second. A TCP port has no rate: what the page sets is ignored.

Flags:
`

func usage() {
	out := flag.CommandLine.Output()
	fmt.Fprint(out, help)
	flag.PrintDefaults()
	fmt.Fprintf(out, "\nThe %s\n", ncpsim.OptionsHelp)
	fmt.Fprintf(out, "Or %s\n", lab.BoardHelp)
	fmt.Fprintf(out, "Or %s\n", lab.MCUHelp)
	fmt.Fprint(out, "Or fault=NAME alone, for a device on which something is wrong:\n")
	for _, f := range faultsim.All() {
		if f.Refuse == nil {
			fmt.Fprintf(out, "  %-16s %s\n", f.Name, f.About)
		}
	}
}
