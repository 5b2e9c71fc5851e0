package columnar

import "github.com/sparkpipe/sparkpipe/component/schema"

// Sent returns the schema under which data of def goes to Spark. Everything can
// be null in it, elements of arrays and fields of structs included; CHAR and
// VARCHAR, which only tables have, are STRING; an interval has all its fields.
// Whoever wants the intervals as they are in def has to cast them.
func Sent(def schema.Definition) schema.Definition {
	return schema.Definition{Fields: sentFields(def.Fields)}
}

func sentFields(fields []schema.Field) []schema.Field {
	out := make([]schema.Field, len(fields))
	for i, f := range fields {
		f.Nullable, f.Type = true, sentType(f.Type)
		out[i] = f
	}
	return out
}

func sentType(t schema.DataType) schema.DataType {
	switch t.Kind {
	case schema.KindChar, schema.KindVarChar:
		t = schema.DataType{Kind: schema.KindString, Collation: t.Collation}
	case schema.KindYearMonthInterval:
		t = schema.YearMonthInterval(yearField, monthField)
	case schema.KindDayTimeInterval:
		t = schema.DayTimeInterval(dayField, secondField)
	}
	if t.Elem != nil {
		elem := sentType(*t.Elem)
		t.Elem, t.ElemNullable = &elem, true
	}
	if t.Key != nil {
		key := sentType(*t.Key)
		t.Key = &key
	}
	if len(t.Fields) > 0 {
		t.Fields = sentFields(t.Fields)
	}
	return t
}

// HasPartOfInterval reports whether the type is an interval that lacks fields, or
// has one in it.
func HasPartOfInterval(t schema.DataType) bool {
	switch t.Kind {
	case schema.KindYearMonthInterval, schema.KindDayTimeInterval:
		return !t.Equal(sentType(t))
	}
	for _, f := range t.Fields {
		if HasPartOfInterval(f.Type) {
			return true
		}
	}
	return t.Key != nil && HasPartOfInterval(*t.Key) || t.Elem != nil && HasPartOfInterval(*t.Elem)
}
