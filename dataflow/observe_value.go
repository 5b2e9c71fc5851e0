package dataflow

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// goValue gives the value of a literal that the server sent, nil for NULL.
func goValue(lit *wire.Expression_Literal) (any, error) {
	switch v := lit.GetLiteralType().(type) {
	case *wire.Expression_Literal_Null:
		return nil, nil
	case *wire.Expression_Literal_Boolean:
		return v.Boolean, nil
	case *wire.Expression_Literal_Byte:
		return int8(v.Byte), nil
	case *wire.Expression_Literal_Short:
		return int16(v.Short), nil
	case *wire.Expression_Literal_Integer:
		return v.Integer, nil
	case *wire.Expression_Literal_Long:
		return v.Long, nil
	case *wire.Expression_Literal_Float:
		return v.Float, nil
	case *wire.Expression_Literal_Double:
		return v.Double, nil
	case *wire.Expression_Literal_String_:
		return v.String_, nil
	case *wire.Expression_Literal_Binary:
		return v.Binary, nil
	case *wire.Expression_Literal_Decimal_:
		return Decimal(v.Decimal.GetValue()), nil
	}
	return goTime(lit)
}

// goTime is goValue for dates, times and intervals.
func goTime(lit *wire.Expression_Literal) (any, error) {
	switch v := lit.GetLiteralType().(type) {
	case *wire.Expression_Literal_Date:
		return value.DateOfDays(v.Date), nil
	case *wire.Expression_Literal_Timestamp:
		return time.UnixMicro(v.Timestamp).UTC(), nil
	case *wire.Expression_Literal_TimestampNtz:
		return time.UnixMicro(v.TimestampNtz).UTC(), nil
	case *wire.Expression_Literal_DayTimeInterval:
		return value.DayTimeInterval(v.DayTimeInterval).Duration()
	case *wire.Expression_Literal_YearMonthInterval:
		return value.YearMonthInterval(v.YearMonthInterval), nil
	case *wire.Expression_Literal_CalendarInterval_:
		i := v.CalendarInterval
		return value.CalendarInterval{Months: i.GetMonths(), Days: i.GetDays(), Microseconds: i.GetMicroseconds()}, nil
	}
	return goNested(lit)
}

// goNested is goValue for values that hold others.
func goNested(lit *wire.Expression_Literal) (any, error) {
	switch v := lit.GetLiteralType().(type) {
	case *wire.Expression_Literal_Array_:
		return goValues(v.Array.GetElements())
	case *wire.Expression_Literal_Map_:
		return goMap(v.Map)
	case *wire.Expression_Literal_Struct_:
		fields := v.Struct.GetStructType().GetStruct().GetFields()
		values, err := goValues(v.Struct.GetElements())
		if err != nil || len(fields) != len(values) {
			return nil, errors.Join(err, errors.New("the fields of a struct do not fit its type"))
		}
		out := make(map[string]any, len(fields))
		for i, field := range fields {
			out[field.GetName()] = values[i]
		}
		return out, nil
	case nil:
		return nil, errors.New("its type is not known to this version of sparkpipe")
	}
	return nil, fmt.Errorf("there is no Go value for a %T", lit.GetLiteralType())
}

func goValues(lits []*wire.Expression_Literal) ([]any, error) {
	out := make([]any, len(lits))
	for i, lit := range lits {
		got, err := goValue(lit)
		if err != nil {
			return nil, err
		}
		out[i] = got
	}
	return out, nil
}

func goMap(m *wire.Expression_Literal_Map) (map[any]any, error) {
	keys, err := goValues(m.GetKeys())
	if err != nil {
		return nil, err
	}
	values, err := goValues(m.GetValues())
	if err != nil || len(keys) != len(values) {
		return nil, errors.Join(err, errors.New("the keys of a map do not fit its values"))
	}
	out := make(map[any]any, len(keys))
	for i, key := range keys {
		if key == nil || !reflect.TypeOf(key).Comparable() {
			return nil, fmt.Errorf("a %T cannot be the key of a Go map", key)
		}
		out[key] = values[i]
	}
	return out, nil
}
