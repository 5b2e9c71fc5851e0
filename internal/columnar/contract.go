package columnar

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// Wanted are the columns that rows of a Go type want.
type Wanted struct {
	// Columns have the names of the tags or the fields. One can be null if its field
	// can, and so can what is in arrays and maps.
	Columns schema.Definition
	// Optional are the paths of the fields that may be missing.
	Optional []string
	// Loose says that there are fields without a tag, whose columns may differ from
	// them in case and underscores.
	Loose bool
}

// WantedOf returns the columns that rows of a Go type are read from.
func WantedOf(t reflect.Type) (Wanted, error) {
	def, err := DefinitionOf(t)
	if err != nil {
		return Wanted{}, err
	}
	enc, err := NewEncoder(t, &def) // types of tags that the Go types cannot be
	if err != nil {
		return Wanted{}, err
	}
	enc.Release()
	if t.Kind() == reflect.Pointer && isRowStruct(t.Elem()) {
		t = t.Elem()
	}
	w := Wanted{}
	if !isRowStruct(t) {
		f := def.Fields[0]
		w.Columns = schema.New(schema.Field{Name: f.Name, Type: w.tighten("", t, f.Type), Nullable: holdsNull(t)})
		return w, nil
	}
	w.Columns.Fields, err = w.fields("", t, def.Fields)
	if err != nil {
		return Wanted{}, fmt.Errorf("rows of the Go type %s: %w", t, err)
	}
	return w, nil
}

// fields gives the fields of a struct with the nullability of the Go fields.
func (w *Wanted) fields(path string, t reflect.Type, columns []schema.Field) ([]schema.Field, error) {
	own, err := fieldsOf(t)
	if err != nil || len(own) != len(columns) {
		return columns, err
	}
	columns = slices.Clone(columns)
	for i, f := range own {
		at := below(path, schema.QuoteName(f.name))
		if f.optional {
			w.Optional = append(w.Optional, at)
		}
		w.Loose = w.Loose || !f.tagged
		columns[i].Nullable = holdsNull(f.typ) && !f.notNull
		columns[i].Type = w.tighten(at, f.typ, columns[i].Type)
	}
	return columns, nil
}

// tighten gives the type with the nullability of what is in it. Where the type of a
// tag has another form than the Go type, it stays as it is.
func (w *Wanted) tighten(path string, t reflect.Type, typ schema.DataType) schema.DataType {
	for t.Kind() == reflect.Pointer || isNullWrapper(t) {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		} else {
			t = t.Field(0).Type
		}
	}
	switch {
	case typ.Kind == schema.KindArray && isListType(t):
		elem := w.tighten(path+"[]", t.Elem(), *typ.Elem)
		typ.Elem, typ.ElemNullable = &elem, holdsNull(t.Elem())
	case typ.Kind == schema.KindMap && t.Kind() == reflect.Map:
		key, elem := w.tighten(path+"{key}", t.Key(), *typ.Key), w.tighten(path+"{value}", t.Elem(), *typ.Elem)
		typ.Key, typ.Elem, typ.ElemNullable = &key, &elem, holdsNull(t.Elem())
	case typ.Kind == schema.KindStruct && isRowStruct(t):
		typ.Fields, _ = w.fields(path, t, typ.Fields) // DefinitionOf has looked at it
	}
	return typ
}

// holdsNull reports whether a field of the Go type can hold the null of a column.
func holdsNull(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return isNullWrapper(t)
}
