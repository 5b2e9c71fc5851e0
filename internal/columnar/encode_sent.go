package columnar

import "github.com/sparkpipe/sparkpipe/component/schema"

// Sent returns the schema under which data of def goes to Spark. Everything can
// be null in it, elements of arrays and fields of structs included; CHAR and
// VARCHAR, which Spark takes from nobody, are STRING; an interval has all its
// fields. What is lost so comes back with [CastOf].
func Sent(def schema.Definition) schema.Definition {
	return schema.Definition{Fields: nullableFields(def.Fields, sentLeaf)}
}

// CastOf returns the type to which Spark must cast a column that was sent for
// the type, and whether it has to. A CHAR or VARCHAR with a collation stays a
// STRING with it: not all servers know more.
func CastOf(t schema.DataType) (schema.DataType, bool) {
	cast := nullable(t, castLeaf)
	return cast, !cast.Equal(nullable(t, sentLeaf))
}

func sentLeaf(t schema.DataType) schema.DataType {
	switch t.Kind {
	case schema.KindChar, schema.KindVarChar:
		return schema.DataType{Kind: schema.KindString, Collation: t.Collation}
	case schema.KindYearMonthInterval:
		return schema.YearMonthInterval(yearField, monthField)
	case schema.KindDayTimeInterval:
		return schema.DayTimeInterval(dayField, secondField)
	}
	return t
}

func castLeaf(t schema.DataType) schema.DataType {
	isText := t.Kind == schema.KindChar || t.Kind == schema.KindVarChar
	if isText && t.Collation != "" {
		return sentLeaf(t)
	}
	return t
}

// nullable is the type with nulls allowed everywhere and its leaves replaced.
func nullable(t schema.DataType, leaf func(schema.DataType) schema.DataType) schema.DataType {
	t = leaf(t)
	if t.Elem != nil {
		elem := nullable(*t.Elem, leaf)
		t.Elem, t.ElemNullable = &elem, true
	}
	if t.Key != nil {
		key := nullable(*t.Key, leaf)
		t.Key = &key
	}
	if len(t.Fields) > 0 {
		t.Fields = nullableFields(t.Fields, leaf)
	}
	return t
}

func nullableFields(fields []schema.Field, leaf func(schema.DataType) schema.DataType) []schema.Field {
	out := make([]schema.Field, len(fields))
	for i, f := range fields {
		f.Nullable, f.Type = true, nullable(f.Type, leaf)
		out[i] = f
	}
	return out
}
