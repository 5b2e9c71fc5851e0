package dataflow

import "github.com/sparkpipe/sparkpipe/component/schema"

// storable reports whether Spark's ANSI store assignment casts one type to the
// other (Cast.canANSIStoreAssign). It says yes of types that are not known here.
// That a value may not fit, as a BIGINT into an INT, shows in the run alone.
func storable(from, to schema.DataType) bool {
	switch {
	case from.Kind == schema.KindUnknown || to.Kind == schema.KindUnknown || from.Kind == schema.KindUDT || to.Kind == schema.KindUDT:
		return true
	case from.Kind == schema.KindNull:
		return true
	case from.Kind == schema.KindDayTimeInterval && to.Kind == from.Kind, from.Kind == schema.KindYearMonthInterval && to.Kind == from.Kind:
		return from.Equal(to)
	case from.Kind == to.Kind && !nested(from.Kind):
		return true
	case numeric(from.Kind) && numeric(to.Kind):
		return true
	case textual(to.Kind):
		return isAtomic(from) || from.Kind == schema.KindVariant
	case instant(from.Kind) && instant(to.Kind):
		return true
	case from.Kind != to.Kind:
		return false
	case from.Kind == schema.KindStruct:
		return storableFields(from.Fields, to.Fields)
	}
	if from.ElemNullable && !to.ElemNullable {
		return false
	}
	return (from.Key == nil || storable(*from.Key, *to.Key)) && storable(*from.Elem, *to.Elem)
}

// storableFields goes by position; their names are compared by Spark in rules
// that depend on the table.
func storableFields(from, to []schema.Field) bool {
	if len(from) != len(to) {
		return true // left to Spark: some tables fill in or add fields
	}
	for i := range from {
		if from[i].Name != to[i].Name {
			return true
		}
		if from[i].Nullable && !to[i].Nullable || !storable(from[i].Type, to[i].Type) {
			return false
		}
	}
	return true
}

func nested(k schema.Kind) bool {
	return k == schema.KindArray || k == schema.KindMap || k == schema.KindStruct
}

func numeric(k schema.Kind) bool {
	switch k {
	case schema.KindByte, schema.KindShort, schema.KindInteger, schema.KindLong, schema.KindFloat, schema.KindDouble, schema.KindDecimal:
		return true
	}
	return false
}

func textual(k schema.Kind) bool {
	return k == schema.KindString || k == schema.KindChar || k == schema.KindVarChar
}

func instant(k schema.Kind) bool {
	return k == schema.KindDate || k == schema.KindTimestamp || k == schema.KindTimestampNTZ
}
