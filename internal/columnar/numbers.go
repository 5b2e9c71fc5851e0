package columnar

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// intWriters makes the writers by the kind of the Go type.
var intWriters = map[reflect.Kind]func(cell) writer{
	reflect.Int: newInt[int], reflect.Int8: newInt[int8], reflect.Int16: newInt[int16], reflect.Int32: newInt[int32], reflect.Int64: newInt[int64],
	reflect.Uint: newInt[uint], reflect.Uint8: newInt[uint8], reflect.Uint16: newInt[uint16], reflect.Uint32: newInt[uint32], reflect.Uint64: newInt[uint64],
}

func newInt[G integer](c cell) writer { return newLeaf(c, openInt[G]) }

func openInt[G integer](column arrow.Array) source[G] {
	var s source[G]
	var get func(i int) int64
	switch a := column.(type) {
	case *array.Int8:
		s.all, _ = any(a.Int8Values()).([]G)
		get = func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int16:
		s.all, _ = any(a.Int16Values()).([]G)
		get = func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int32:
		s.all, _ = any(a.Int32Values()).([]G)
		get = func(i int) int64 { return int64(a.Value(i)) }
	case *array.Int64:
		s.all, _ = any(a.Int64Values()).([]G)
		get = a.Value
	}
	s.get = func(i int) (G, error) { return fit[G](get(i)) }
	return s
}

// fit converts a number if G has it.
func fit[G integer](n int64) (G, error) {
	g := G(n)
	if int64(g) != n || (g < 0) != (n < 0) {
		return 0, fmt.Errorf("%d does not fit into %s", n, reflect.TypeFor[G]())
	}
	return g, nil
}

func openBool(column arrow.Array) source[bool] {
	a := column.(*array.Boolean)
	return source[bool]{get: func(i int) (bool, error) { return a.Value(i), nil }}
}

func openFloat32(column arrow.Array) source[float32] {
	a := column.(*array.Float32)
	return source[float32]{all: a.Float32Values(), get: func(i int) (float32, error) { return a.Value(i), nil }}
}

func openFloat64(column arrow.Array) source[float64] {
	if a, ok := column.(*array.Float64); ok {
		return source[float64]{all: a.Float64Values(), get: func(i int) (float64, error) { return a.Value(i), nil }}
	}
	a := column.(*array.Float32)
	return source[float64]{get: func(i int) (float64, error) { return float64(a.Value(i)), nil }}
}
