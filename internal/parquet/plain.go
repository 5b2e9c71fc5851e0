package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// values gathers the values of a leaf that are not null, in plain encoding.
type values struct {
	out   []byte
	count int // of booleans, which lie in single bits
}

// appender returns the function that appends the value at an index.
func (v *values) appender(a arrow.Array, e element) (func(i int), error) {
	switch a := a.(type) {
	case *array.Boolean:
		return func(i int) { v.bool(a.Value(i)) }, nil
	case *array.Int8:
		return func(i int) { v.int32(int32(a.Value(i))) }, nil
	case *array.Int16:
		return func(i int) { v.int32(int32(a.Value(i))) }, nil
	case *array.Int32:
		return func(i int) { v.int32(a.Value(i)) }, nil
	case *array.Date32:
		return func(i int) { v.int32(int32(a.Value(i))) }, nil
	case *array.MonthInterval:
		return func(i int) { v.int32(int32(a.Value(i))) }, nil
	case *array.Int64:
		return func(i int) { v.int64(a.Value(i)) }, nil
	case *array.Timestamp:
		return func(i int) { v.int64(int64(a.Value(i))) }, nil
	case *array.Duration:
		return func(i int) { v.int64(int64(a.Value(i))) }, nil
	case *array.Float32:
		return func(i int) { v.int32(int32(math.Float32bits(a.Value(i)))) }, nil
	case *array.Float64:
		return func(i int) { v.int64(int64(math.Float64bits(a.Value(i)))) }, nil
	case *array.Decimal128:
		return func(i int) { v.decimal(a.Value(i), e.physical) }, nil
	}
	return v.byteAppender(a)
}

func (v *values) byteAppender(a arrow.Array) (func(i int), error) {
	switch a := a.(type) {
	case *array.String:
		return func(i int) { v.text(a.Value(i)) }, nil
	case *array.LargeString:
		return func(i int) { v.text(a.Value(i)) }, nil
	case *array.Binary:
		return func(i int) { v.bytes(a.Value(i)) }, nil
	case *array.LargeBinary:
		return func(i int) { v.bytes(a.Value(i)) }, nil
	}
	return nil, fmt.Errorf("there is no Parquet form of %s", a.DataType())
}

// all appends every value of an array without nulls. It reports false for types
// that go one by one.
func (v *values) all(a arrow.Array) bool {
	switch a := a.(type) {
	case *array.Int32:
		v.out = slices.Grow(v.out, 4*a.Len())
		for _, n := range a.Int32Values() {
			v.int32(n)
		}
	case *array.Int64:
		v.out = slices.Grow(v.out, 8*a.Len())
		for _, n := range a.Int64Values() {
			v.int64(n)
		}
	case *array.Float64:
		v.out = slices.Grow(v.out, 8*a.Len())
		for _, n := range a.Float64Values() {
			v.int64(int64(math.Float64bits(n)))
		}
	case *array.String:
		v.out = slices.Grow(v.out, 4*a.Len()+len(a.ValueBytes()))
		for i := range a.Len() {
			v.text(a.Value(i))
		}
	default:
		return false
	}
	return true
}

func (v *values) bool(b bool) {
	if v.count%8 == 0 {
		v.out = append(v.out, 0)
	}
	if b {
		v.out[len(v.out)-1] |= 1 << (v.count % 8)
	}
	v.count++
}

func (v *values) int32(n int32) { v.out = binary.LittleEndian.AppendUint32(v.out, uint32(n)) }

func (v *values) int64(n int64) { v.out = binary.LittleEndian.AppendUint64(v.out, uint64(n)) }

func (v *values) text(s string) {
	v.out = append(binary.LittleEndian.AppendUint32(v.out, uint32(len(s))), s...)
}

func (v *values) bytes(b []byte) {
	v.out = append(binary.LittleEndian.AppendUint32(v.out, uint32(len(b))), b...)
}

// decimal appends the unscaled number in the form of its precision. Spark's
// precision bounds it.
func (v *values) decimal(n decimal128.Num, physical int) {
	switch physical {
	case typeInt32:
		v.int32(int32(n.LowBits()))
	case typeInt64:
		v.int64(int64(n.LowBits()))
	default:
		v.out = binary.BigEndian.AppendUint64(v.out, uint64(n.HighBits()))
		v.out = binary.BigEndian.AppendUint64(v.out, n.LowBits())
	}
}
