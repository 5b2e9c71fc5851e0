package dataflow

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// literal gives the literal for a value and its type, or nil when the value is
// none.
func literal(value any) (*wire.Expression_Literal, sqlType, error) {
	lit := &wire.Expression_Literal{}
	switch v := value.(type) {
	case nil:
		void := sqlType{name: typeVoid}
		lit.LiteralType = &wire.Expression_Literal_Null{Null: void.wire()}
		return lit, void, nil
	case time.Time:
		if !time.UnixMicro(v.UnixMicro()).Equal(v.Truncate(time.Microsecond)) {
			return nil, sqlType{}, fmt.Errorf("the time of the year %d is out of range", v.Year())
		}
		lit.LiteralType = &wire.Expression_Literal_Timestamp{Timestamp: v.UnixMicro()}
	case time.Duration:
		lit.LiteralType = &wire.Expression_Literal_DayTimeInterval{DayTimeInterval: v.Microseconds()}
	case Decimal:
		typ, err := decimalType(v)
		lit.LiteralType = &wire.Expression_Literal_Decimal_{Decimal: &wire.Expression_Literal_Decimal{Value: string(v)}}
		return lit, typ, err
	case Date:
		day, err := v.Days()
		if err != nil {
			return nil, sqlType{}, err
		}
		lit.LiteralType = &wire.Expression_Literal_Date{Date: day}
	default:
		return basicLiteral(reflect.ValueOf(value))
	}
	return lit, goType(reflect.TypeOf(value)), nil
}

// basicLiteral goes by kind, so that named types work as their base.
func basicLiteral(v reflect.Value) (*wire.Expression_Literal, sqlType, error) {
	lit := &wire.Expression_Literal{}
	switch v.Kind() {
	case reflect.Bool:
		lit.LiteralType = &wire.Expression_Literal_Boolean{Boolean: v.Bool()}
	case reflect.String:
		lit.LiteralType = &wire.Expression_Literal_String_{String_: v.String()}
	case reflect.Int8, reflect.Int16, reflect.Int32:
		lit.LiteralType = &wire.Expression_Literal_Integer{Integer: int32(v.Int())}
	case reflect.Int, reflect.Int64:
		lit.LiteralType = &wire.Expression_Literal_Long{Long: v.Int()}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return nil, sqlType{}, fmt.Errorf("%d is larger than a Spark BIGINT", v.Uint())
		}
		lit.LiteralType = &wire.Expression_Literal_Long{Long: int64(v.Uint())}
	case reflect.Float32:
		lit.LiteralType = &wire.Expression_Literal_Float{Float: float32(v.Float())}
	case reflect.Float64:
		lit.LiteralType = &wire.Expression_Literal_Double{Double: v.Float()}
	case reflect.Slice, reflect.Array:
		if isList(v.Type()) {
			return nil, sqlType{}, nil
		}
		data := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(data), v)
		lit.LiteralType = &wire.Expression_Literal_Binary{Binary: data}
	default:
		return nil, sqlType{}, nil
	}
	return lit, goType(v.Type()), nil
}
