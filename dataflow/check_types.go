package dataflow

import (
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// v2Formats are formats of tables with rules of their own.
var v2Formats = map[string]bool{"delta": true, "iceberg": true, "hudi": true}

// isAtomic reports whether a type is one of single values (AtomicType in Spark,
// VARIANT left aside). Unknown types are.
func isAtomic(t schema.DataType) bool {
	switch t.Kind {
	case schema.KindArray, schema.KindMap, schema.KindStruct, schema.KindVariant, schema.KindNull, schema.KindCalendarInterval:
		return false
	case schema.KindUDT:
		return t.Elem == nil || isAtomic(*t.Elem)
	}
	return true
}

// holds reports whether a format has a place for a type, as supportDataType of
// Spark's file formats tells. It says yes where it does not know.
func (c *CheckSession) holds(format string, t schema.DataType) bool {
	switch format {
	case "csv":
		return isAtomic(t)
	case "json", "parquet", "orc", "avro", "xml":
	default:
		return true
	}
	switch t.Kind {
	case schema.KindArray, schema.KindMap, schema.KindUDT:
		if format == "avro" && t.Key != nil && t.Key.Kind != schema.KindString {
			return false // the error has no class: IncompatibleSchemaException
		}
		return (t.Key == nil || c.holds(format, *t.Key)) && (t.Elem == nil || c.holds(format, *t.Elem))
	case schema.KindStruct:
		for _, f := range t.Fields {
			if !c.holds(format, f.Type) {
				return false
			}
		}
		return true
	case schema.KindCalendarInterval:
		return false
	case schema.KindVariant:
		return format == "json" || format == "parquet"
	case schema.KindNull:
		return format == "json" || format == "avro" || format == "xml" || format == "parquet" && !strings.HasPrefix(c.spark.ServerVersion(), "4.0.")
	}
	return true
}

// emptyStruct reports whether there is a struct without fields in a type.
func emptyStruct(t schema.DataType) bool {
	if t.Kind == schema.KindStruct && len(t.Fields) == 0 {
		return true
	}
	for _, f := range t.Fields {
		if emptyStruct(f.Type) {
			return true
		}
	}
	return t.Key != nil && emptyStruct(*t.Key) || t.Elem != nil && emptyStruct(*t.Elem)
}

func countOf(n int) string { return strconv.Itoa(n) }
