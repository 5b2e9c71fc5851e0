package columnar

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// cellOverhead is about what a cell costs beside the bytes of texts.
const cellOverhead = 8

// bindFields compiles the function that spreads a struct over columns. Every
// field needs its column, unless it is optional, and every column its field.
func (b binder) bindFields(t reflect.Type, columns []schema.Field, to func(int) target) (appendFunc, error) {
	fields, err := fieldsOf(t)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	places, err := match(t, fields, names)
	if err != nil {
		return nil, err
	}
	filled := make([]bool, len(columns))
	var cells []appendFunc
	for i, f := range fields {
		if places[i] < 0 {
			continue
		}
		filled[places[i]] = true
		cell, err := b.bindField(f, to(places[i]))
		if err != nil {
			return nil, fmt.Errorf("column %q (field %s): %w", names[places[i]], f.goName, err)
		}
		cells = append(cells, inField(names[places[i]], f, cell))
	}
	if at := slices.Index(filled, false); at >= 0 {
		return nil, fmt.Errorf("the column %q has no field in %s", names[at], t)
	}
	size := len(cells) * cellOverhead
	return func(v reflect.Value) error {
		*b.size += size
		for _, cell := range cells {
			if err := cell(v); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// bindField compiles the function that takes the field out of its struct.
func (b binder) bindField(f field, to target) (appendFunc, error) {
	value, err := b.bind(f.typ, to)
	if err != nil {
		return nil, err
	}
	if len(f.index) == 1 {
		i := f.index[0]
		return func(v reflect.Value) error { return value(v.Field(i)) }, nil
	}
	return func(v reflect.Value) error {
		for n, i := range f.index {
			if n > 0 && v.Kind() == reflect.Pointer {
				if v.IsNil() {
					return to.null() // an embedded struct that is not there
				}
				v = v.Elem()
			}
			v = v.Field(i)
		}
		return value(v)
	}, nil
}

func inField(column string, f field, fn appendFunc) appendFunc {
	return func(v reflect.Value) error {
		err := fn(v)
		switch {
		case err == nil:
			return nil
		case column == f.goName:
			return fmt.Errorf("column %q: %w", column, err)
		}
		return fmt.Errorf("column %q (field %s): %w", column, f.goName, err)
	}
}

func (b binder) bindStruct(t reflect.Type, to target) (appendFunc, error) {
	sb := to.builder.(*array.StructBuilder)
	part := func(i int) target {
		f := to.typ.Fields[i]
		return target{typ: f.Type, nullable: f.Nullable, builder: sb.FieldBuilder(i)}
	}
	var parts appendFunc
	var err error
	switch {
	case t == dynamicRow, t == reflect.TypeFor[[]any]():
		parts = b.bindValues(to.typ.Fields, part)
	case isRowStruct(t):
		parts, err = b.bindFields(t, to.typ.Fields, part)
	case t == reflect.TypeFor[map[string]any]():
		parts, err = b.bindKeys(to.typ.Fields, part)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) error {
		if (v.Kind() == reflect.Map || v.Kind() == reflect.Slice) && v.IsNil() {
			return to.null()
		}
		sb.Append(true)
		return parts(v)
	}, nil
}

func (b binder) bindList(t reflect.Type, to target) (appendFunc, error) {
	if t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
		return nil, nil
	}
	lb := to.builder.(*array.ListBuilder)
	elem, err := b.bind(t.Elem(), target{typ: *to.typ.Elem, nullable: to.typ.ElemNullable, builder: lb.ValueBuilder()})
	if err != nil {
		return nil, fmt.Errorf("elements: %w", err)
	}
	return func(v reflect.Value) error {
		if v.Kind() == reflect.Slice && v.IsNil() {
			return to.null()
		}
		lb.Append(true)
		*b.size += v.Len() * cellOverhead
		for i := range v.Len() {
			if err := elem(v.Index(i)); err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
		}
		return nil
	}, nil
}

func (b binder) bindMap(t reflect.Type, to target) (appendFunc, error) {
	if t.Kind() != reflect.Map {
		return nil, nil
	}
	mb := to.builder.(*array.MapBuilder)
	key, err := b.bind(t.Key(), target{typ: *to.typ.Key, key: true, builder: mb.KeyBuilder()})
	if err != nil {
		return nil, fmt.Errorf("map keys: %w", err)
	}
	elem, err := b.bind(t.Elem(), target{typ: *to.typ.Elem, nullable: to.typ.ElemNullable, builder: mb.ItemBuilder()})
	if err != nil {
		return nil, fmt.Errorf("map values: %w", err)
	}
	return func(v reflect.Value) error {
		if v.IsNil() {
			return to.null()
		}
		mb.Append(true)
		*b.size += 2 * v.Len() * cellOverhead
		for _, k := range sortedKeys(v) {
			if err := key(k); errors.Is(err, errNull) {
				return errors.New("a map key is null")
			} else if err != nil {
				return fmt.Errorf("map key %v: %w", k, err)
			}
			if err := elem(v.MapIndex(k)); err != nil {
				return fmt.Errorf("map entry %v: %w", k, err)
			}
		}
		return nil
	}, nil
}

// sortedKeys gives the keys of a map in one order, so that equal data makes
// equal bytes.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	compare := func(a, b reflect.Value) int {
		return cmp.Compare(fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	}
	switch v.Type().Key().Kind() {
	case reflect.String:
		compare = func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		compare = func(a, b reflect.Value) int { return cmp.Compare(a.Int(), b.Int()) }
	}
	if len(keys) > 1 {
		slices.SortFunc(keys, compare)
	}
	return keys
}
