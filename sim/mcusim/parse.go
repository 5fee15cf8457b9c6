package mcusim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// OptionsHelp describes the text that ParseOptions takes.
const OptionsHelp = `options of the simulated MCU, separated by commas:
  version=TEXT      of the firmware that it runs (1.0.0)
  template=ID       its product (TMPL0demo0001)
  baud=N            rate it starts with (38400)
  target=N          rate it raises the line to (115200); 0: it does not
  chunk=N           bytes it asks for at a time, 0 to 65535 (1024)
  size=N or NK      bytes of a slot (512K)
  receiver=KIND     of chunks that it has already: deployed (refuses them), lenient, strict
  broken=KIND       in an update: refuses, neverstarts, deaf, restarts, wrongsum, ownsum,
                    silentend, neverback, keepsold, reverts, asksforever, losespower
  at=SHARE          of the file at which that happens (0.5)
  prefetch          asks the NCP to fetch the file first
  suspend=TIME      it suspends the update once, for 1s to 18h
  erase=TIME        time to erase a slot; write=TIME: that each chunk takes
  values=TIME       pace at which it writes a value to V0
  seed=N            makes chance repeatable`

// ParseOptions reads options from text such as "version=1.2.0,chunk=512,broken=reverts".
// OptionsHelp lists them. Empty text is the zero Options.
func ParseOptions(text string) (Options, error) {
	var o Options
	if strings.TrimSpace(text) == "" {
		return o, nil
	}
	version := ""
	for item := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(item), "=")
		var err error
		if key == "version" {
			version, err = value, parseText(&version, value)
		} else {
			err = o.parse(key, value)
		}
		if err != nil {
			return Options{}, fmt.Errorf("mcusim: option %q: %w", item, err)
		}
	}
	if version != "" {
		template := o.Template
		setDefault(&template, defaultTemplate)
		o.Firmware = Image(template, version, 20<<10, 1)
	}
	return o, nil
}

// defaultTemplate is the product of an MCU that was given none.
const defaultTemplate = "TMPL0demo0001"

func (o *Options) parse(key, value string) error {
	if p, least := o.duration(key); p != nil {
		d, err := time.ParseDuration(value)
		if err != nil || d < least || d > 18*time.Hour {
			return fmt.Errorf("not a time from %v to 18h", least)
		}
		*p = d
		return nil
	}
	switch key {
	case "template":
		return parseText(&o.Template, value)
	case "baud":
		return parseNumber(&o.Baud, value, 300, 10_000_000)
	case "target":
		if value == "0" {
			o.Target = -1
			return nil
		}
		return parseNumber(&o.Target, value, 300, 10_000_000)
	case "chunk":
		var n int
		err := parseNumber(&n, value, 0, 65535)
		o.Chunk, o.Zero = uint16(n), n == 0
		return err
	case "size":
		return o.parseSlot(value)
	case "receiver":
		return choose(&o.Strict, value, strictNames)
	case "broken":
		return choose(&o.Broken, value, brokenNames)
	case "at":
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || !(f > 0 && f <= 1) {
			return fmt.Errorf("not a share above 0 and up to 1")
		}
		o.At = f
		return nil
	case "prefetch":
		o.Prefetch = true
		if value != "" {
			return fmt.Errorf("takes no value")
		}
		return nil
	case "seed":
		n, err := strconv.ParseUint(value, 10, 64)
		o.Seed = n
		return err
	}
	return fmt.Errorf("not known")
}

func (o *Options) duration(key string) (p *time.Duration, least time.Duration) {
	switch key {
	case "suspend":
		return &o.SuspendFor, time.Second
	case "erase":
		return &o.Erase, time.Millisecond
	case "write":
		return &o.Write, time.Millisecond
	case "values":
		return &o.Values, 10 * time.Millisecond
	}
	return nil, 0
}

// parseSlot reads the size of a slot. It is that of an MCU: up to 64 MiB.
func (o *Options) parseSlot(value string) error {
	digits, kilo := strings.CutSuffix(value, "K")
	limit, unit := 64<<20, 1
	if kilo {
		limit, unit = limit>>10, 1<<10
	}
	err := parseNumber(&o.Slot, digits, 1, limit)
	o.Slot *= unit
	return err
}

var strictNames = map[string]Strictness{"deployed": Deployed, "lenient": Lenient, "strict": Strict}

var brokenNames = map[string]Broken{
	"refuses": Refuses, "neverstarts": NeverStarts, "deaf": Deaf, "restarts": Restarts,
	"wrongsum": WrongSum, "ownsum": OwnSum, "silentend": SilentEnd, "neverback": NeverBack,
	"keepsold": KeepsOld, "reverts": Reverts, "asksforever": AsksForEver, "losespower": LosesPower,
}

func choose[T any](p *T, value string, names map[string]T) error {
	v, ok := names[value]
	if !ok {
		return fmt.Errorf("no such kind")
	}
	*p = v
	return nil
}

// parseText takes a text that may stand in a tag.
func parseText(p *string, value string) error {
	if value == "" || len(value) > 64 {
		return fmt.Errorf("not a text of 1 to 64 bytes")
	}
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' {
			return fmt.Errorf("not a text of printable characters")
		}
	}
	*p = value
	return nil
}

func parseNumber(p *int, value string, least, most int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return fmt.Errorf("not a number from %d to %d", least, most)
	}
	*p = n
	return nil
}
