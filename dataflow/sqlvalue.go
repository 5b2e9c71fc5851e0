package dataflow

import "github.com/sparkpipe/sparkpipe/dataflow/value"

// maxDecimalDigits is the largest precision of a Spark DECIMAL.
const maxDecimalDigits = 38

// Decimal is an exact number, for example "12.50", that becomes a Spark DECIMAL
// of as many digits as are written, at most 38. It has no exponent.
type Decimal = value.Decimal

// Date is a day without a time, a Spark DATE.
type Date = value.Date

// decimalType is the DECIMAL that Spark makes of d.
func decimalType(d Decimal) (sqlType, error) {
	precision, scale, err := d.Digits()
	return decimalOf(precision, scale), err
}
