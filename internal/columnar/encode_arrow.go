package columnar

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// maxNesting is how deep a type may be; Spark's own limit of protocol messages
// is not far above.
const maxNesting = 64

// arrowTypes are the Arrow types in which Spark takes its own types.
var arrowTypes = map[schema.Kind]arrow.DataType{
	schema.KindNull:              arrow.Null,
	schema.KindBoolean:           arrow.FixedWidthTypes.Boolean,
	schema.KindByte:              arrow.PrimitiveTypes.Int8,
	schema.KindShort:             arrow.PrimitiveTypes.Int16,
	schema.KindInteger:           arrow.PrimitiveTypes.Int32,
	schema.KindLong:              arrow.PrimitiveTypes.Int64,
	schema.KindFloat:             arrow.PrimitiveTypes.Float32,
	schema.KindDouble:            arrow.PrimitiveTypes.Float64,
	schema.KindString:            arrow.BinaryTypes.String,
	schema.KindChar:              arrow.BinaryTypes.String,
	schema.KindVarChar:           arrow.BinaryTypes.String,
	schema.KindBinary:            arrow.BinaryTypes.Binary,
	schema.KindDate:              arrow.FixedWidthTypes.Date32,
	schema.KindTimestamp:         &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	schema.KindTimestampNTZ:      &arrow.TimestampType{Unit: arrow.Microsecond},
	schema.KindYearMonthInterval: arrow.FixedWidthTypes.MonthInterval,
	schema.KindDayTimeInterval:   arrow.FixedWidthTypes.Duration_us,
	schema.KindCalendarInterval:  arrow.FixedWidthTypes.MonthDayNanoInterval,
}

// ArrowSchema returns the schema of record batches that Spark takes as data of
// def. All fields can be null: whether one may be is checked when values are
// appended. Two may have the same name, as in Spark.
func ArrowSchema(def schema.Definition) (*arrow.Schema, error) {
	if len(def.Fields) == 0 {
		return nil, errors.New("the schema has no columns")
	}
	fields, err := arrowFields(def.Fields, 0)
	if err != nil {
		return nil, err
	}
	return arrow.NewSchema(fields, nil), nil
}

func arrowFields(fields []schema.Field, depth int) ([]arrow.Field, error) {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		typ, err := arrowType(f.Type, depth)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		out[i] = arrow.Field{Name: f.Name, Type: typ, Nullable: true}
	}
	return out, nil
}

func arrowType(t schema.DataType, depth int) (arrow.DataType, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("the type is nested more than %d deep", maxNesting)
	}
	if typ := arrowTypes[t.Kind]; typ != nil {
		return typ, nil
	}
	switch t.Kind {
	case schema.KindDecimal:
		if t.Precision < 1 || t.Precision > maxDecimalDigits || t.Scale < 0 || t.Scale > t.Precision {
			return nil, fmt.Errorf("there is no type %s; the precision goes from 1 to %d and the scale up to the precision", t, maxDecimalDigits)
		}
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}, nil
	case schema.KindVariant:
		return variantStruct, nil
	case schema.KindArray, schema.KindMap:
		return arrowContainer(t, depth+1)
	case schema.KindStruct:
		fields, err := arrowFields(t.Fields, depth+1)
		if err != nil {
			return nil, err
		}
		return arrow.StructOf(fields...), nil
	}
	return nil, fmt.Errorf("data of the type %s cannot be sent to Spark", t)
}

func arrowContainer(t schema.DataType, depth int) (arrow.DataType, error) {
	if t.Elem == nil || t.Kind == schema.KindMap && t.Key == nil {
		return nil, fmt.Errorf("the type %s lacks the type of its elements", t.Kind)
	}
	elem, err := arrowType(*t.Elem, depth)
	if err != nil {
		return nil, err
	}
	if t.Kind == schema.KindArray {
		return arrow.ListOf(elem), nil
	}
	key, err := arrowType(*t.Key, depth)
	if err != nil {
		return nil, err
	}
	return arrow.MapOf(key, elem), nil
}

// variantStruct is the struct in which Spark takes a VARIANT, which it knows by
// the metadata.
var variantStruct = arrow.StructOf(
	arrow.Field{Name: "value", Type: arrow.BinaryTypes.Binary},
	arrow.Field{
		Name: "metadata", Type: arrow.BinaryTypes.Binary,
		Metadata: arrow.NewMetadata([]string{"variant"}, []string{"true"}),
	},
)
