package columnar

import (
	"fmt"
	"math/big"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// decimalWriter makes the writer for a DECIMAL, nil when the Go type is none for
// it.
func decimalWriter(c cell) writer {
	whole := c.arrow.(*arrow.Decimal128Type).Scale == 0
	switch {
	case c.typ == decimalType:
		return newLeaf(c, openDecimal)
	case c.typ == reflect.TypeFor[big.Rat]():
		return newLeaf(c, openRat)
	case c.typ == reflect.TypeFor[big.Int]() && whole:
		return newLeaf(c, openBigInt)
	case whole && !ownTypes[c.typ]:
		if make := wholeWriters[c.typ.Kind()]; make != nil {
			return make(c)
		}
	}
	return nil
}

// wholeWriters makes the writers of decimals without a fraction by the kind of
// the Go type.
var wholeWriters = map[reflect.Kind]func(cell) writer{
	reflect.Int: newWhole[int], reflect.Int8: newWhole[int8], reflect.Int16: newWhole[int16], reflect.Int32: newWhole[int32], reflect.Int64: newWhole[int64],
	reflect.Uint: newWhole[uint], reflect.Uint8: newWhole[uint8], reflect.Uint16: newWhole[uint16], reflect.Uint32: newWhole[uint32], reflect.Uint64: newWhole[uint64],
}

func newWhole[G integer](c cell) writer { return newLeaf(c, openWhole[G]) }

func openWhole[G integer](column arrow.Array) source[G] {
	a := column.(*array.Decimal128)
	return source[G]{get: func(i int) (G, error) {
		n := a.Value(i)
		if g := G(n.LowBits()); n.HighBits() == 0 && g >= 0 && uint64(g) == n.LowBits() {
			return g, nil // also what only a uint64 holds
		}
		if small, ok := int64Of(n); ok {
			return fit[G](small)
		}
		return 0, fmt.Errorf("%s does not fit into %s", n.BigInt(), reflect.TypeFor[G]())
	}}
}

// int64Of gives the unscaled number if it fits.
func int64Of(n decimal128.Num) (int64, bool) {
	low := int64(n.LowBits())
	return low, n.HighBits() == low>>63
}

func openDecimal(column arrow.Array) source[value.Decimal] {
	a := column.(*array.Decimal128)
	scale := int(a.DataType().(*arrow.Decimal128Type).Scale)
	return source[value.Decimal]{get: func(i int) (value.Decimal, error) {
		n := a.Value(i)
		if small, ok := int64Of(n); ok {
			return value.NewDecimalFromInt(small, scale), nil
		}
		return value.NewDecimal(n.BigInt(), scale), nil
	}}
}

func openRat(column arrow.Array) source[big.Rat] {
	a := column.(*array.Decimal128)
	scale := int64(a.DataType().(*arrow.Decimal128Type).Scale)
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(0, scale)), nil)
	return source[big.Rat]{get: func(i int) (big.Rat, error) {
		return *new(big.Rat).SetFrac(a.Value(i).BigInt(), unit), nil
	}}
}

func openBigInt(column arrow.Array) source[big.Int] {
	a := column.(*array.Decimal128)
	return source[big.Int]{get: func(i int) (big.Int, error) { return *a.Value(i).BigInt(), nil }}
}
