package columnar

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// sparkName is the Spark type that arrives as an Arrow type.
func sparkName(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.Decimal128Type:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.Precision, t.Scale)
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return "TIMESTAMP_NTZ"
		}
		return "TIMESTAMP"
	case *arrow.ListType:
		return "ARRAY<" + sparkName(t.Elem()) + ">"
	case *arrow.MapType:
		return "MAP<" + sparkName(t.KeyType()) + ", " + sparkName(t.ItemType()) + ">"
	case *arrow.StructType:
		if isVariant(t) {
			return "VARIANT"
		}
		parts := make([]string, t.NumFields())
		for i, f := range t.Fields() {
			parts[i] = f.Name + ": " + sparkName(f.Type)
		}
		return "STRUCT<" + strings.Join(parts, ", ") + ">"
	}
	if name, ok := plainNames[t.ID()]; ok {
		return name
	}
	return t.String()
}

var plainNames = map[arrow.Type]string{
	arrow.NULL: "VOID", arrow.BOOL: "BOOLEAN", arrow.INT8: "TINYINT", arrow.INT16: "SMALLINT", arrow.INT32: "INT", arrow.INT64: "BIGINT",
	arrow.FLOAT32: "FLOAT", arrow.FLOAT64: "DOUBLE", arrow.STRING: "STRING", arrow.LARGE_STRING: "STRING",
	arrow.BINARY: "BINARY", arrow.LARGE_BINARY: "BINARY", arrow.DATE32: "DATE", arrow.INTERVAL_MONTHS: "INTERVAL YEAR TO MONTH",
	arrow.DURATION: "INTERVAL DAY TO SECOND", arrow.INTERVAL_MONTH_DAY_NANO: "INTERVAL",
}

// isVariant reports whether a struct is a VARIANT: Spark marks one on its field
// of metadata.
func isVariant(t *arrow.StructType) bool {
	if t.NumFields() != 2 {
		return false
	}
	value, okValue := t.FieldByName("value")
	meta, okMeta := t.FieldByName("metadata")
	if !okValue || !okMeta || !isBinary(value.Type) || !isBinary(meta.Type) {
		return false
	}
	mark, marked := meta.Metadata.GetValue("variant")
	return marked && mark == "true"
}

func isBinary(t arrow.DataType) bool { return t.ID() == arrow.BINARY || t.ID() == arrow.LARGE_BINARY }

// advice says which Go types take values of an Arrow type.
func advice(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return "a bool"
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
		return "an integer type"
	case *arrow.Float32Type:
		return "a float32 or float64"
	case *arrow.Float64Type:
		return "a float64"
	case *arrow.Decimal128Type:
		if t.Scale == 0 {
			return "a value.Decimal, *big.Rat, *big.Int or an integer type"
		}
		return "a value.Decimal or *big.Rat, which are exact"
	case *arrow.StringType, *arrow.LargeStringType:
		return "a string or []byte"
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return "a []byte"
	case *arrow.Date32Type:
		return "a value.Date or time.Time"
	case *arrow.TimestampType:
		return "a time.Time"
	case *arrow.MonthIntervalType:
		return "a value.YearMonthInterval"
	case *arrow.DurationType:
		return "a time.Duration or value.DayTimeInterval"
	case *arrow.MonthDayNanoIntervalType:
		return "a value.CalendarInterval"
	case *arrow.ListType:
		return "a slice"
	case *arrow.MapType:
		return "a map"
	case *arrow.StructType:
		if isVariant(t) {
			return "a value.Variant"
		}
		return "a struct or map[string]any"
	}
	return "a pointer, sql.Null[T] or any"
}
