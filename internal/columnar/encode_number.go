package columnar

import (
	"fmt"
	"math"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

func bindInteger(t reflect.Type, to target) appendFunc {
	if !isIntegerType(t) {
		return nil
	}
	switch out := to.builder.(type) {
	case *array.Int8Builder:
		return integers(t, to, out.Append)
	case *array.Int16Builder:
		return integers(t, to, out.Append)
	case *array.Int32Builder:
		return integers(t, to, out.Append)
	case *array.Int64Builder:
		return integers(t, to, out.Append)
	}
	return nil
}

// integers compiles the function that puts integers of the Go type t into a
// column of N.
func integers[N int8 | int16 | int32 | int64](t reflect.Type, to target, out func(N)) appendFunc {
	bits := reflect.TypeFor[N]().Bits()
	if unsigned(t) {
		most := uint64(1)<<(bits-1) - 1
		return func(v reflect.Value) error {
			n := v.Uint()
			if n > most {
				return fmt.Errorf("%d is more than %d, the largest %s", n, most, to.typ)
			}
			out(N(n))
			return nil
		}
	}
	if t.Bits() <= bits {
		return func(v reflect.Value) error {
			out(N(v.Int()))
			return nil
		}
	}
	return func(v reflect.Value) error {
		n := v.Int()
		if int64(N(n)) != n {
			return fmt.Errorf("%d is out of the range of %s, which goes from %d to %d", n, to.typ, int64(-1)<<(bits-1), int64(1)<<(bits-1)-1)
		}
		out(N(n))
		return nil
	}
}

func unsigned(t reflect.Type) bool { return t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64 }

// maxExactInteger is the largest integer up to which a DOUBLE has all integers.
const maxExactInteger = 1 << 53

// bindFloat takes floats, and integers that a DOUBLE holds exactly.
func bindFloat(t reflect.Type, to target) appendFunc {
	isFloat := t.Kind() == reflect.Float32 || t.Kind() == reflect.Float64
	switch out := to.builder.(type) {
	case *array.Float32Builder:
		if !isFloat {
			return nil
		}
		return func(v reflect.Value) error {
			f := v.Float()
			if math.Abs(f) > math.MaxFloat32 && !math.IsInf(f, 0) {
				return fmt.Errorf("%g is out of the range of %s", f, to.typ)
			}
			out.Append(float32(f))
			return nil
		}
	case *array.Float64Builder:
		switch {
		case isFloat:
			return func(v reflect.Value) error {
				out.Append(v.Float())
				return nil
			}
		case isIntegerType(t):
			return func(v reflect.Value) error { return appendExact(out, v, to.typ) }
		}
	}
	return nil
}

func appendExact(out *array.Float64Builder, v reflect.Value, typ schema.DataType) error {
	if v.CanUint() {
		if n := v.Uint(); n <= maxExactInteger {
			out.Append(float64(n))
			return nil
		}
	} else if n := v.Int(); -maxExactInteger <= n && n <= maxExactInteger {
		out.Append(float64(n))
		return nil
	}
	return fmt.Errorf("%v has more digits than %s holds exactly", v, typ)
}
