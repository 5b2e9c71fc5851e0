package value

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// maxDecimalDigits is the largest precision of a Spark DECIMAL.
const maxDecimalDigits = 38

// Decimal is an exact number, for example "12.50", that becomes a Spark DECIMAL
// of as many digits as are written, at most 38. It has no exponent. What is read
// from Spark has all decimals of its type, so that equal values of one column
// are equal texts.
type Decimal string

// NewDecimal returns unscaled × 10^-scale, written with scale decimals.
func NewDecimal(unscaled *big.Int, scale int) Decimal {
	return decimalText(unscaled.String(), scale)
}

// NewDecimalFromInt returns unscaled × 10^-scale, written with scale decimals.
func NewDecimalFromInt(unscaled int64, scale int) Decimal {
	return decimalText(strconv.FormatInt(unscaled, 10), scale)
}

// decimalText puts the point into the digits of an unscaled number.
func decimalText(digits string, scale int) Decimal {
	if scale <= 0 {
		if digits == "0" {
			return "0"
		}
		return Decimal(digits + strings.Repeat("0", -scale))
	}
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	return Decimal(sign + digits[:point] + "." + digits[point:])
}

// String returns the text of the number.
func (d Decimal) String() string { return string(d) }

// Digits returns the precision and the scale of the DECIMAL that Spark makes of
// d: how many digits it has, and how many of them after the point. It is an
// error when d is no number or has more than 38 digits.
func (d Decimal) Digits() (precision, scale int, err error) {
	whole, fraction, _ := strings.Cut(strings.TrimLeft(string(d), "+-"), ".")
	signs := len(d) - len(strings.TrimLeft(string(d), "+-"))
	digits := whole + fraction
	if signs > 1 || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, 0, fmt.Errorf(`%q is not a decimal number; write digits with a point, for example "12.50"`, string(d))
	}
	precision = max(len(strings.TrimLeft(digits, "0")), len(fraction), 1)
	if precision > maxDecimalDigits {
		return 0, 0, fmt.Errorf("%s has more than %d digits, the most that a Spark DECIMAL holds", string(d), maxDecimalDigits)
	}
	return precision, len(fraction), nil
}

// Unscaled returns the number without its point, and how many digits stood after
// it: "12.50" is 1250 and 2.
func (d Decimal) Unscaled() (unscaled *big.Int, scale int, err error) {
	_, scale, err = d.Digits()
	if err != nil {
		return nil, 0, err
	}
	unscaled, ok := new(big.Int).SetString(strings.Replace(string(d), ".", "", 1), 10)
	if !ok {
		return nil, 0, fmt.Errorf("%q is not a decimal number", string(d))
	}
	return unscaled, scale, nil
}

// Rat returns the number as a fraction, for arithmetic.
func (d Decimal) Rat() (*big.Rat, error) {
	unscaled, scale, err := d.Unscaled()
	if err != nil {
		return nil, err
	}
	return new(big.Rat).SetFrac(unscaled, pow10(scale)), nil
}

// DecimalOf returns the fraction rounded to scale decimals, half away from zero
// as Spark's round does it.
func DecimalOf(number *big.Rat, scale int) Decimal {
	return Decimal(number.FloatString(max(0, scale)))
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
