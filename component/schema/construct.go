package schema

// Null returns VOID, the type of a NULL without a type.
func Null() DataType { return DataType{Kind: KindNull} }

// Boolean returns BOOLEAN.
func Boolean() DataType { return DataType{Kind: KindBoolean} }

// Byte returns TINYINT, 8 bits.
func Byte() DataType { return DataType{Kind: KindByte} }

// Short returns SMALLINT, 16 bits.
func Short() DataType { return DataType{Kind: KindShort} }

// Integer returns INT, 32 bits.
func Integer() DataType { return DataType{Kind: KindInteger} }

// Long returns BIGINT, 64 bits.
func Long() DataType { return DataType{Kind: KindLong} }

// Float returns FLOAT, 32 bits.
func Float() DataType { return DataType{Kind: KindFloat} }

// Double returns DOUBLE, 64 bits.
func Double() DataType { return DataType{Kind: KindDouble} }

// Decimal returns DECIMAL with precision digits, scale of them behind the
// point. Spark takes precisions up to 38 and scales up to the precision.
func Decimal(precision, scale int) DataType {
	return DataType{Kind: KindDecimal, Precision: precision, Scale: scale}
}

// String returns STRING.
func String() DataType { return DataType{Kind: KindString} }

// Collated returns STRING with a collation, for example UNICODE_CI.
func Collated(collation string) DataType {
	if name, ok := collationName(collation); ok {
		collation = name
	}
	return DataType{Kind: KindString, Collation: unlessBinary(collation)}
}

// Char returns CHAR of a length in characters.
func Char(length int) DataType { return DataType{Kind: KindChar, Length: length} }

// VarChar returns VARCHAR of a largest length in characters.
func VarChar(length int) DataType { return DataType{Kind: KindVarChar, Length: length} }

// Binary returns BINARY.
func Binary() DataType { return DataType{Kind: KindBinary} }

// Date returns DATE.
func Date() DataType { return DataType{Kind: KindDate} }

// Timestamp returns TIMESTAMP, an instant in microseconds.
func Timestamp() DataType { return DataType{Kind: KindTimestamp} }

// TimestampNTZ returns TIMESTAMP_NTZ, a date and a time of day in microseconds,
// without a time zone.
func TimestampNTZ() DataType { return DataType{Kind: KindTimestampNTZ} }

// CalendarInterval returns INTERVAL: months, days and microseconds.
func CalendarInterval() DataType { return DataType{Kind: KindCalendarInterval} }

// YearMonthInterval returns INTERVAL YEAR TO MONTH, or a part of it.
func YearMonthInterval(start, end IntervalField) DataType {
	return DataType{Kind: KindYearMonthInterval, Start: start, End: end}
}

// DayTimeInterval returns INTERVAL DAY TO SECOND, or a part of it.
func DayTimeInterval(start, end IntervalField) DataType {
	return DataType{Kind: KindDayTimeInterval, Start: start, End: end}
}

// Variant returns VARIANT.
func Variant() DataType { return DataType{Kind: KindVariant} }

// ArrayOf returns ARRAY of a type, whose elements can be null if nullable.
func ArrayOf(elem DataType, nullable bool) DataType {
	return DataType{Kind: KindArray, Elem: &elem, ElemNullable: nullable}
}

// MapOf returns MAP of two types. The values can be null if nullable, the keys
// never.
func MapOf(key, value DataType, nullable bool) DataType {
	return DataType{Kind: KindMap, Key: &key, Elem: &value, ElemNullable: nullable}
}

// StructOf returns STRUCT of fields.
func StructOf(fields ...Field) DataType { return DataType{Kind: KindStruct, Fields: fields} }

// Required returns a field that cannot be null.
func Required(name string, typ DataType) Field { return Field{Name: name, Type: typ} }

// Nullable returns a field that can be null.
func Nullable(name string, typ DataType) Field { return Field{Name: name, Type: typ, Nullable: true} }

// New returns the schema of some fields.
func New(fields ...Field) Definition { return Definition{Fields: fields} }
