package schema

// DataType is a type of Spark SQL with its parameters. Which fields mean
// something depends on Kind. The zero value is of [KindUnknown].
type DataType struct {
	Kind Kind
	// Precision and Scale are those of a DECIMAL, in digits.
	Precision, Scale int
	// Length is that of CHAR and VARCHAR, in characters.
	Length int
	// Collation is that of a STRING, a CHAR or a VARCHAR; empty is UTF8_BINARY.
	Collation string
	// Start and End are the first and the last field of an interval; they may be
	// the same.
	Start, End IntervalField
	// Key is the type of a map's keys; Elem that of an array's elements or of a
	// map's values, which can be null if ElemNullable.
	Key, Elem    *DataType
	ElemNullable bool
	// Fields are those of a struct.
	Fields []Field
	// UDT is the JVM class of a user-defined type, empty if it has none, and Elem
	// the type of its values.
	UDT string
	// PythonUDT is the Python class of a user-defined type, and PythonCode that
	// class as Spark's Python client serialises it; mostly empty.
	PythonUDT, PythonCode string
	// Text is the type as the server wrote it, of KindUnknown.
	Text string
	// Any stands for many types, in what is wanted: an ARRAY, MAP or STRUCT of
	// anything, and with KindUnknown every type. No data has such a type.
	Any bool
}

// IntervalField is a field of an interval type. The codes are Spark's own; they
// overlap, because a year-month interval has only the first two names and a
// day-time interval only the others.
type IntervalField int

// The fields of year-month intervals.
const (
	IntervalYear IntervalField = iota
	IntervalMonth
)

// The fields of day-time intervals.
const (
	IntervalDay IntervalField = iota
	IntervalHour
	IntervalMinute
	IntervalSecond
)

// Field is a column, or a field of a struct.
type Field struct {
	Name string
	Type DataType
	// Nullable reports whether it can be null.
	Nullable bool
	// Metadata is a JSON object, or empty.
	Metadata string
}

// Definition is the schema of a table or a DataFrame.
type Definition struct {
	Fields []Field
}
