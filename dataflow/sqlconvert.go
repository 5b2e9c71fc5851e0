package dataflow

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// convert gives the literal in a type that unify found for it.
func convert(lit *wire.Expression_Literal, to sqlType) *wire.Expression_Literal {
	switch v := lit.GetLiteralType().(type) {
	case *wire.Expression_Literal_Null:
		if to.complete() {
			return &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Null{Null: to.wire()}}
		}
	case *wire.Expression_Literal_Integer:
		return integerLiteral(lit, int64(v.Integer), to)
	case *wire.Expression_Literal_Long:
		return integerLiteral(lit, v.Long, to)
	case *wire.Expression_Literal_Float:
		if to.name == typeDouble {
			return doubleLiteral(float64(v.Float))
		}
	case *wire.Expression_Literal_Decimal_:
		text := v.Decimal.GetValue()
		if to.name == typeDouble {
			number, _ := strconv.ParseFloat(text, 64) // checked when the literal was made
			return doubleLiteral(number)
		}
		return decimalLiteral(text, to)
	}
	return lit
}

func integerLiteral(lit *wire.Expression_Literal, n int64, to sqlType) *wire.Expression_Literal {
	switch to.name {
	case typeBigint:
		return &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Long{Long: n}}
	case typeDouble:
		return doubleLiteral(float64(n))
	case typeDecimal:
		return decimalLiteral(strconv.FormatInt(n, 10), to)
	}
	return lit
}

func doubleLiteral(number float64) *wire.Expression_Literal {
	return &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Double{Double: number}}
}

// decimalLiteral writes as many decimals as the type has: Spark takes the scale
// from the text.
func decimalLiteral(text string, to sqlType) *wire.Expression_Literal {
	whole, fraction, _ := strings.Cut(text, ".")
	if missing := to.scale - len(fraction); missing > 0 {
		text = whole + "." + fraction + strings.Repeat("0", missing)
	}
	return &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Decimal_{Decimal: &wire.Expression_Literal_Decimal{
		Value: text, Precision: proto.Int32(int32(to.precision)), Scale: proto.Int32(int32(to.scale)),
	}}}
}

// emptyLiteral is the array or map of a type with nothing in it. Only as a
// literal can it have a type.
func emptyLiteral(typ sqlType) *wire.Expression_Literal {
	if typ.name == typeMap {
		return &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Map_{Map: &wire.Expression_Literal_Map{
			KeyType: typ.key.wire(), ValueType: typ.elem.wire(),
		}}}
	}
	return &wire.Expression_Literal{LiteralType: &wire.Expression_Literal_Array_{Array: &wire.Expression_Literal_Array{
		ElementType: typ.elem.wire(),
	}}}
}

// dayField and secondField are the codes of the fields of an INTERVAL DAY TO
// SECOND.
const dayField, secondField = 0, 3

// wire gives the type as a message; VOID for what is not known.
func (t sqlType) wire() *wire.DataType {
	switch t.name {
	case typeBoolean:
		return &wire.DataType{Kind: &wire.DataType_Boolean_{Boolean: &wire.DataType_Boolean{}}}
	case typeInt:
		return &wire.DataType{Kind: &wire.DataType_Integer_{Integer: &wire.DataType_Integer{}}}
	case typeBigint:
		return &wire.DataType{Kind: &wire.DataType_Long_{Long: &wire.DataType_Long{}}}
	case typeFloat:
		return &wire.DataType{Kind: &wire.DataType_Float_{Float: &wire.DataType_Float{}}}
	case typeDouble:
		return &wire.DataType{Kind: &wire.DataType_Double_{Double: &wire.DataType_Double{}}}
	case typeString:
		return &wire.DataType{Kind: &wire.DataType_String_{String_: &wire.DataType_String{}}}
	case typeBinary:
		return &wire.DataType{Kind: &wire.DataType_Binary_{Binary: &wire.DataType_Binary{}}}
	case typeDate:
		return &wire.DataType{Kind: &wire.DataType_Date_{Date: &wire.DataType_Date{}}}
	case typeTimestamp:
		return &wire.DataType{Kind: &wire.DataType_Timestamp_{Timestamp: &wire.DataType_Timestamp{}}}
	}
	return t.wireWithParts()
}

// wireWithParts gives the types that are not told by their name alone.
func (t sqlType) wireWithParts() *wire.DataType {
	switch t.name {
	case typeInterval:
		return &wire.DataType{Kind: &wire.DataType_DayTimeInterval_{DayTimeInterval: &wire.DataType_DayTimeInterval{
			StartField: proto.Int32(dayField), EndField: proto.Int32(secondField),
		}}}
	case typeDecimal:
		return &wire.DataType{Kind: &wire.DataType_Decimal_{Decimal: &wire.DataType_Decimal{
			Scale: proto.Int32(int32(t.scale)), Precision: proto.Int32(int32(t.precision)),
		}}}
	case typeArray:
		return &wire.DataType{Kind: &wire.DataType_Array_{Array: &wire.DataType_Array{
			ElementType: t.elem.wire(), ContainsNull: true,
		}}}
	case typeMap:
		return &wire.DataType{Kind: &wire.DataType_Map_{Map: &wire.DataType_Map{
			KeyType: t.key.wire(), ValueType: t.elem.wire(), ValueContainsNull: true,
		}}}
	}
	return &wire.DataType{Kind: &wire.DataType_Null{Null: &wire.DataType_NULL{}}}
}
