package audit

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// maxDepth bounds how deep values nest; what is deeper, as in a cycle, is hidden.
const maxDepth = 32

// Value returns a copy of v without secrets, made of nil, bools, numbers, texts,
// []any and map[string]any, so that it can be written as JSON. It goes through
// maps, lists of lists, arguments of a command, structs under the names that their tags koanf, json or
// yaml give the fields, pointers and errors. Everything below a secret key is
// hidden, and the value of {name: KEY, value: …} when KEY is one. What cannot be
// shown, such as a function, becomes its type.
func (r *Redactor) Value(v any) any {
	return valueWalker{r: r}.walk(reflect.ValueOf(v), false, 0)
}

// Map is [Redactor.Value] of metadata.
func (r *Redactor) Map(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for key, value := range m {
		if value != "" && r.Secret(key) {
			value = r.replacement()
		}
		out[r.Known(key)] = r.Text(value)
	}
	return out
}

type valueWalker struct{ r *Redactor }

// walk copies one value; hidden says that a key above it is secret.
func (w valueWalker) walk(v reflect.Value, hidden bool, depth int) any {
	if !v.IsValid() {
		return nil
	}
	if depth > maxDepth {
		return w.r.replacement()
	}
	if text, ok := w.special(v); ok {
		return w.text(text, hidden)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return w.walk(v.Elem(), hidden, depth+1) // of nil: invalid
	case reflect.Struct:
		return w.structure(v, hidden, depth)
	case reflect.Map:
		return w.table(v, hidden, depth)
	case reflect.Slice, reflect.Array:
		return w.list(v, hidden, depth)
	case reflect.String:
		return w.text(v.String(), hidden)
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return w.number(v.Int(), hidden)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return w.number(v.Uint(), hidden)
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return w.number(fmt.Sprint(f), hidden)
		}
		return w.number(v.Float(), hidden)
	default:
		return v.Type().String()
	}
}

func (w valueWalker) number(n any, hidden bool) any {
	if text := fmt.Sprint(n); hidden || w.r.Known(text) != text {
		return w.r.replacement()
	}
	return n
}

func (w valueWalker) text(text string, hidden bool) string {
	if hidden && text != "" {
		return w.r.replacement()
	}
	return w.r.Text(text)
}

// special returns the text of what has one of its own.
func (w valueWalker) special(v reflect.Value) (text string, ok bool) {
	if !v.CanInterface() || v.Kind() == reflect.Pointer && v.IsNil() {
		return "", false
	}
	err := guard(func() error {
		switch value := v.Interface().(type) {
		case secrets.Value:
			text, ok = value.String(), true
			if ok && text != "" {
				text = w.r.replacement()
			}
		case time.Duration:
			text, ok = value.String(), true
		case []byte:
			text, ok = bytesText(value), true
		case json.RawMessage:
			text, ok = string(value), true
		case error:
			text, ok = value.Error(), true
		case encoding.TextMarshaler:
			out, err := value.MarshalText()
			text, ok = string(out), true
			return err
		}
		return nil
	})
	if err != nil {
		return v.Type().String(), true
	}
	return text, ok
}

func bytesText(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	return fmt.Sprintf("%d bytes", len(data))
}

func (w valueWalker) structure(v reflect.Value, hidden bool, depth int) any {
	out := map[string]any{}
	w.fields(out, v, hidden, depth)
	return out
}

func (w valueWalker) fields(out map[string]any, v reflect.Value, hidden bool, depth int) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, tagged := fieldName(field)
		if field.Anonymous && !tagged && field.Type.Kind() == reflect.Struct {
			w.fields(out, v.Field(i), hidden, depth)
			continue
		}
		if field.IsExported() && name != "-" {
			out[w.r.Known(name)] = w.walk(v.Field(i), hidden || w.r.Secret(name), depth+1)
		}
	}
}

func fieldName(field reflect.StructField) (name string, tagged bool) {
	for _, tag := range []string{"koanf", "json", "yaml"} {
		if name, _, _ := strings.Cut(field.Tag.Get(tag), ","); name != "" {
			return name, true
		}
	}
	return field.Name, false
}

func (w valueWalker) table(v reflect.Value, hidden bool, depth int) any {
	if v.IsNil() {
		return nil
	}
	out := make(map[string]any, v.Len())
	named := w.namesSecret(v)
	for entries := v.MapRange(); entries.Next(); {
		key, isText := w.special(entries.Key())
		if !isText {
			key = fmt.Sprint(w.walk(entries.Key(), false, depth+1))
		}
		below := hidden || w.r.Secret(key) || named && strings.EqualFold(key, "value")
		out[w.r.Known(key)] = w.walk(entries.Value(), below, depth+1)
	}
	return out
}

// namesSecret reports whether a map is a pair {name: KEY, value: …} whose KEY is
// secret.
func (w valueWalker) namesSecret(v reflect.Value) bool {
	if v.Type().Key().Kind() != reflect.String {
		return false
	}
	for _, member := range []string{"name", "key"} {
		value := v.MapIndex(reflect.ValueOf(member).Convert(v.Type().Key()))
		if value.IsValid() && value.Kind() == reflect.Interface {
			value = value.Elem()
		}
		if value.IsValid() && value.Kind() == reflect.String && w.r.Secret(value.String()) {
			return true
		}
	}
	return false
}

func (w valueWalker) list(v reflect.Value, hidden bool, depth int) any {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return nil
	}
	out := make([]any, 0, v.Len())
	flag := false // the element before is an option whose value is secret
	for i := range v.Len() {
		element := w.walk(v.Index(i), hidden || flag, depth+1)
		text, isText := element.(string)
		flag = isText && strings.HasPrefix(text, "-") && w.r.Secret(text)
		out = append(out, element)
	}
	return out
}
