package columnar

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// DefinitionOfArrow returns the schema of record batches, as Spark reads it. The
// error names the column of a type that Spark does not take.
func DefinitionOfArrow(s *arrow.Schema) (schema.Definition, error) {
	fields, err := sparkFields(s.Fields())
	if err == nil && len(fields) == 0 {
		err = errors.New("the schema has no columns")
	}
	return schema.Definition{Fields: fields}, err
}

func sparkFields(fields []arrow.Field) ([]schema.Field, error) {
	out := make([]schema.Field, len(fields))
	for i, f := range fields {
		typ, err := sparkType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		out[i] = schema.Nullable(f.Name, typ)
	}
	return out, nil
}

// sparkKindsOfArrow are the types that need no parameters.
var sparkKindsOfArrow = map[arrow.Type]schema.DataType{
	arrow.NULL: schema.Null(), arrow.BOOL: schema.Boolean(),
	arrow.INT8: schema.Byte(), arrow.INT16: schema.Short(), arrow.INT32: schema.Integer(), arrow.INT64: schema.Long(),
	arrow.FLOAT32: schema.Float(), arrow.FLOAT64: schema.Double(),
	arrow.STRING: schema.String(), arrow.LARGE_STRING: schema.String(), arrow.BINARY: schema.Binary(), arrow.LARGE_BINARY: schema.Binary(),
	arrow.DATE32: schema.Date(), arrow.INTERVAL_MONTHS: schema.YearMonthInterval(yearField, monthField),
	arrow.INTERVAL_MONTH_DAY_NANO: schema.CalendarInterval(),
}

func sparkType(t arrow.DataType) (schema.DataType, error) {
	switch t := t.(type) {
	case *arrow.Decimal128Type:
		return schema.Decimal(int(t.Precision), int(t.Scale)), nil
	case *arrow.TimestampType:
		switch {
		case t.Unit != arrow.Microsecond:
			return schema.DataType{}, fmt.Errorf("%s is no time that Spark takes: its unit is the microsecond", t)
		case t.TimeZone == "":
			return schema.TimestampNTZ(), nil
		}
		return schema.Timestamp(), nil
	case *arrow.DurationType:
		if t.Unit != arrow.Microsecond {
			return schema.DataType{}, fmt.Errorf("%s is no duration that Spark takes: its unit is the microsecond", t)
		}
		return schema.DayTimeInterval(dayField, secondField), nil
	case *arrow.ListType:
		elem, err := sparkType(t.Elem())
		return schema.ArrayOf(elem, true), err
	case *arrow.MapType:
		key, err := sparkType(t.KeyType())
		if err != nil {
			return key, err
		}
		elem, err := sparkType(t.ItemType())
		return schema.MapOf(key, elem, true), err
	case *arrow.StructType:
		if isVariant(t) {
			return schema.Variant(), nil
		}
		fields, err := sparkFields(t.Fields())
		return schema.StructOf(fields...), err
	}
	if typ, ok := sparkKindsOfArrow[t.ID()]; ok {
		return typ, nil
	}
	return schema.DataType{}, fmt.Errorf("the Arrow type %s is not one that Spark takes; cast it to one that it has", t)
}

// CheckArrow returns an error unless batches of the Arrow schema are data of
// def: the same columns, in order, of types that Arrow cannot tell from those of
// def, as it cannot tell a collation.
func CheckArrow(def schema.Definition, s *arrow.Schema) error {
	if len(def.Fields) != s.NumFields() {
		return fmt.Errorf("the schema has %d columns and the Arrow data %d", len(def.Fields), s.NumFields())
	}
	have, err := DefinitionOfArrow(s)
	if err != nil {
		return err
	}
	plain, err := ArrowSchema(have)
	if err != nil {
		return err
	}
	wanted, err := ArrowSchema(def)
	if err != nil {
		return err
	}
	for i, f := range wanted.Fields() {
		got := plain.Field(i)
		switch {
		case f.Name != got.Name:
			return fmt.Errorf("column %d is %q in the schema and %q in the Arrow data", i, f.Name, got.Name)
		case !arrow.TypeEqual(f.Type, got.Type):
			return fmt.Errorf("column %q is %s in the schema and %s in the Arrow data", f.Name, def.Fields[i].Type, have.Fields[i].Type)
		}
	}
	return nil
}
