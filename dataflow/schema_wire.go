package dataflow

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// What Spark 4.1 and later add to the protocol's DataType. The client's protocol
// does not have these yet.
const (
	wireGeometry  = 26
	wireGeography = 27
	wireTime      = 28
	// wireCharCollation is the field of CHAR and VARCHAR, which servers up to 4.3
	// do not send.
	wireCharCollation = 3
)

// schemaType reads a type of the protocol.
func schemaType(msg *wire.DataType) schema.DataType {
	switch kind := msg.GetKind().(type) {
	case *wire.DataType_Decimal_:
		return schema.Decimal(int(kind.Decimal.GetPrecision()), int(kind.Decimal.GetScale()))
	case *wire.DataType_String_:
		return schema.Collated(kind.String_.GetCollation())
	case *wire.DataType_Char_:
		return schema.DataType{Kind: schema.KindChar, Length: int(kind.Char.GetLength()), Collation: charCollation(kind.Char)}
	case *wire.DataType_VarChar_:
		return schema.DataType{Kind: schema.KindVarChar, Length: int(kind.VarChar.GetLength()), Collation: charCollation(kind.VarChar)}
	case *wire.DataType_YearMonthInterval_:
		i := kind.YearMonthInterval
		return schema.YearMonthInterval(intervalField(i.StartField, schema.IntervalYear), intervalField(i.EndField, schema.IntervalMonth))
	case *wire.DataType_DayTimeInterval_:
		i := kind.DayTimeInterval
		return schema.DayTimeInterval(intervalField(i.StartField, schema.IntervalDay), intervalField(i.EndField, schema.IntervalSecond))
	case *wire.DataType_Array_:
		return schema.ArrayOf(schemaType(kind.Array.GetElementType()), kind.Array.GetContainsNull())
	case *wire.DataType_Map_:
		m := kind.Map
		return schema.MapOf(schemaType(m.GetKeyType()), schemaType(m.GetValueType()), m.GetValueContainsNull())
	case *wire.DataType_Struct_:
		return schemaStruct(kind.Struct)
	case *wire.DataType_Udt:
		return schemaUDT(kind.Udt)
	case *wire.DataType_Unparsed_:
		return schemaUnparsed(kind.Unparsed.GetDataTypeString())
	case nil:
		return schema.DataType{Text: unknownType(msg)}
	}
	return schemaSimple(msg)
}

// schemaSimple reads a type without parameters.
func schemaSimple(msg *wire.DataType) schema.DataType {
	switch msg.GetKind().(type) {
	case *wire.DataType_Null:
		return schema.Null()
	case *wire.DataType_Binary_:
		return schema.Binary()
	case *wire.DataType_Boolean_:
		return schema.Boolean()
	case *wire.DataType_Byte_:
		return schema.Byte()
	case *wire.DataType_Short_:
		return schema.Short()
	case *wire.DataType_Integer_:
		return schema.Integer()
	case *wire.DataType_Long_:
		return schema.Long()
	case *wire.DataType_Float_:
		return schema.Float()
	case *wire.DataType_Double_:
		return schema.Double()
	case *wire.DataType_Date_:
		return schema.Date()
	case *wire.DataType_Timestamp_:
		return schema.Timestamp()
	case *wire.DataType_TimestampNtz:
		return schema.TimestampNTZ()
	case *wire.DataType_CalendarInterval_:
		return schema.CalendarInterval()
	case *wire.DataType_Variant_:
		return schema.Variant()
	}
	return schema.DataType{}
}

func schemaUDT(msg *wire.DataType_UDT) schema.DataType {
	elem := schemaType(msg.GetSqlType())
	return schema.DataType{
		Kind: schema.KindUDT, Elem: &elem, UDT: msg.GetJvmClass(),
		PythonUDT: msg.GetPythonClass(), PythonCode: msg.GetSerializedPythonClass(),
	}
}

func schemaStruct(msg *wire.DataType_Struct) schema.DataType {
	fields := make([]schema.Field, 0, len(msg.GetFields()))
	for _, f := range msg.GetFields() {
		meta := f.GetMetadata()
		if meta == "{}" {
			meta = ""
		}
		fields = append(fields, schema.Field{
			Name: f.GetName(), Type: schemaType(f.GetDataType()), Nullable: f.GetNullable(), Metadata: meta,
		})
	}
	return schema.StructOf(fields...)
}

// schemaUnparsed reads a type that the protocol carries as text.
func schemaUnparsed(text string) schema.DataType {
	if t, err := schema.ParseType(text); err == nil {
		return t
	}
	return schema.DataType{Text: text}
}

// intervalField gives the field of an interval, which without one has the widest
// range.
func intervalField(code *int32, unset schema.IntervalField) schema.IntervalField {
	if code == nil {
		return unset
	}
	return schema.IntervalField(*code)
}

// unknownType names a type that our messages do not have.
func unknownType(msg *wire.DataType) string {
	num, content := firstUnknown(msg.ProtoReflect().GetUnknown())
	param, ok := unknownVarint(content)
	switch {
	case num == 0:
		return ""
	case num == wireTime && !ok:
		return "TIME(6)"
	case num == wireTime:
		return fmt.Sprintf("TIME(%d)", param)
	case num == wireGeometry && param >= 0:
		return fmt.Sprintf("GEOMETRY(%d)", param)
	case num == wireGeometry:
		return "GEOMETRY(ANY)"
	case num == wireGeography && param >= 0:
		return fmt.Sprintf("GEOGRAPHY(%d)", param)
	case num == wireGeography:
		return "GEOGRAPHY(ANY)"
	}
	return fmt.Sprintf("type %d of a later protocol", num)
}

// firstUnknown gives the number and the content of the first field that is a
// message or a text.
func firstUnknown(unknown []byte) (protowire.Number, []byte) {
	for len(unknown) > 0 {
		num, typ, n := protowire.ConsumeTag(unknown)
		if n < 0 {
			return 0, nil
		}
		if typ == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(unknown[n:])
			return num, content
		}
		size := protowire.ConsumeFieldValue(num, typ, unknown[n:])
		if size < 0 {
			return 0, nil
		}
		unknown = unknown[n+size:]
	}
	return 0, nil
}

// unknownVarint gives field 1 of a message, a number of 32 bits.
func unknownVarint(content []byte) (int32, bool) {
	num, typ, n := protowire.ConsumeTag(content)
	if n < 0 || num != 1 || typ != protowire.VarintType {
		return 0, false
	}
	value, size := protowire.ConsumeVarint(content[n:])
	return int32(value), size > 0 // an int32 in the protocol
}

// charCollation gives the collation of CHAR and VARCHAR, which our messages do
// not have.
func charCollation(msg proto.Message) string {
	num, content := firstUnknown(msg.ProtoReflect().GetUnknown())
	if num != wireCharCollation {
		return ""
	}
	return schema.Collated(string(content)).Collation
}
