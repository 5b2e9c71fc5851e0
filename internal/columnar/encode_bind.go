package columnar

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// errNull is the fault of a null where the schema allows none.
var errNull = errors.New("it is null and the schema says NOT NULL")

// binder compiles the functions that append Go values to builders.
type binder struct {
	size *int // bytes appended, about
}

// target is where values go: a builder and what the schema says of it.
type target struct {
	typ      schema.DataType
	nullable bool
	key      bool // of a map
	builder  array.Builder
}

// null appends a null.
func (t target) null() error {
	if !t.nullable {
		return errNull
	}
	t.builder.AppendNull()
	return nil
}

// bind compiles the function for values of the Go type t.
func (b binder) bind(t reflect.Type, to target) (appendFunc, error) {
	switch {
	case t.Kind() == reflect.Pointer:
		return b.bindPointer(t, to)
	case t.Kind() == reflect.Interface:
		return b.bindAny(to), nil
	case isNullWrapper(t):
		return b.bindNull(t, to)
	}
	var fn appendFunc
	var err error
	switch to.typ.Kind {
	case schema.KindStruct:
		fn, err = b.bindStruct(t, to)
	case schema.KindArray:
		fn, err = b.bindList(t, to)
	case schema.KindMap:
		fn, err = b.bindMap(t, to)
	default:
		fn = b.bindLeaf(t, to)
	}
	if err == nil && fn == nil {
		err = fmt.Errorf("values of the Go type %s cannot become %s", t, to.typ)
	}
	return fn, err
}

func (b binder) bindPointer(t reflect.Type, to target) (appendFunc, error) {
	inner, err := b.bind(t.Elem(), to)
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) error {
		if v.IsNil() {
			return to.null()
		}
		return inner(v.Elem())
	}, nil
}

// bindNull is for sql.Null[T] and its elder kin.
func (b binder) bindNull(t reflect.Type, to target) (appendFunc, error) {
	inner, err := b.bind(t.Field(0).Type, to)
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) error {
		if !v.Field(1).Bool() {
			return to.null()
		}
		return inner(v.Field(0))
	}, nil
}

// bindAny compiles the function for a type when it meets the first value of it.
func (b binder) bindAny(to target) appendFunc {
	known := map[reflect.Type]appendFunc{}
	return func(v reflect.Value) error {
		if v.IsNil() {
			return to.null()
		}
		v = v.Elem()
		fn := known[v.Type()]
		if fn == nil {
			var err error
			if fn, err = b.bind(v.Type(), to); err != nil {
				return err
			}
			known[v.Type()] = fn
		}
		return fn(v)
	}
}

// bindRow compiles the function for whole rows.
func (b binder) bindRow(t reflect.Type, fields []schema.Field, builders []array.Builder) (appendFunc, error) {
	to := func(i int) target {
		return target{typ: fields[i].Type, nullable: fields[i].Nullable, builder: builders[i]}
	}
	switch {
	case t == dynamicRow:
		return b.bindValues(fields, to), nil
	case isRowStruct(t):
		return b.bindFields(t, fields, to)
	case t.Kind() == reflect.Pointer && isRowStruct(t.Elem()):
		row, err := b.bindFields(t.Elem(), fields, to)
		return func(v reflect.Value) error {
			if v.IsNil() {
				return errors.New("the pointer is nil")
			}
			return row(v.Elem())
		}, err
	case t == reflect.TypeFor[[]any]():
		return b.bindValues(fields, to), nil
	case t == reflect.TypeFor[map[string]any]():
		return b.bindKeys(fields, to)
	case len(fields) != 1:
		return nil, fmt.Errorf("the schema has %d columns and a row is one value", len(fields))
	}
	fn, err := b.bind(t, to(0))
	if err != nil {
		return nil, fmt.Errorf("column %q: %w", fields[0].Name, err)
	}
	return inColumn(fields[0].Name, fn), nil
}

// inColumn names the column in errors.
func inColumn(name string, fn appendFunc) appendFunc {
	return func(v reflect.Value) error {
		if err := fn(v); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		return nil
	}
}

var dynamicRow = reflect.TypeFor[value.Row]()

// bindValues is for a row of values in the order of the columns, []any or a
// value.Row.
func (b binder) bindValues(fields []schema.Field, to func(int) target) appendFunc {
	cells := make([]appendFunc, len(fields))
	for i, f := range fields {
		cells[i] = inColumn(f.Name, b.bindAny(to(i)))
	}
	return func(v reflect.Value) error {
		n, at := 0, v.Index
		if v.Type() == dynamicRow {
			row := goValue[value.Row](v)
			n, at = row.Len(), func(i int) reflect.Value {
				cell := row.At(i)
				return reflect.ValueOf(&cell).Elem()
			}
		} else {
			n = v.Len()
		}
		if n != len(cells) {
			return fmt.Errorf("it has %d values and the schema %d columns", n, len(cells))
		}
		for i, cell := range cells {
			if err := cell(at(i)); err != nil {
				return err
			}
		}
		return nil
	}
}

// bindKeys is for a row of values by the names of the columns. A name that is
// missing is a null.
func (b binder) bindKeys(fields []schema.Field, to func(int) target) (appendFunc, error) {
	cells := make([]appendFunc, len(fields))
	keys := make([]reflect.Value, len(fields))
	seen := make(map[string]bool, len(fields))
	for i, f := range fields {
		if seen[f.Name] {
			return nil, fmt.Errorf("two columns have the name %q, which a map cannot keep apart", f.Name)
		}
		seen[f.Name] = true
		cells[i], keys[i] = inColumn(f.Name, b.bindAny(to(i))), reflect.ValueOf(f.Name)
	}
	missing := reflect.Zero(reflect.TypeFor[any]())
	return func(v reflect.Value) error {
		if v.IsNil() {
			return errors.New("the map is nil")
		}
		found := 0
		for i, cell := range cells {
			item := v.MapIndex(keys[i])
			if item.IsValid() {
				found++
			} else {
				item = missing
			}
			if err := cell(item); err != nil {
				return err
			}
		}
		if found == v.Len() {
			return nil
		}
		return unknownKey(v, fields)
	}, nil
}

func unknownKey(v reflect.Value, fields []schema.Field) error {
	known := make(map[string]bool, len(fields))
	names := make([]string, len(fields))
	for i, f := range fields {
		known[f.Name], names[i] = true, f.Name
	}
	for _, key := range sortedKeys(v) {
		if !known[key.String()] {
			return fmt.Errorf("there is no column for the key %q; the columns are %s", key.String(), list(names))
		}
	}
	return nil
}
