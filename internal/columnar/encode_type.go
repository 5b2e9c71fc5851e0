package columnar

import (
	"encoding"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// ValueColumn is the name of the column of rows that are no structs, as in
// Spark.
const ValueColumn = "value"

// defaultScale is that of a DECIMAL of 38 digits whose scale nobody gave, as in
// Spark.
const defaultScale = 18

// DefinitionOf returns the schema of rows of a Go type. All columns can be null,
// as those that Spark itself reads from files.
func DefinitionOf(t reflect.Type) (schema.Definition, error) {
	row := t
	if row.Kind() == reflect.Pointer && isRowStruct(row.Elem()) {
		row = row.Elem()
	}
	d := deriver{}
	if !isRowStruct(row) {
		typ, err := d.typeOf(row, fieldOptions{})
		if err != nil {
			return schema.Definition{}, fmt.Errorf("rows of the Go type %s: %w", t, err)
		}
		return schema.New(schema.Nullable(ValueColumn, typ)), nil
	}
	typ, err := d.structOf(row)
	if err != nil {
		return schema.Definition{}, fmt.Errorf("rows of the Go type %s: %w", t, err)
	}
	return schema.Definition{Fields: typ.Fields}, nil
}

// isRowStruct reports whether t is a group of columns.
func isRowStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !isValueType(t) && !isTextValue(t)
}

// deriver finds the Spark types of Go types.
type deriver struct {
	within []reflect.Type // the structs around, to notice one that contains itself
}

// sparkTypes are the Spark types of the Go types that do not go by their kind.
var sparkTypes = map[reflect.Type]schema.DataType{
	reflect.TypeFor[time.Time]():               schema.Timestamp(),
	reflect.TypeFor[time.Duration]():           schema.DayTimeInterval(dayField, secondField),
	reflect.TypeFor[value.DayTimeInterval]():   schema.DayTimeInterval(dayField, secondField),
	reflect.TypeFor[value.YearMonthInterval](): schema.YearMonthInterval(yearField, monthField),
	reflect.TypeFor[value.CalendarInterval]():  schema.CalendarInterval(),
	reflect.TypeFor[value.Date]():              schema.Date(),
	reflect.TypeFor[value.Variant]():           schema.Variant(),
}

// The codes of the fields of intervals.
const (
	yearField, monthField = schema.IntervalField(0), schema.IntervalField(1)
	dayField, secondField = schema.IntervalField(0), schema.IntervalField(3)
)

// sparkKinds are the Spark types of the Go kinds. An unsigned type goes to the
// signed one that holds all its values; there is none for 64 bits, so that large
// values of these are an error.
var sparkKinds = map[reflect.Kind]schema.DataType{
	reflect.Bool: schema.Boolean(), reflect.String: schema.String(),
	reflect.Int8: schema.Byte(), reflect.Int16: schema.Short(), reflect.Int32: schema.Integer(),
	reflect.Int: schema.Long(), reflect.Int64: schema.Long(),
	reflect.Uint8: schema.Short(), reflect.Uint16: schema.Integer(), reflect.Uint32: schema.Long(),
	reflect.Uint: schema.Long(), reflect.Uint64: schema.Long(),
	reflect.Float32: schema.Float(), reflect.Float64: schema.Double(),
}

var (
	bigIntGoType  = reflect.TypeFor[big.Int]()
	bigRatGoType  = reflect.TypeFor[big.Rat]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

func (d *deriver) typeOf(t reflect.Type, opts fieldOptions) (schema.DataType, error) {
	typ, known := sparkTypes[t]
	switch {
	case t == decimalType, t == bigRatGoType:
		return decimalOr(opts, schema.Decimal(maxDecimalDigits, defaultScale)), nil
	case t == bigIntGoType:
		return decimalOr(opts, schema.Decimal(maxDecimalDigits, 0)), nil
	case t.Kind() == reflect.Pointer:
		return d.typeOf(t.Elem(), opts)
	case isNullWrapper(t):
		return d.typeOf(t.Field(0).Type, opts)
	case isListType(t):
		return d.listOf(t, opts)
	case t.Kind() == reflect.Map:
		return d.mapOf(t, opts)
	case opts.precision > 0 && !isIntegerType(t):
		return typ, fmt.Errorf("the Go type %s cannot be a DECIMAL; use value.Decimal", t)
	case known:
		return typ, nil
	case isTextValue(t):
		return schema.String(), nil
	case isByteList(t):
		return schema.Binary(), nil
	case t.Kind() == reflect.Struct:
		return d.structOf(t)
	case t.Kind() == reflect.Interface:
		return typ, fmt.Errorf("the Go type %s does not tell a Spark type; give a schema", t)
	}
	typ, known = sparkKinds[t.Kind()]
	if !known {
		return typ, fmt.Errorf("the Go type %s has no Spark type", t)
	}
	return decimalOr(opts, typ), nil
}

// decimalOr gives the DECIMAL of the tag, else the other type.
func decimalOr(opts fieldOptions, other schema.DataType) schema.DataType {
	if opts.precision == 0 {
		return other
	}
	return schema.Decimal(opts.precision, opts.scale)
}

func (d *deriver) listOf(t reflect.Type, opts fieldOptions) (schema.DataType, error) {
	elem, err := d.typeOf(t.Elem(), opts)
	if err != nil {
		return elem, fmt.Errorf("elements: %w", err)
	}
	return schema.ArrayOf(elem, true), nil
}

func (d *deriver) mapOf(t reflect.Type, opts fieldOptions) (schema.DataType, error) {
	key, err := d.typeOf(t.Key(), fieldOptions{})
	if err != nil {
		return key, fmt.Errorf("map keys: %w", err)
	}
	elem, err := d.typeOf(t.Elem(), opts)
	if err != nil {
		return elem, fmt.Errorf("map values: %w", err)
	}
	return schema.MapOf(key, elem, true), nil
}

func (d *deriver) structOf(t reflect.Type) (schema.DataType, error) {
	for _, around := range d.within {
		if around == t {
			return schema.DataType{}, fmt.Errorf("the Go type %s contains itself; Spark has no such types", t)
		}
	}
	d.within = append(d.within, t)
	defer func() { d.within = d.within[:len(d.within)-1] }()
	fields, err := fieldsOf(t)
	if err != nil {
		return schema.DataType{}, err
	}
	if len(fields) == 0 {
		return schema.DataType{}, fmt.Errorf("the Go type %s has no exported fields", t)
	}
	var out []schema.Field
	for _, f := range fields {
		typ, err := d.fieldType(f)
		if err != nil {
			return typ, fmt.Errorf("field %s: %w", f.goName, err)
		}
		out = append(out, schema.Nullable(f.name, typ))
	}
	return schema.StructOf(out...), checkNames(out)
}

// fieldType is the type of the tag, else that of the Go type.
func (d *deriver) fieldType(f field) (schema.DataType, error) {
	if f.fieldOptions.typ != nil {
		return *f.fieldOptions.typ, nil
	}
	return d.typeOf(f.typ, f.fieldOptions)
}

// checkNames refuses names that Spark does not tell apart when they are asked
// for. Whoever gives a schema has meant them.
func checkNames(fields []schema.Field) error {
	seen := make(map[string]string, len(fields))
	for _, f := range fields {
		folded := strings.ToLower(f.Name)
		if other, twice := seen[folded]; twice {
			return fmt.Errorf("the columns %q and %q have the same name to Spark, which ignores case", other, f.Name)
		}
		seen[folded] = f.Name
	}
	return nil
}

// isTextValue reports whether t is a struct or an array that is one text, such
// as netip.Addr, and not what it is made of.
func isTextValue(t reflect.Type) bool {
	return (t.Kind() == reflect.Struct || t.Kind() == reflect.Array) && !isValueType(t) &&
		(t.Implements(textMarshaler) || reflect.PointerTo(t).Implements(textMarshaler))
}

func isByteList(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() == reflect.Uint8
}

func isListType(t reflect.Type) bool {
	return (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && t.Elem().Kind() != reflect.Uint8 && !isTextValue(t)
}

func isIntegerType(t reflect.Type) bool {
	_, own := sparkTypes[t]
	return !own && (t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64 || t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64)
}
