package columnar

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// mapWriter writes a MAP into a Go map.
type mapWriter struct {
	typ        reflect.Type
	keys, vals scratch
	column     *array.Map
	slots      []reflect.Value
}

// scratch are values that are written again and again: a map copies them.
type scratch struct {
	writer
	typ reflect.Type // of a slice of them
	all reflect.Value
}

func newMap(c cell, t *arrow.MapType) (writer, error) {
	if c.typ.Kind() != reflect.Map {
		return nil, nil
	}
	key, err := compileKey(c.at(c.path+".key", t.KeyType(), c.typ.Key()))
	if err != nil {
		return nil, err
	}
	val, err := compileElem(c.at(c.path+".value", t.ItemType(), c.typ.Elem()))
	if err != nil {
		return nil, err
	}
	return &mapWriter{
		typ:  c.typ,
		keys: scratch{writer: key, typ: reflect.SliceOf(c.typ.Key())},
		vals: scratch{writer: val, typ: reflect.SliceOf(c.typ.Elem())},
	}, nil
}

// compileKey makes the writer of keys, which must be such that Go can compare
// them, whatever an interface in them holds.
func compileKey(c cell) (writer, error) {
	if c.arrow.ID() == arrow.NULL { // the type of an empty map()
		return compileElem(c)
	}
	if c.typ.Kind() != reflect.Interface {
		if holdsInterface(c.typ) {
			return nil, fmt.Errorf("column %q: %s cannot be the key of a map, since it holds an interface", c.path, c.typ)
		}
		if isBinary(c.arrow) && c.typ.Kind() == reflect.String && !ownTypes[c.typ] {
			return newLeaf(c, openString), nil // as any gets it: a []byte is no key
		}
		return compile(c)
	}
	if c.typ.NumMethod() > 0 {
		return nil, c.mismatch()
	}
	open, err := naturalKey(c.path, c.arrow)
	return newLeaf(c, open), err
}

func holdsInterface(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Array:
		return holdsInterface(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsInterface(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

func (*mapWriter) takesNull() bool              { return true }
func (w *mapWriter) bind(slots []reflect.Value) { w.slots = append(w.slots[:0], slots...) }

func (w *mapWriter) load(column arrow.Array) {
	w.column = column.(*array.Map)
	w.keys.load(w.column.Keys())
	w.vals.load(w.column.Items())
}

func (w *mapWriter) write(from, to, n int) error {
	for i, slot := range w.slots[to : to+n] {
		if w.column.IsNull(from + i) {
			slot.SetZero()
			continue
		}
		start, end := w.column.ValueOffsets(from + i)
		count := int(end - start)
		m := reflect.MakeMapWithSize(w.typ, count)
		for _, part := range []*scratch{&w.keys, &w.vals} {
			part.grow(count)
			if err := part.write(int(start), 0, count); err != nil {
				return movedTo(err, from+i)
			}
		}
		for j := range count {
			m.SetMapIndex(w.keys.all.Index(j), w.vals.all.Index(j))
		}
		slot.Set(m)
	}
	return nil
}

// grow makes place for n values.
func (s *scratch) grow(n int) {
	if s.all.IsValid() && s.all.Len() >= n {
		return
	}
	s.all = reflect.MakeSlice(s.typ, max(n, 16), max(n, 16))
	slots := make([]reflect.Value, s.all.Len())
	for i := range slots {
		slots[i] = s.all.Index(i)
	}
	s.bind(slots)
}
