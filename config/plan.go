package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

var (
	sectionType  = reflect.TypeFor[Section]()
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// plan is what the decoder knows of a struct type.
type plan struct {
	fields []planField
	// byKey finds a field by its key or one of its aliases.
	byKey map[string]int
	// err is a mistake in the tags; it is the programmer's.
	err error
}

// planField is one field that a file can set.
type planField struct {
	rule
	// index is the way to the field through embedded structs.
	index      []int
	key        string
	aliases    []string
	def        string
	hasDefault bool
	required   bool
	doc        string
	typ        reflect.Type
}

// rule restricts a value.
type rule struct {
	enum []enumValue
	min  string
}

// enumValue is one value of an enum: its spelling and other spellings of it.
type enumValue struct {
	text  string
	other []string
}

// newPlan reads the tags of a struct type.
func newPlan(t reflect.Type) *plan {
	p := &plan{byKey: make(map[string]int)}
	p.collect(t, nil)
	return p
}

func (p *plan) collect(t reflect.Type, way []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(way), i)
		name, option, _ := strings.Cut(f.Tag.Get("koanf"), ",")
		embedded := f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct
		switch {
		case name == "-":
		case option == "squash" && f.Type.Kind() == reflect.Struct, embedded && f.Type != sectionType:
			p.collect(f.Type, at)
		case name != "" && !f.IsExported():
			p.fail(t, f, "is not exported")
		case name != "":
			p.add(t, f, at, name)
		}
	}
}

func (p *plan) add(t reflect.Type, f reflect.StructField, way []int, key string) {
	field := planField{
		index:    way,
		key:      key,
		aliases:  splitList(f.Tag.Get("alias")),
		required: f.Tag.Get("required") == "true",
		doc:      f.Tag.Get("doc"),
		typ:      f.Type,
		rule:     rule{enum: parseEnum(f.Tag.Get("enum")), min: f.Tag.Get("min")},
	}
	field.def, field.hasDefault = f.Tag.Lookup("default")
	if why := unsupportedType(f.Type, 0); why != "" {
		p.fail(t, f, why)
		return
	}
	for _, k := range append([]string{key}, field.aliases...) {
		if _, taken := p.byKey[normalKey(k)]; taken {
			p.fail(t, f, fmt.Sprintf("has the key %q of another field", k))
			return
		}
		p.byKey[normalKey(k)] = len(p.fields)
	}
	p.fields = append(p.fields, field)
}

func (p *plan) fail(t reflect.Type, f reflect.StructField, why string) {
	if p.err == nil {
		p.err = fmt.Errorf("decode a section into %s: field %s %s", t, f.Name, why)
	}
}

// keys are the keys that a file may set, without aliases, in the order of the
// struct.
func (p *plan) keys() []string {
	keys := make([]string, len(p.fields))
	for i := range p.fields {
		keys[i] = p.fields[i].key
	}
	return keys
}

// values are the spellings to tell a user.
func (r rule) values() []string {
	var out []string
	for _, e := range r.enum {
		out = append(out, e.text)
	}
	return out
}

// canonical finds the value of the enum that text is a spelling of, regardless
// of case.
func (r rule) canonical(text string) (string, bool) {
	for _, e := range r.enum {
		for _, spelling := range append([]string{e.text}, e.other...) {
			if strings.EqualFold(spelling, text) {
				return e.text, true
			}
		}
	}
	return "", false
}

// parseEnum reads "a,b,c|old name of c".
func parseEnum(tag string) []enumValue {
	var out []enumValue
	for _, item := range splitList(tag) {
		spellings := strings.Split(item, "|")
		out = append(out, enumValue{text: spellings[0], other: spellings[1:]})
	}
	return out
}

func splitList(tag string) []string {
	if tag == "" {
		return nil
	}
	out := strings.Split(tag, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// maxTypeDepth bounds how deep lists, maps and pointers nest in one field.
const maxTypeDepth = 8

// unsupportedType says why a file cannot fill a field of the type, or "".
func unsupportedType(t reflect.Type, depth int) string {
	if depth > maxTypeDepth {
		return "nests too deep"
	}
	if t == sectionType || reflect.PointerTo(t).Implements(textType) {
		return ""
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Struct,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return ""
	case reflect.Pointer, reflect.Slice:
		return unsupportedType(t.Elem(), depth+1)
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return "is a map whose keys are not strings"
		}
		return unsupportedType(t.Elem(), depth+1)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return ""
		}
	}
	return fmt.Sprintf("has the type %s, which no configuration can fill", t)
}
