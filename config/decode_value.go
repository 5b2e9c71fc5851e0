package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/internal/nearest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// value fills any Go value that a field may have.
func (d *decoder) value(at place, r rule, into reflect.Value) {
	t := into.Type()
	switch {
	case d.unset && strings.Contains(at.value.Text, unsetMark):
		// Already reported: the variable is not set.
	case isReference(at.value) && t != secretType && t.Kind() != reflect.Pointer:
		d.reference(at, into)
	case at.value.Secret && t.Kind() != reflect.Pointer:
		d.secret(at, r, into)
	case t == sectionType:
		d.rawSection(at, into)
	case reflect.PointerTo(t).Implements(textType) && (t.Kind() != reflect.Slice || at.value.Kind != tree.Array):
		d.unmarshalText(at, into) // a list that has a short form too may be written as a list
	case t == durationType:
		d.duration(at, r, into)
	default:
		d.byKind(at, r, into)
	}
}

func (d *decoder) byKind(at place, r rule, into reflect.Value) {
	switch into.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		d.value(at, r, fresh.Elem())
		into.Set(fresh)
	case reflect.Struct:
		d.structure(at, into)
	case reflect.Slice:
		d.slice(at, r, into)
	case reflect.Map:
		d.mapping(at, r, into)
	case reflect.Interface:
		if v := native(at.value); v != nil {
			into.Set(reflect.ValueOf(v))
		}
	case reflect.String:
		d.text(at, r, into)
	case reflect.Bool:
		d.boolean(at, into)
	case reflect.Float32, reflect.Float64:
		d.float(at, r, into)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.unsigned(at, r, into)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.integer(at, r, into)
	default:
		d.add(at.value.Pos, at.path, fmt.Sprintf("no configuration can fill the type %s", into.Type()), "")
	}
}

func (d *decoder) rawSection(at place, into reflect.Value) {
	if at.value.Kind != tree.Object {
		d.wrongType(at, "a block", "")
		return
	}
	into.Set(reflect.ValueOf(Section{path: at.path, value: at.value, open: d.open}))
}

// secretType is what a reference can fill without anybody looking at its text.
var secretType = reflect.TypeFor[secrets.Value]()

// reference leaves a value open that a secret will fill. Texts hold the reference
// until then.
func (d *decoder) reference(at place, into reflect.Value) {
	d.referred++
	if d.open != nil {
		*d.open = true
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(at.value.Text)
	case reflect.Interface:
		into.Set(reflect.ValueOf(at.value.Text))
	case reflect.Slice, reflect.Map, reflect.Struct:
		if !reflect.PointerTo(into.Type()).Implements(textType) {
			d.wrongType(at, "more than a text", "a secret is one text")
		}
	}
}

// wanted says in a word what a Go value is filled with.
func wanted(into reflect.Value) string {
	switch kind := into.Kind(); {
	case into.Type() == durationType:
		return "duration"
	case kind == reflect.Bool:
		return "truth value"
	case kind == reflect.String || reflect.PointerTo(into.Type()).Implements(textType):
		return "text that is allowed here"
	default:
		return "number that is allowed here"
	}
}

// secret fills a value with a secret. What is wrong with it is told without it.
func (d *decoder) secret(at place, r rule, into reflect.Value) {
	plain := *at.value
	plain.Secret = false
	at.value = &plain
	inner := &decoder{plans: d.plans}
	inner.value(at, r, into)
	if len(inner.list) > 0 {
		d.add(plain.Pos, at.path, "the secret does not fit here; the reference names one that is no "+wanted(into), "")
	}
}

func (d *decoder) unmarshalText(at place, into reflect.Value) {
	if !isScalar(at.value) {
		d.wrongType(at, "text", "")
		return
	}
	u, _ := into.Addr().Interface().(encoding.TextUnmarshaler)
	if err := u.UnmarshalText([]byte(at.value.Text)); err != nil {
		d.addCause(at.value.Pos, at.path, err)
	}
}

func (d *decoder) slice(at place, r rule, into reflect.Value) {
	if at.value.Kind != tree.Array {
		d.wrongType(at, "a list", listHint(at.value))
		return
	}
	items := at.value.Items
	if least, err := strconv.Atoi(r.min); err == nil && len(items) < least {
		d.add(at.value.Pos, at.path, fmt.Sprintf("want at least %d elements, found %d", least, len(items)), "")
		return
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		here := place{path: index(at.path, i), key: at.key, value: item}
		if item.Kind == tree.Null && into.Type().Elem().Kind() != reflect.Interface {
			d.add(item.Pos, here.path, "an element must not be null", "")
			continue
		}
		d.value(here, rule{enum: r.enum}, out.Index(i))
	}
	into.Set(out)
}

// listHint shows a lone word as a list of one.
func listHint(v *tree.Value) string {
	if v.Kind != tree.String || v.FromEnv || len(v.Text) > maxShown {
		return ""
	}
	return "write [" + strconv.Quote(v.Text) + "]"
}

func (d *decoder) mapping(at place, r rule, into reflect.Value) {
	if at.value.Kind != tree.Object {
		d.wrongType(at, "a block of keys and values", "")
		return
	}
	out := reflect.MakeMapWithSize(into.Type(), len(at.value.Fields))
	d.entries(at, "", rule{enum: r.enum}, out)
	into.Set(out)
}

// entries fills a map. Where the values are text, a block in a block stands for
// a key with dots, because that is how HOCON reads such a key without quotes.
func (d *decoder) entries(at place, prefix string, r rule, into reflect.Value) {
	elem := into.Type().Elem()
	isText := elem.Kind() == reflect.String || reflect.PointerTo(elem).Implements(textType)
	for i := range at.value.Fields {
		f := &at.value.Fields[i]
		here := at.member(f)
		key := prefix + f.Key
		if f.Value.Kind == tree.Object && isText {
			d.entries(here, key+".", r, into)
			continue
		}
		if f.Value.Kind == tree.Null && elem.Kind() != reflect.Interface {
			continue
		}
		name := reflect.ValueOf(key).Convert(into.Type().Key())
		if into.MapIndex(name).IsValid() {
			d.add(f.KeyPos, here.path, fmt.Sprintf("the key %q is given twice", key), "keep one of them")
			continue
		}
		value := reflect.New(elem).Elem()
		d.value(here, r, value)
		into.SetMapIndex(name, value)
	}
}

func (d *decoder) text(at place, r rule, into reflect.Value) {
	if !isScalar(at.value) {
		d.wrongType(at, "text", "")
		return
	}
	text := at.value.Text
	if r.enum != nil {
		known, ok := r.canonical(text)
		if !ok {
			d.notInEnum(at, r)
			return
		}
		text = known
	}
	into.SetString(text)
}

func (d *decoder) notInEnum(at place, r rule) {
	want := "one of " + strings.Join(r.values(), ", ")
	if len(r.enum) == 1 {
		want = `"` + r.enum[0].text + `"`
	}
	hint := ""
	if near := nearest.Word(at.value.Text, r.values()); near != "" && !at.value.FromEnv {
		hint = suggest(at.value.Text, r.values(), "")
	}
	d.wrongType(at, want, hint)
}

func (d *decoder) duration(at place, r rule, into reflect.Value) {
	unit, bare := unitOf(at.key)
	v := at.value
	var value time.Duration
	err := errDurationText
	switch {
	case v.Kind == tree.Number && !bare:
		d.wrongType(at, durationForms, `write the unit, for example "`+v.Text+`s"`)
		return
	case v.Kind == tree.Number:
		value, err = numberDuration(v.Text, unit)
	case v.Kind == tree.String:
		value, err = parseDuration(v.Text)
		if err != nil && bare && v.FromEnv {
			value, err = numberDuration(strings.TrimSpace(v.Text), unit)
		}
	}
	if err != nil {
		d.wrongDuration(at, bare, err)
		return
	}
	if least, minErr := parseDuration(r.min); minErr == nil && value < least {
		d.add(v.Pos, at.path, fmt.Sprintf("must be at least %s, is %s", least, value), "")
		return
	}
	into.SetInt(int64(value))
}

func (d *decoder) wrongDuration(at place, bare bool, err error) {
	want := durationForms
	switch {
	case errors.Is(err, errDurationRange):
		want = "a duration that is not negative and below 292 years"
	case bare:
		want = "a number or " + durationForms
	}
	d.wrongType(at, want, "")
}
