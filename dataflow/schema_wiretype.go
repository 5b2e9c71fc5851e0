package dataflow

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// wireType is the type in the protocol, the inverse of schemaType. What our
// messages do not have goes as text, which the server reads.
func wireType(t schema.DataType) *wire.DataType {
	switch t.Kind {
	case schema.KindUnknown:
		return &wire.DataType{Kind: &wire.DataType_Unparsed_{Unparsed: &wire.DataType_Unparsed{DataTypeString: t.Text}}}
	case schema.KindDecimal:
		decimal := &wire.DataType_Decimal{Precision: proto.Int32(int32(t.Precision)), Scale: proto.Int32(int32(t.Scale))}
		return &wire.DataType{Kind: &wire.DataType_Decimal_{Decimal: decimal}}
	case schema.KindString:
		return &wire.DataType{Kind: &wire.DataType_String_{String_: &wire.DataType_String{Collation: t.Collation}}}
	case schema.KindChar:
		char := &wire.DataType_Char{Length: int32(t.Length)}
		setCharCollation(char, t.Collation)
		return &wire.DataType{Kind: &wire.DataType_Char_{Char: char}}
	case schema.KindVarChar:
		char := &wire.DataType_VarChar{Length: int32(t.Length)}
		setCharCollation(char, t.Collation)
		return &wire.DataType{Kind: &wire.DataType_VarChar_{VarChar: char}}
	case schema.KindYearMonthInterval:
		interval := &wire.DataType_YearMonthInterval{StartField: proto.Int32(int32(t.Start)), EndField: proto.Int32(int32(t.End))}
		return &wire.DataType{Kind: &wire.DataType_YearMonthInterval_{YearMonthInterval: interval}}
	case schema.KindDayTimeInterval:
		interval := &wire.DataType_DayTimeInterval{StartField: proto.Int32(int32(t.Start)), EndField: proto.Int32(int32(t.End))}
		return &wire.DataType{Kind: &wire.DataType_DayTimeInterval_{DayTimeInterval: interval}}
	case schema.KindArray, schema.KindMap, schema.KindUDT:
		return wireNested(t)
	case schema.KindStruct:
		return wireStruct(t.Fields)
	}
	return wireSimple(t.Kind)
}

// wireSimple is a type without parameters in the protocol.
func wireSimple(kind schema.Kind) *wire.DataType {
	switch kind {
	case schema.KindNull:
		return &wire.DataType{Kind: &wire.DataType_Null{Null: &wire.DataType_NULL{}}}
	case schema.KindBoolean:
		return &wire.DataType{Kind: &wire.DataType_Boolean_{Boolean: &wire.DataType_Boolean{}}}
	case schema.KindByte:
		return &wire.DataType{Kind: &wire.DataType_Byte_{Byte: &wire.DataType_Byte{}}}
	case schema.KindShort:
		return &wire.DataType{Kind: &wire.DataType_Short_{Short: &wire.DataType_Short{}}}
	case schema.KindInteger:
		return &wire.DataType{Kind: &wire.DataType_Integer_{Integer: &wire.DataType_Integer{}}}
	case schema.KindLong:
		return &wire.DataType{Kind: &wire.DataType_Long_{Long: &wire.DataType_Long{}}}
	case schema.KindFloat:
		return &wire.DataType{Kind: &wire.DataType_Float_{Float: &wire.DataType_Float{}}}
	case schema.KindDouble:
		return &wire.DataType{Kind: &wire.DataType_Double_{Double: &wire.DataType_Double{}}}
	case schema.KindBinary:
		return &wire.DataType{Kind: &wire.DataType_Binary_{Binary: &wire.DataType_Binary{}}}
	case schema.KindDate:
		return &wire.DataType{Kind: &wire.DataType_Date_{Date: &wire.DataType_Date{}}}
	case schema.KindTimestamp:
		return &wire.DataType{Kind: &wire.DataType_Timestamp_{Timestamp: &wire.DataType_Timestamp{}}}
	case schema.KindTimestampNTZ:
		return &wire.DataType{Kind: &wire.DataType_TimestampNtz{TimestampNtz: &wire.DataType_TimestampNTZ{}}}
	case schema.KindCalendarInterval:
		return &wire.DataType{Kind: &wire.DataType_CalendarInterval_{CalendarInterval: &wire.DataType_CalendarInterval{}}}
	case schema.KindVariant:
		return &wire.DataType{Kind: &wire.DataType_Variant_{Variant: &wire.DataType_Variant{}}}
	}
	return &wire.DataType{}
}

// wireElem is the type of a part, which may be missing in a type made by hand.
func wireElem(t *schema.DataType) *wire.DataType {
	if t == nil {
		return nil
	}
	return wireType(*t)
}

func wireNested(t schema.DataType) *wire.DataType {
	switch t.Kind {
	case schema.KindArray:
		array := &wire.DataType_Array{ElementType: wireElem(t.Elem), ContainsNull: t.ElemNullable}
		return &wire.DataType{Kind: &wire.DataType_Array_{Array: array}}
	case schema.KindMap:
		m := &wire.DataType_Map{KeyType: wireElem(t.Key), ValueType: wireElem(t.Elem), ValueContainsNull: t.ElemNullable}
		return &wire.DataType{Kind: &wire.DataType_Map_{Map: m}}
	}
	udt := &wire.DataType_UDT{
		Type: "udt", JvmClass: unlessEmpty(t.UDT), PythonClass: unlessEmpty(t.PythonUDT),
		SerializedPythonClass: unlessEmpty(t.PythonCode), SqlType: wireElem(t.Elem),
	}
	return &wire.DataType{Kind: &wire.DataType_Udt{Udt: udt}}
}

func wireStruct(fields []schema.Field) *wire.DataType {
	msg := &wire.DataType_Struct{}
	for _, f := range fields {
		msg.Fields = append(msg.Fields, &wire.DataType_StructField{
			Name: f.Name, DataType: wireType(f.Type), Nullable: f.Nullable, Metadata: unlessEmpty(f.Metadata),
		})
	}
	return &wire.DataType{Kind: &wire.DataType_Struct_{Struct: msg}}
}

func setCharCollation(msg proto.Message, collation string) {
	if collation != "" {
		field := protowire.AppendTag(nil, wireCharCollation, protowire.BytesType)
		msg.ProtoReflect().SetUnknown(protowire.AppendString(field, collation))
	}
}
