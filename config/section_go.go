package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// maxDepth bounds how deep blocks and lists nest.
const maxDepth = 200

// NewSection makes a section from Go values, for code and tests that have no
// file: nil, bools, numbers, strings, [time.Duration], [secrets.Value], other
// [encoding.TextMarshaler]s, and lists and string-keyed maps of these. A value of
// another type is reported by [Section.Decode]. The map is copied.
func NewSection(values map[string]any) Section {
	var f faults
	value := goValue(&f, "", reflect.ValueOf(values), 0)
	if value.Kind == tree.Null {
		value.Kind = tree.Object
	}
	s := Section{value: value}
	if len(f.list) > 0 {
		s.bad = &Errors{List: f.list}
	}
	return s
}

func goValue(f *faults, path string, v reflect.Value, depth int) *tree.Value {
	if depth > maxDepth {
		f.add(tree.Pos{}, path, fmt.Sprintf("more than %d levels of nesting", maxDepth), "")
		return &tree.Value{}
	}
	if text, ok := goText(f, path, v); ok {
		return &tree.Value{Kind: tree.String, Text: text}
	}
	switch v.Kind() {
	case reflect.Invalid:
		return &tree.Value{Text: "null"}
	case reflect.Pointer, reflect.Interface:
		return goValue(f, path, v.Elem(), depth+1)
	case reflect.Bool:
		return &tree.Value{Kind: tree.Bool, Text: strconv.FormatBool(v.Bool())}
	case reflect.String:
		return &tree.Value{Kind: tree.String, Text: v.String()}
	case reflect.Slice, reflect.Array:
		list := &tree.Value{Kind: tree.Array}
		for i := range v.Len() {
			list.Items = append(list.Items, goValue(f, index(path, i), v.Index(i), depth+1))
		}
		return list
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			return goMap(f, path, v, depth)
		}
	}
	if text, ok := goNumber(v); ok {
		return &tree.Value{Kind: tree.Number, Text: text}
	}
	f.add(tree.Pos{}, path, fmt.Sprintf("a section cannot hold the Go type %s", v.Type()), "")
	return &tree.Value{Text: "null"}
}

func goNumber(v reflect.Value) (string, bool) {
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), true
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits()), true
	}
	return "", false
}

func goMap(f *faults, path string, v reflect.Value, depth int) *tree.Value {
	if v.IsNil() {
		return &tree.Value{Text: "null"}
	}
	members := make(map[string]reflect.Value, v.Len())
	for it := v.MapRange(); it.Next(); {
		members[it.Key().String()] = it.Value()
	}
	object := &tree.Value{Kind: tree.Object}
	for _, key := range slices.Sorted(maps.Keys(members)) {
		object.Fields = append(object.Fields, tree.Field{
			Key: key, Value: goValue(f, join(path, key), members[key], depth+1),
		})
	}
	return object
}

// goText gives the text of the types that a file writes as text.
func goText(f *faults, path string, v reflect.Value) (string, bool) {
	if !v.IsValid() || !v.CanInterface() {
		return "", false
	}
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return "", false
	}
	switch t := v.Interface().(type) {
	case time.Duration:
		return t.String(), true
	case secrets.Value:
		return t.Reveal(), true
	case *secrets.Value:
		return t.Reveal(), true
	case encoding.TextMarshaler:
		text, err := t.MarshalText()
		if err != nil {
			f.addCause(tree.Pos{}, path, err)
		}
		return string(text), true
	}
	return "", false
}
