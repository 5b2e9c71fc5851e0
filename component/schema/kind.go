package schema

// Kind tells the types of Spark SQL apart.
type Kind int

// The kinds. Their names are those of Spark's DataType classes.
const (
	// KindUnknown is a type that this package has no model of, such as TIME,
	// GEOMETRY and GEOGRAPHY of Spark 4.1 and later. Its name is kept.
	KindUnknown Kind = iota
	KindNull
	KindBoolean
	KindByte
	KindShort
	KindInteger
	KindLong
	KindFloat
	KindDouble
	KindDecimal
	KindString
	KindChar
	KindVarChar
	KindBinary
	KindDate
	// KindTimestamp is an instant; KindTimestampNTZ a date and a time of day
	// without a time zone.
	KindTimestamp
	KindTimestampNTZ
	// KindCalendarInterval is months, days and microseconds, the INTERVAL without
	// fields.
	KindCalendarInterval
	KindYearMonthInterval
	KindDayTimeInterval
	KindArray
	KindMap
	KindStruct
	KindVariant
	// KindUDT is a user-defined type.
	KindUDT
)

// kindName is what one kind is called.
type kindName struct {
	ddl  string
	json string // empty for kinds whose JSON has parameters
}

// nameOf gives the names of a kind.
func nameOf(k Kind) kindName {
	names := [...]kindName{
		KindUnknown:           {ddl: "UNKNOWN"},
		KindNull:              {ddl: "VOID", json: "void"},
		KindBoolean:           {ddl: "BOOLEAN", json: "boolean"},
		KindByte:              {ddl: "TINYINT", json: "byte"},
		KindShort:             {ddl: "SMALLINT", json: "short"},
		KindInteger:           {ddl: "INT", json: "integer"},
		KindLong:              {ddl: "BIGINT", json: "long"},
		KindFloat:             {ddl: "FLOAT", json: "float"},
		KindDouble:            {ddl: "DOUBLE", json: "double"},
		KindDecimal:           {ddl: "DECIMAL"},
		KindString:            {ddl: "STRING", json: "string"},
		KindChar:              {ddl: "CHAR"},
		KindVarChar:           {ddl: "VARCHAR"},
		KindBinary:            {ddl: "BINARY", json: "binary"},
		KindDate:              {ddl: "DATE", json: "date"},
		KindTimestamp:         {ddl: "TIMESTAMP", json: "timestamp"},
		KindTimestampNTZ:      {ddl: "TIMESTAMP_NTZ", json: "timestamp_ntz"},
		KindCalendarInterval:  {ddl: "INTERVAL", json: "interval"},
		KindYearMonthInterval: {ddl: "INTERVAL YEAR TO MONTH"},
		KindDayTimeInterval:   {ddl: "INTERVAL DAY TO SECOND"},
		KindArray:             {ddl: "ARRAY"},
		KindMap:               {ddl: "MAP"},
		KindStruct:            {ddl: "STRUCT"},
		KindVariant:           {ddl: "VARIANT", json: "variant"},
		KindUDT:               {ddl: "UDT"},
	}
	if k < 0 || int(k) >= len(names) {
		return names[KindUnknown]
	}
	return names[k]
}

// String returns the name of the kind in SQL, without parameters: BIGINT, MAP.
func (k Kind) String() string { return nameOf(k).ddl }
