package columnar

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// structWriter writes the fields of a struct, each by a writer of its own.
type structWriter struct {
	cell
	fields []structField
	// embedded are the ways to the embedded pointers that need a struct to
	// point to, outer ones first. It is made anew for every row.
	embedded [][]int
	slots    []reflect.Value
	scratch  []reflect.Value
	column   *array.Struct
}

type structField struct {
	column int
	index  []int
	fresh  bool // lies below an embedded pointer
	writer writer
}

func newStruct(c cell, t *arrow.StructType) (writer, error) {
	fields, err := fieldsOf(c.typ)
	if err != nil {
		return nil, within(c.path, err)
	}
	columns, err := match(c.typ, fields, fieldNames(t))
	if err != nil {
		return nil, within(c.path, err)
	}
	w := &structWriter{cell: c}
	known := map[string]bool{}
	for i, f := range fields {
		if columns[i] < 0 {
			continue
		}
		column := t.Field(columns[i])
		elem, err := compile(c.at(below(c.path, column.Name), column.Type, f.typ))
		if err != nil {
			return nil, fmt.Errorf("the field %s of %s: %w", f.goName, c.typ, err)
		}
		ways := pointersOnTheWay(c.typ, f.index)
		for _, way := range ways {
			if key := fmt.Sprint(way); !known[key] {
				known[key] = true
				w.embedded = append(w.embedded, way)
			}
		}
		w.fields = append(w.fields, structField{column: columns[i], index: f.index, fresh: len(ways) > 0, writer: elem})
	}
	return w, nil
}

func fieldNames(t *arrow.StructType) []string {
	names := make([]string, t.NumFields())
	for i, f := range t.Fields() {
		names[i] = f.Name
	}
	return names
}

// pointersOnTheWay gives the ways to the embedded pointers above a field.
func pointersOnTheWay(t reflect.Type, index []int) (out [][]int) {
	for i, at := range index[:len(index)-1] {
		t = t.Field(at).Type
		if t.Kind() == reflect.Pointer {
			out = append(out, index[:i+1])
			t = t.Elem()
		}
	}
	return out
}

func (*structWriter) takesNull() bool { return false }

func (w *structWriter) bind(slots []reflect.Value) {
	if len(w.embedded) > 0 {
		w.slots = append(w.slots[:0], slots...)
	}
	for _, f := range w.fields {
		if !f.fresh {
			w.bindField(f, slots)
		}
	}
}

func (w *structWriter) bindField(f structField, slots []reflect.Value) {
	w.scratch = w.scratch[:0]
	for _, slot := range slots {
		w.scratch = append(w.scratch, slot.FieldByIndex(f.index))
	}
	f.writer.bind(w.scratch)
}

func (w *structWriter) load(column arrow.Array) {
	w.column = column.(*array.Struct)
	for _, f := range w.fields {
		f.writer.load(w.column.Field(f.column))
	}
}

func (w *structWriter) write(from, to, n int) error {
	if w.column.NullN() > 0 {
		for i := from; i < from+n; i++ {
			if w.column.IsNull(i) {
				return w.null(i)
			}
		}
	}
	for _, way := range w.embedded {
		for _, slot := range w.slots[to : to+n] {
			p := slot.FieldByIndex(way)
			p.Set(reflect.New(p.Type().Elem()))
		}
	}
	for _, f := range w.fields {
		at := to
		if f.fresh {
			w.bindField(f, w.slots[to:to+n])
			at = 0
		}
		if err := f.writer.write(from, at, n); err != nil {
			return err
		}
	}
	return nil
}

// namedWriter writes a struct into a map by the names of its fields.
type namedWriter struct {
	cell
	names   []reflect.Value
	writers []writer
	values  []reflect.Value // one for each field, written again and again
	slots   []reflect.Value
	column  *array.Struct
}

func newNamed(c cell, t *arrow.StructType) (writer, error) {
	w := &namedWriter{cell: c}
	seen := map[string]bool{}
	for _, f := range t.Fields() {
		if seen[f.Name] {
			return nil, within(c.path, fmt.Errorf("two columns have the name %q, which a map cannot keep apart; rename one in the query", f.Name))
		}
		seen[f.Name] = true
		elem, err := compile(c.at(below(c.path, f.Name), f.Type, c.typ.Elem()))
		if err != nil {
			return nil, err
		}
		value := reflect.New(c.typ.Elem()).Elem()
		elem.bind([]reflect.Value{value})
		w.names = append(w.names, reflect.ValueOf(f.Name).Convert(c.typ.Key()))
		w.writers, w.values = append(w.writers, elem), append(w.values, value)
	}
	return w, nil
}

func (*namedWriter) takesNull() bool              { return true }
func (w *namedWriter) bind(slots []reflect.Value) { w.slots = append(w.slots[:0], slots...) }

func (w *namedWriter) load(column arrow.Array) {
	w.column = column.(*array.Struct)
	for i, elem := range w.writers {
		elem.load(w.column.Field(i))
	}
}

func (w *namedWriter) write(from, to, n int) error {
	for i, slot := range w.slots[to : to+n] {
		if w.column.IsNull(from + i) {
			slot.SetZero()
			continue
		}
		m := reflect.MakeMapWithSize(w.typ, len(w.names))
		for j, elem := range w.writers {
			if err := elem.write(from+i, 0, 1); err != nil {
				return err
			}
			m.SetMapIndex(w.names[j], w.values[j])
		}
		slot.Set(m)
	}
	return nil
}
