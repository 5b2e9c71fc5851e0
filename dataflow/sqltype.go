package dataflow

import (
	"fmt"
	"reflect"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
)

// sqlType is the Spark type of an argument. Spark binds arguments before it
// aligns types and takes no casts in them, so that array(1, NULL) or
// array(1.5, 10.25) as an argument is an error there: what is sent must have one
// type already.
type sqlType struct {
	name             string // empty when only the server knows, as of a column
	precision, scale int    // of a DECIMAL
	key, elem        *sqlType
}

const (
	typeVoid      = "VOID"
	typeBoolean   = "BOOLEAN"
	typeInt       = "INT"
	typeBigint    = "BIGINT"
	typeFloat     = "FLOAT"
	typeDouble    = "DOUBLE"
	typeDecimal   = "DECIMAL"
	typeString    = "STRING"
	typeBinary    = "BINARY"
	typeDate      = "DATE"
	typeTimestamp = "TIMESTAMP"
	typeInterval  = "INTERVAL DAY TO SECOND"
	typeArray     = "ARRAY"
	typeMap       = "MAP"
)

func arrayOf(elem sqlType) sqlType { return sqlType{name: typeArray, elem: &elem} }

func mapOf(key, elem sqlType) sqlType { return sqlType{name: typeMap, key: &key, elem: &elem} }

func decimalOf(precision, scale int) sqlType {
	return sqlType{name: typeDecimal, precision: precision, scale: scale}
}

// complete reports whether the type and all within it are known and not VOID.
func (t sqlType) complete() bool {
	return t.name != "" && t.name != typeVoid && (t.key == nil || t.key.complete()) && (t.elem == nil || t.elem.complete())
}

// String returns the type as Spark's DDL has it.
func (t sqlType) String() string {
	switch t.name {
	case typeDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.precision, t.scale)
	case typeArray:
		return fmt.Sprintf("ARRAY<%s>", t.elem)
	case typeMap:
		return fmt.Sprintf("MAP<%s,%s>", t.key, t.elem)
	}
	return t.name
}

// unify gives the type that holds the values of both, as Spark would choose it.
func unify(a, b sqlType) (sqlType, bool) {
	switch {
	case a.name == "" || a.name == typeVoid:
		return b, true
	case b.name == "" || b.name == typeVoid:
		return a, true
	case a.elem != nil && b.elem != nil && a.name == b.name:
		return unifyNested(a, b)
	case a.name == b.name && a.name != typeDecimal:
		return a, true
	}
	return unifyNumbers(a, b)
}

func unifyNested(a, b sqlType) (sqlType, bool) {
	elem, ok := unify(*a.elem, *b.elem)
	if a.name == typeArray || !ok {
		return arrayOf(elem), ok
	}
	key, ok := unify(*a.key, *b.key)
	return mapOf(key, elem), ok
}

func unifyNumbers(a, b sqlType) (sqlType, bool) {
	x, isNumber := a.asDecimal()
	y, areNumbers := b.asDecimal()
	switch {
	case !isNumber || !areNumbers:
		return sqlType{}, false
	case x.precision == 0 || y.precision == 0:
		return sqlType{name: typeDouble}, true
	case a.name != typeDecimal && b.name != typeDecimal:
		return sqlType{name: typeBigint}, true
	}
	scale := max(x.scale, y.scale)
	precision := max(x.precision-x.scale, y.precision-y.scale) + scale
	return decimalOf(precision, scale), precision <= maxDecimalDigits
}

// asDecimal gives the DECIMAL that holds a number, one without digits for a
// binary fraction.
func (t sqlType) asDecimal() (sqlType, bool) {
	switch t.name {
	case typeDecimal:
		return t, true
	case typeInt:
		return decimalOf(10, 0), true
	case typeBigint:
		return decimalOf(20, 0), true
	case typeFloat, typeDouble:
		return decimalOf(0, 0), true
	}
	return sqlType{}, false
}

var columnType = reflect.TypeFor[column.Convertible]()

// ownTypes are the types that do not go by their kind. A Decimal's digits are
// those of the value.
var ownTypes = map[reflect.Type]string{
	reflect.TypeFor[time.Time]():     typeTimestamp,
	reflect.TypeFor[time.Duration](): typeInterval,
	reflect.TypeFor[Date]():          typeDate,
	reflect.TypeFor[Decimal]():       typeVoid,
}

// kindTypes are the types of the Go kinds; a slice or an array that is looked up
// here is one of bytes.
var kindTypes = map[reflect.Kind]string{
	reflect.Bool: typeBoolean, reflect.String: typeString,
	reflect.Int8: typeInt, reflect.Int16: typeInt, reflect.Int32: typeInt,
	reflect.Int: typeBigint, reflect.Int64: typeBigint,
	reflect.Uint: typeBigint, reflect.Uint8: typeBigint, reflect.Uint16: typeBigint, reflect.Uint32: typeBigint, reflect.Uint64: typeBigint,
	reflect.Float32: typeFloat, reflect.Float64: typeDouble,
	reflect.Slice: typeBinary, reflect.Array: typeBinary,
}

// maxGoDepth bounds the look into types such as "type T []T".
const maxGoDepth = 16

// goType is what a Go type says of the values that it holds: VOID when only they
// tell.
func goType(t reflect.Type) sqlType { return goTypeAt(t, 0) }

func goTypeAt(t reflect.Type, depth int) sqlType {
	name, own := ownTypes[t]
	switch {
	case own:
		return sqlType{name: name}
	case depth > maxGoDepth:
		return sqlType{name: typeVoid}
	case t.Implements(columnType):
		return sqlType{}
	case t.Kind() == reflect.Pointer:
		return goTypeAt(t.Elem(), depth+1)
	case t.Kind() == reflect.Map:
		return mapOf(goTypeAt(t.Key(), depth+1), goTypeAt(t.Elem(), depth+1))
	case isList(t):
		return arrayOf(goTypeAt(t.Elem(), depth+1))
	}
	if name := kindTypes[t.Kind()]; name != "" {
		return sqlType{name: name}
	}
	return sqlType{name: typeVoid}
}

// isList reports whether t is a slice or an array, but not of bytes.
func isList(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() != reflect.Uint8
}
