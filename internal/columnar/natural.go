package columnar

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

var rowType = reflect.TypeFor[value.Row]()

// opener gives the values of a column in the Go type that any gets.
type opener = func(arrow.Array) source[any]

// natural gives the opener for a Spark type; the table is in the package
// documentation.
func natural(path string, t arrow.DataType) (opener, error) {
	switch t := t.(type) {
	case *arrow.ListType:
		return naturalList(path, t)
	case *arrow.MapType:
		return naturalMap(path, t)
	case *arrow.StructType:
		if isVariant(t) {
			return boxed(openVariant), nil
		}
		open, err := naturalRow(path, t)
		return boxed(open), err
	}
	if open := naturalLeaves[t.ID()]; open != nil {
		return open, nil
	}
	return nil, checkType(path, t)
}

var naturalLeaves = map[arrow.Type]opener{
	arrow.NULL: openNothing, arrow.BOOL: boxed(openBool),
	arrow.INT8: boxed(openInt[int8]), arrow.INT16: boxed(openInt[int16]), arrow.INT32: boxed(openInt[int32]), arrow.INT64: boxed(openInt[int64]),
	arrow.FLOAT32: boxed(openFloat32), arrow.FLOAT64: boxed(openFloat64), arrow.DECIMAL128: boxed(openDecimal),
	arrow.STRING: boxed(openString), arrow.LARGE_STRING: boxed(openString),
	arrow.BINARY: boxed(openBytes), arrow.LARGE_BINARY: boxed(openBytes),
	arrow.DATE32: boxed(openDate), arrow.TIMESTAMP: boxed(openTime), arrow.DURATION: boxed(openDuration),
	arrow.INTERVAL_MONTHS: boxed(openMonths), arrow.INTERVAL_MONTH_DAY_NANO: boxed(openCalendar),
}

func openNothing(arrow.Array) source[any] {
	return source[any]{get: func(int) (any, error) { return nil, nil }}
}

// boxed puts the values into interfaces, nil for null.
func boxed[G any](open func(arrow.Array) source[G]) opener {
	return func(column arrow.Array) source[any] {
		s := open(column)
		nulls := column.NullN() > 0
		return source[any]{prepare: s.prepare, get: func(i int) (any, error) {
			if nulls && column.IsNull(i) {
				return nil, nil
			}
			return s.get(i)
		}}
	}
}

func naturalList(path string, t *arrow.ListType) (opener, error) {
	open, err := natural(path+"[]", t.Elem())
	return boxed(func(column arrow.Array) source[[]any] {
		a := column.(*array.List)
		elems := open(a.ListValues())
		return source[[]any]{get: func(i int) ([]any, error) {
			start, end := a.ValueOffsets(i)
			return elems.slice(int(start), int(end))
		}}
	}), err
}

// slice gives the values of a range.
func (s source[G]) slice(start, end int) ([]G, error) {
	if s.prepare != nil && end > start {
		s.prepare(start, end-start)
	}
	out := make([]G, end-start)
	for i := range out {
		v, err := s.get(start + i)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// naturalMap gives a map[string]any where the keys are texts, else a map[any]any.
func naturalMap(path string, t *arrow.MapType) (opener, error) {
	openKey, err := naturalKey(path+".key", t.KeyType())
	if err != nil {
		return nil, err
	}
	openVal, err := natural(path+".value", t.ItemType())
	if id := t.KeyType().ID(); id == arrow.STRING || id == arrow.LARGE_STRING {
		return boxed(openMap(openKey, openVal, func(key any) string { return key.(string) })), err
	}
	return boxed(openMap(openKey, openVal, func(key any) any { return key })), err
}

func openMap[K comparable](openKey, openVal opener, convert func(any) K) func(arrow.Array) source[map[K]any] {
	return func(column arrow.Array) source[map[K]any] {
		a := column.(*array.Map)
		keys, vals := openKey(a.Keys()), openVal(a.Items())
		return source[map[K]any]{get: func(i int) (map[K]any, error) {
			start, end := a.ValueOffsets(i)
			out := make(map[K]any, end-start)
			for j := int(start); j < int(end); j++ {
				key, err := keys.get(j)
				if err != nil {
					return nil, err
				}
				val, err := vals.get(j)
				if err != nil {
					return nil, err
				}
				out[convert(key)] = val
			}
			return out, nil
		}}
	}
}

// naturalKey is natural for the keys of a map: BINARY becomes a string, which Go
// can compare.
func naturalKey(path string, t arrow.DataType) (opener, error) {
	switch t.ID() {
	case arrow.BINARY, arrow.LARGE_BINARY:
		return boxed(openString), nil
	case arrow.LIST, arrow.MAP, arrow.STRUCT:
		return nil, fmt.Errorf("column %q: keys of the type %s cannot be keys of a Go map; use map_entries in the query", path, sparkName(t))
	}
	return natural(path, t)
}

// naturalRow gives a struct as a row.
func naturalRow(path string, t *arrow.StructType) (func(arrow.Array) source[value.Row], error) {
	names := fieldNames(t)
	opens := make([]opener, len(names))
	for i, f := range t.Fields() {
		open, err := natural(below(path, f.Name), f.Type)
		if err != nil {
			return nil, err
		}
		opens[i] = open
	}
	return func(column arrow.Array) source[value.Row] {
		r := rowSource{names: names, path: path, cells: make([]source[any], len(opens))}
		for i, open := range opens {
			r.cells[i] = open(column.(*array.Struct).Field(i))
		}
		return source[value.Row]{get: r.get, prepare: r.prepare}
	}, nil
}

// rowSource gives the rows of one struct column.
type rowSource struct {
	names []string
	path  string
	cells []source[any]
}

func (r *rowSource) prepare(from, n int) {
	for _, s := range r.cells {
		if s.prepare != nil {
			s.prepare(from, n)
		}
	}
}

func (r *rowSource) get(i int) (value.Row, error) {
	cells := make([]any, len(r.cells))
	for j, s := range r.cells {
		v, err := s.get(i)
		if err != nil {
			return value.Row{}, &cellError{path: below(r.path, r.names[j]), at: i, err: err}
		}
		cells[j] = v
	}
	return value.NewRow(r.names, cells), nil
}
