package columnar

import (
	"fmt"
	"math/big"
	"math/bits"
	"reflect"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// bindDecimal takes exact numbers only. A number with more decimals than the
// column is an error, never rounded.
func bindDecimal(t reflect.Type, to target) appendFunc {
	d := decimalAppender{out: to.builder.(*array.Decimal128Builder), precision: to.typ.Precision, scale: to.typ.Scale}
	switch {
	case t == decimalType:
		return func(v reflect.Value) error { return d.text(v.String()) }
	case t == bigIntGoType:
		return func(v reflect.Value) error {
			n := addressOf(v).Interface().(*big.Int)
			if n.BitLen() > 128 {
				return d.tooLarge()
			}
			return d.text(n.String())
		}
	case t == bigRatGoType:
		return func(v reflect.Value) error { return d.rat(addressOf(v).Interface().(*big.Rat)) }
	case isIntegerType(t) && unsigned(t):
		return func(v reflect.Value) error { return d.text(strconv.FormatUint(v.Uint(), 10)) }
	case isIntegerType(t):
		return func(v reflect.Value) error { return d.text(strconv.FormatInt(v.Int(), 10)) }
	}
	return nil
}

type decimalAppender struct {
	out              *array.Decimal128Builder
	precision, scale int
}

func (d decimalAppender) tooLarge() error {
	return fmt.Errorf("the number has more than %d digits before the point, the most that DECIMAL(%d,%d) holds", d.precision-d.scale, d.precision, d.scale)
}

func (d decimalAppender) tooFine() error {
	return fmt.Errorf("the number has more than %d decimals, the scale of DECIMAL(%d,%d); round it first", d.scale, d.precision, d.scale)
}

func (d decimalAppender) rat(r *big.Rat) error {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale)), nil)
	unscaled, rest := new(big.Int).QuoRem(unit.Mul(unit, r.Num()), r.Denom(), new(big.Int))
	switch {
	case rest.Sign() != 0:
		return d.tooFine()
	case unscaled.BitLen() > 127:
		return d.tooLarge()
	}
	return d.append(decimal128.FromBigInt(unscaled))
}

// text takes a number such as "-12.50".
func (d decimalAppender) text(s string) error {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || digits == "." {
		return notDecimal(s)
	}
	n, seen, dot := number128{}, 0, -1
	for i := range len(digits) {
		c := digits[i]
		switch {
		case c == '.' && dot < 0:
			dot = i
		case c < '0' || c > '9':
			return notDecimal(s)
		case dot >= 0 && i-dot > d.scale:
			if c != '0' {
				return d.tooFine()
			}
		case seen > 0 || c != '0':
			if seen++; seen > maxDecimalDigits {
				return d.tooLarge()
			}
			n = n.times10plus(uint64(c - '0'))
		}
	}
	missing := d.scale
	if dot >= 0 {
		missing = max(0, d.scale-(len(digits)-dot-1))
	}
	if seen > 0 && seen+missing > maxDecimalDigits {
		return d.tooLarge()
	}
	for range missing {
		n = n.times10plus(0)
	}
	num := decimal128.New(int64(n.high), n.low)
	if s[0] == '-' {
		num = num.Negate()
	}
	return d.append(num)
}

func (d decimalAppender) append(n decimal128.Num) error {
	if !n.FitsInPrecision(int32(d.precision)) {
		return d.tooLarge()
	}
	d.out.Append(n)
	return nil
}

func notDecimal(s string) error {
	return fmt.Errorf(`%q is not a decimal number; write digits with a point, for example "12.50"`, s)
}

// number128 is an integer of at most 38 digits.
type number128 struct{ high, low uint64 }

func (n number128) times10plus(digit uint64) number128 {
	carry, low := bits.Mul64(n.low, 10)
	low, over := bits.Add64(low, digit, 0)
	return number128{high: n.high*10 + carry + over, low: low}
}
