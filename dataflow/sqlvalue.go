package dataflow

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// maxDecimalDigits is the largest precision of a Spark DECIMAL.
const maxDecimalDigits = 38

// Decimal is an exact number, for example "12.50", that becomes a Spark DECIMAL
// of as many digits as are written, at most 38. It has no exponent.
type Decimal string

// sqlType is the DECIMAL that Spark makes of d.
func (d Decimal) sqlType() (sqlType, error) {
	whole, fraction, _ := strings.Cut(strings.TrimLeft(string(d), "+-"), ".")
	signs := len(d) - len(strings.TrimLeft(string(d), "+-"))
	digits := whole + fraction
	if signs > 1 || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return sqlType{}, fmt.Errorf(`%q is not a decimal number; write digits with a point, for example "12.50"`, string(d))
	}
	precision := max(len(strings.TrimLeft(digits, "0")), len(fraction), 1)
	if precision > maxDecimalDigits {
		return sqlType{}, fmt.Errorf("%s has more than %d digits, the most that a Spark DECIMAL holds", string(d), maxDecimalDigits)
	}
	return decimalOf(precision, len(fraction)), nil
}

// Date is a day without a time, a Spark DATE.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String returns the date as year-month-day.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// days counts from 1 January 1970, in the calendar that Spark has too.
func (d Date) days() (int32, error) {
	midnight := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	if year, month, day := midnight.Date(); year != d.Year || month != d.Month || day != d.Day {
		return 0, fmt.Errorf("there is no date %s", d)
	}
	days := midnight.Unix() / (24 * 60 * 60)
	if days < math.MinInt32 || days > math.MaxInt32 {
		return 0, fmt.Errorf("the date of the year %d is out of range", d.Year)
	}
	return int32(days), nil
}
