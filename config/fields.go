package config

import (
	"reflect"
	"strings"
)

// FieldDoc describes one key of a configuration struct.
type FieldDoc struct {
	// Name is the key, with the keys above it: "retry.max_attempts",
	// "columns[].name".
	Name string
	// Type is what a file writes: text, integer, number, true or false,
	// duration, block, any, or a list or map of these.
	Type string
	// Default is the value that stands when the key is absent; it is empty when
	// there is none.
	Default string
	// Required is true when the key must be there.
	Required bool
	// Enum are the values that the key may have, or nil.
	Enum []string
	// Min is the smallest value, or the least number of elements, or empty.
	Min string
	// Doc says what the key means.
	Doc string
}

// FieldsOf lists the keys that [Section.Decode] reads for the struct type t, or
// for a pointer to it, in the order of the fields; the keys of a nested struct
// follow the key that holds it. It is nil for a type that is no struct.
func FieldsOf(t reflect.Type) []FieldDoc {
	w := &docWalker{plans: newDecoder(), inside: make(map[reflect.Type]bool)}
	w.walk(t, "")
	return w.docs
}

type docWalker struct {
	plans *decoder
	docs  []FieldDoc
	// inside are the structs on the way here; one of them again would not end.
	inside map[reflect.Type]bool
}

func (w *docWalker) walk(t reflect.Type, prefix string) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || !isBlock(t) || w.inside[t] {
		return
	}
	w.inside[t] = true
	defer delete(w.inside, t)
	p := w.plans.plan(t)
	for i := range p.fields {
		f := &p.fields[i]
		w.docs = append(w.docs, FieldDoc{
			Name: prefix + f.key, Type: typeName(f.typ), Default: f.def, Required: f.required,
			Enum: f.values(), Min: f.min, Doc: f.doc,
		})
		suffix, elem := elementOf(f.typ)
		w.walk(elem, prefix+f.key+suffix+".")
	}
}

// isBlock reports whether a file writes the type as a block with known keys.
func isBlock(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != sectionType && !reflect.PointerTo(t).Implements(textType)
}

// elementOf takes lists, maps and pointers off a type.
func elementOf(t reflect.Type) (string, reflect.Type) {
	suffix := ""
	for {
		switch t.Kind() {
		case reflect.Slice:
			suffix += "[]"
		case reflect.Map:
			suffix += ".*"
		case reflect.Pointer:
		default:
			return suffix, t
		}
		t = t.Elem()
	}
}

func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t == sectionType:
		return "block"
	case reflect.PointerTo(t).Implements(textType) && t.Kind() != reflect.Slice:
		return "text"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "list of " + plural(typeName(t.Elem()))
	case reflect.Map:
		return "map of " + plural(typeName(t.Elem()))
	case reflect.Struct:
		return "block"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Interface:
		return "any"
	case reflect.String:
		return "text"
	}
	return "integer"
}

func plural(name string) string {
	switch {
	case name == "text", name == "any", name == "true or false", strings.Contains(name, " of "):
		return name
	}
	return name + "s"
}
