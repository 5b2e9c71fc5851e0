package quality

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// written numbers; the exponent is short, so that none takes all memory.
var numberText = regexp.MustCompile(`^[+-]?(\d{1,200}(\.\d{0,200})?|\.\d{1,200})([eE][+-]?\d{1,3})?$`)

// number reads a value that a user gave as a number, exactly.
func number(v any) (*big.Rat, error) {
	switch n := v.(type) {
	case string:
		return textNumber(n)
	case dataflow.Decimal:
		return n.Rat()
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return new(big.Rat).SetInt64(r.Int()), nil
	case r.CanUint():
		return new(big.Rat).SetInt(new(big.Int).SetUint64(r.Uint())), nil
	case r.CanFloat():
		return floatNumber(r.Float(), r.Type().Bits())
	}
	return nil, fmt.Errorf("%v is no number", v)
}

func textNumber(s string) (*big.Rat, error) {
	n, ok := new(big.Rat), numberText.MatchString(strings.TrimSpace(s))
	if ok {
		_, ok = n.SetString(strings.TrimSpace(s))
	}
	if !ok {
		return nil, fmt.Errorf("%q is no number", s)
	}
	return n, nil
}

// floatNumber takes a float for the shortest number that is read as it: 0.1 is one
// tenth.
func floatNumber(f float64, bits int) (*big.Rat, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%v is no bound", f)
	}
	return textNumber(strconv.FormatFloat(f, 'e', -1, bits))
}

// digits are the decimals and the limits of a type of exact numbers.
type digits struct {
	scale    int
	low, top *big.Int // of the number without its point
}

// digitsOf tells of which exact numbers a type is; false for floats.
func digitsOf(t schema.DataType) (digits, bool) {
	bits := map[schema.Kind]uint{schema.KindByte: 7, schema.KindShort: 15, schema.KindInteger: 31, schema.KindLong: 63}
	if n, ok := bits[t.Kind]; ok {
		end := new(big.Int).Lsh(big.NewInt(1), n)
		return digits{0, new(big.Int).Neg(end), end.Sub(end, big.NewInt(1))}, true
	}
	if t.Kind != schema.KindDecimal {
		return digits{}, false
	}
	top := new(big.Int).Sub(tenTo(t.Precision), big.NewInt(1))
	return digits{t.Scale, new(big.Int).Neg(top), top}, true
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// unscaled gives the numbers of the type at or next below and at or next above n.
func (d digits) unscaled(n *big.Rat) (floor, ceil *big.Int) {
	scaled := new(big.Rat).Mul(n, new(big.Rat).SetInt(tenTo(d.scale)))
	floor = new(big.Int).Div(scaled.Num(), scaled.Denom()) // rounds down: the denominator is positive
	ceil = new(big.Int).Set(floor)
	if !scaled.IsInt() {
		ceil.Add(ceil, big.NewInt(1))
	}
	return floor, ceil
}

// exact is the literal of a number of the type.
func exact(t schema.DataType, unscaled *big.Int) expr {
	switch t.Kind {
	case schema.KindLong:
		return long(unscaled.Int64())
	case schema.KindByte, schema.KindShort, schema.KindInteger:
		return integer(int32(unscaled.Int64()))
	}
	return literal(&wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Decimal_{Decimal: &wire.Expression_Literal_Decimal{
		Value: string(value.NewDecimal(unscaled, t.Scale)), Precision: proto.Int32(int32(t.Precision)), Scale: proto.Int32(int32(t.Scale)),
	}}})
}

// inexact is the literal of a number for a column of floats.
func inexact(t schema.DataType, n *big.Rat) expr {
	if t.Kind == schema.KindFloat {
		f, _ := n.Float32()
		return float(f)
	}
	f, _ := n.Float64()
	return double(f)
}

// beyond is the condition that a number lies outside of a bound: "<", "<=", ">" or
// ">=". The bound is made one of the column's own type, so that Spark converts
// neither and rounds nothing.
func beyond(col operand, operator string, n *big.Rat) expr {
	d, ok := digitsOf(col.typ)
	if !ok {
		return call(operator, col.expr, inexact(col.typ, n))
	}
	floor, ceil := d.unscaled(n)
	bound := floor
	if operator == "<" || operator == ">=" {
		bound = ceil
	}
	// A bound outside of the type holds for all of its numbers or for none. A null
	// stays null.
	switch below := operator[0] == '<'; {
	case bound.Cmp(d.top) > 0:
		return always(col, below)
	case bound.Cmp(d.low) < 0:
		return always(col, !below)
	}
	return call(operator, col.expr, exact(col.typ, bound))
}

// always is a condition that is b for all but null.
func always(col operand, b bool) expr {
	if b {
		return call("==", col.expr, col.expr)
	}
	return not(call("==", col.expr, col.expr))
}

// equal is the literal for a number that a column can have.
func equal(t schema.DataType, n *big.Rat) (expr, error) {
	d, ok := digitsOf(t)
	if !ok {
		return inexact(t, n), nil
	}
	floor, ceil := d.unscaled(n)
	if floor.Cmp(ceil) != 0 || floor.Cmp(d.low) < 0 || floor.Cmp(d.top) > 0 {
		return expr{}, fmt.Errorf("%s can be in no column of type %s", n.RatString(), t)
	}
	return exact(t, floor), nil
}

// rational reads a number that Spark computed; false for null, NaN and infinity.
func rational(v any) (*big.Rat, bool) {
	switch n := v.(type) {
	case float64:
		r := new(big.Rat).SetFloat64(n)
		return r, r != nil
	case float32:
		r := new(big.Rat).SetFloat64(float64(n))
		return r, r != nil
	}
	r, err := number(v)
	return r, err == nil
}

// atMost reports whether part of whole is no more than a share.
func atMost(part int64, share *big.Rat, whole int64) bool {
	limit := new(big.Rat).Mul(share, new(big.Rat).SetInt64(whole))
	return new(big.Rat).SetInt64(part).Cmp(limit) <= 0
}
