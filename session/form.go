package session

import (
	"strconv"
	"strings"
)

// Rule is why the text of a field cannot be taken. The page has the words.
type Rule string

// Rules.
const (
	RuleRequired Rule = "required" // it must not be empty
	RulePrefix   Rule = "prefix"   // it must begin with Field.Prefix
	RuleRange    Rule = "range"    // the number must be Min to Max, or Also
	RuleNumber   Rule = "number"   // it must be a whole number
	RuleNUL      Rule = "nul"      // it must not hold a NUL
	RuleLong     Rule = "long"     // at most Max bytes
)

// FieldKind is the kind of a form field.
type FieldKind uint8

// Kinds of fields.
const (
	FieldText   FieldKind = iota + 1
	FieldNumber           // decimal text
	FieldSwitch           // "on", "true" or "1" is on, anything else off
)

// Field is a field of the configuration form, and its limits.
type Field struct {
	Name     string
	Kind     FieldKind
	Required bool
	Min, Max int    // of a number; of a text Max is its length in bytes
	Also     *int   // of a number: valid as well
	Prefix   string // of a text
	Group    string // name of the switch that the field belongs to; it counts only if that is on
}

// FieldError tells what is wrong with a field.
type FieldError struct {
	Field    string
	Rule     Rule
	Min, Max int
	Also     *int
	Prefix   string
}

func (e *FieldError) Error() string { return "session: field " + e.Field + ": " + string(e.Rule) }

// Longest texts: together all arguments of a call fit a message of 1536 bytes with
// much to spare, and the fields of deployed firmware are far shorter.
const (
	maxTemplateID   = 32
	maxTemplateName = 64
	maxFirmwareText = 64
	maxVendor       = 64
	maxServer       = 255 // of a host name
	maxGPIO         = 65535
)

// Fields returns the fields of the configuration form, in the order of the page.
func Fields() []Field {
	zero := 0
	return []Field{
		{Name: "templateID", Kind: FieldText, Required: true, Max: maxTemplateID, Prefix: "TMPL"},
		{Name: "templateName", Kind: FieldText, Required: true, Max: maxTemplateName},
		{Name: "firmwareType", Kind: FieldText, Max: maxFirmwareText},
		{Name: "firmwareVersion", Kind: FieldText, Max: maxFirmwareText},
		{Name: "firmwareBuild", Kind: FieldText, Max: maxFirmwareText},
		{Name: "blynkVersion", Kind: FieldText, Max: maxFirmwareText},
		{Name: "vendorPrefix", Kind: FieldText, Max: maxVendor},
		{Name: "vendorServer", Kind: FieldText, Max: maxServer},
		{Name: "led.on", Kind: FieldSwitch},
		{Name: "led.gpio", Kind: FieldNumber, Required: true, Max: maxGPIO, Group: "led.on"},
		{Name: "led.activeLow", Kind: FieldSwitch, Group: "led.on"},
		{Name: "rgb.on", Kind: FieldSwitch},
		{Name: "rgb.r", Kind: FieldNumber, Required: true, Max: maxGPIO, Group: "rgb.on"},
		{Name: "rgb.g", Kind: FieldNumber, Required: true, Max: maxGPIO, Group: "rgb.on"},
		{Name: "rgb.b", Kind: FieldNumber, Required: true, Max: maxGPIO, Group: "rgb.on"},
		{Name: "rgb.commonAnode", Kind: FieldSwitch, Group: "rgb.on"},
		{Name: "argb.on", Kind: FieldSwitch},
		{Name: "argb.gpio", Kind: FieldNumber, Required: true, Max: maxGPIO, Group: "argb.on"},
		{Name: "argb.count", Kind: FieldNumber, Required: true, Min: 1, Max: 255, Group: "argb.on"},
		{Name: "brightness.on", Kind: FieldSwitch},
		{Name: "brightness", Kind: FieldNumber, Required: true, Max: 255, Group: "brightness.on"},
		{Name: "button.on", Kind: FieldSwitch},
		{Name: "button.gpio", Kind: FieldNumber, Required: true, Max: maxGPIO, Group: "button.on"},
		{Name: "button.activeLow", Kind: FieldSwitch, Group: "button.on"},
		{Name: "configTimeout", Kind: FieldNumber, Min: 60, Max: 3600},
		{Name: "configSkipLimit", Kind: FieldNumber, Min: 5, Max: 50, Also: &zero},
		{Name: "setTime", Kind: FieldSwitch},
	}
}

// FieldNamed returns the field of that name.
func FieldNamed(name string) (Field, bool) {
	for _, f := range Fields() {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// CheckField checks the text of one field by itself, as a person types it. It returns
// nil if the text can be taken, and for names that are not fields.
func CheckField(name, value string) *FieldError {
	f, ok := FieldNamed(name)
	if !ok {
		return nil
	}
	return f.check(value)
}

func (f Field) check(value string) *FieldError {
	switch f.Kind {
	case FieldText:
		return f.checkText(value)
	case FieldNumber:
		_, err := f.number(value)
		return err
	}
	return nil
}

func (f Field) wrong(r Rule) *FieldError {
	return &FieldError{Field: f.Name, Rule: r, Min: f.Min, Max: f.Max, Also: f.Also, Prefix: f.Prefix}
}

func (f Field) checkText(value string) *FieldError {
	switch {
	case value == "" && f.Required:
		return f.wrong(RuleRequired)
	case value == "":
		return nil
	case strings.IndexByte(value, 0) >= 0:
		return f.wrong(RuleNUL)
	case !strings.HasPrefix(value, f.Prefix):
		return f.wrong(RulePrefix)
	case len(value) > f.Max:
		return f.wrong(RuleLong)
	}
	return nil
}

// number reads a number; an empty field that is not required is -1.
func (f Field) number(value string) (int, *FieldError) {
	value = strings.TrimSpace(value)
	if value == "" {
		if f.Required {
			return -1, f.wrong(RuleRequired)
		}
		return -1, nil
	}
	n, err := strconv.Atoi(value)
	switch {
	case err != nil && isDigits(value):
		return -1, f.wrong(RuleRange)
	case err != nil:
		return -1, f.wrong(RuleNumber)
	case f.inRange(n):
		return n, nil
	}
	return -1, f.wrong(RuleRange)
}

func (f Field) inRange(n int) bool {
	return n >= f.Min && n <= f.Max || f.Also != nil && n == *f.Also
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// ParseForm reads a configuration from the texts of its fields; get returns the text
// of a field by name. The configuration is of use only if there are no errors.
func ParseForm(get func(name string) string) (Configuration, []FieldError) {
	form := map[string]string{}
	numbers := map[string]int{}
	var errs []FieldError
	on := func(name string) bool {
		v := form[name]
		return v == "on" || v == "true" || v == "1"
	}
	for _, f := range Fields() {
		value := get(f.Name)
		if f.Kind == FieldText {
			value = strings.TrimSpace(value)
		}
		form[f.Name] = value
		if f.Group != "" && !on(f.Group) {
			continue
		}
		if err := f.check(value); err != nil {
			errs = append(errs, *err)
			continue
		}
		if f.Kind == FieldNumber {
			numbers[f.Name], _ = f.number(value)
		}
	}
	c := Configuration{
		TemplateID:      form["templateID"],
		TemplateName:    form["templateName"],
		FirmwareType:    form["firmwareType"],
		FirmwareVersion: form["firmwareVersion"],
		FirmwareBuild:   form["firmwareBuild"],
		BlynkVersion:    form["blynkVersion"],
		VendorPrefix:    form["vendorPrefix"],
		VendorServer:    form["vendorServer"],
		SetTime:         on("setTime"),
	}
	gpio := func(name string) uint16 { return uint16(numbers[name]) }
	if on("led.on") {
		c.LED = &LED{GPIO: gpio("led.gpio"), ActiveLow: on("led.activeLow")}
	}
	if on("rgb.on") {
		c.RGB = &RGB{R: gpio("rgb.r"), G: gpio("rgb.g"), B: gpio("rgb.b"), CommonAnode: on("rgb.commonAnode")}
	}
	if on("argb.on") {
		c.ARGB = &ARGB{GPIO: gpio("argb.gpio"), Count: uint8(numbers["argb.count"])}
	}
	if on("brightness.on") {
		v := uint8(numbers["brightness"])
		c.Brightness = &v
	}
	if on("button.on") {
		c.Button = &Button{GPIO: gpio("button.gpio"), ActiveLow: on("button.activeLow")}
	}
	if n, ok := numbers["configTimeout"]; ok && n >= 0 {
		v := uint16(n)
		c.ConfigTimeout = &v
	}
	if n, ok := numbers["configSkipLimit"]; ok && n >= 0 {
		v := uint8(n)
		c.ConfigSkipLimit = &v
	}
	return c, errs
}

// FormValues returns the texts of the form for a configuration: ParseForm of them gives
// it back.
func FormValues(c Configuration) map[string]string {
	form := map[string]string{
		"templateID":      c.TemplateID,
		"templateName":    c.TemplateName,
		"firmwareType":    c.FirmwareType,
		"firmwareVersion": c.FirmwareVersion,
		"firmwareBuild":   c.FirmwareBuild,
		"blynkVersion":    c.BlynkVersion,
		"vendorPrefix":    c.VendorPrefix,
		"vendorServer":    c.VendorServer,
		"setTime":         switchText(c.SetTime),
	}
	number := func(name string, n int) { form[name] = strconv.Itoa(n) }
	if c.LED != nil {
		form["led.on"], form["led.activeLow"] = "on", switchText(c.LED.ActiveLow)
		number("led.gpio", int(c.LED.GPIO))
	}
	if c.RGB != nil {
		form["rgb.on"], form["rgb.commonAnode"] = "on", switchText(c.RGB.CommonAnode)
		number("rgb.r", int(c.RGB.R))
		number("rgb.g", int(c.RGB.G))
		number("rgb.b", int(c.RGB.B))
	}
	if c.ARGB != nil {
		form["argb.on"] = "on"
		number("argb.gpio", int(c.ARGB.GPIO))
		number("argb.count", int(c.ARGB.Count))
	}
	if c.Brightness != nil {
		form["brightness.on"] = "on"
		number("brightness", int(*c.Brightness))
	}
	if c.Button != nil {
		form["button.on"], form["button.activeLow"] = "on", switchText(c.Button.ActiveLow)
		number("button.gpio", int(c.Button.GPIO))
	}
	if c.ConfigTimeout != nil {
		number("configTimeout", int(*c.ConfigTimeout))
	}
	if c.ConfigSkipLimit != nil {
		number("configSkipLimit", int(*c.ConfigSkipLimit))
	}
	return form
}

func switchText(on bool) string {
	if on {
		return "on"
	}
	return ""
}

// Validate tells what cannot be sent; nil if all can.
func (c Configuration) Validate() []FieldError {
	values := FormValues(c)
	_, errs := ParseForm(func(name string) string { return values[name] })
	return errs
}
