package schema

import (
	"slices"
	"strings"
)

// Field returns the column of that name. As in Spark's SQL, a column whose name
// differs only in case is found too, when there is one alone and none with the
// very name.
func (d Definition) Field(name string) (Field, bool) {
	return lookup(d.Fields, name)
}

// Field returns the field of a struct of that name, as [Definition.Field] does.
func (t DataType) Field(name string) (Field, bool) {
	return lookup(t.Fields, name)
}

func lookup(fields []Field, name string) (Field, bool) {
	var found Field
	count := 0
	for _, f := range fields {
		if f.Name == name {
			return f, true
		}
		if strings.EqualFold(f.Name, name) {
			found, count = f, count+1
		}
	}
	if count != 1 {
		return Field{}, false
	}
	return found, true
}

// Names returns the names of the columns.
func (d Definition) Names() []string {
	names := make([]string, 0, len(d.Fields))
	for _, f := range d.Fields {
		names = append(names, f.Name)
	}
	return names
}

// Equal reports whether both have the same columns in the same order, with equal
// types, nullability and metadata. Metadata are equal as JSON: white space and
// the order of keys do not count.
func (d Definition) Equal(other Definition) bool {
	return slices.EqualFunc(d.Fields, other.Fields, Field.Equal)
}

// Equal reports whether both have the same name, type, nullability and metadata.
func (f Field) Equal(other Field) bool {
	return f.Name == other.Name && f.Nullable == other.Nullable && f.Type.Equal(other.Type) &&
		sameMetadata(f.Metadata, other.Metadata)
}

// Equal reports whether both are the same type with the same parameters,
// including the nullability within them. Parameters that mean nothing for the
// kind do not count.
func (t DataType) Equal(other DataType) bool {
	if t.Kind != other.Kind || t.isAny() != other.isAny() {
		return false
	}
	if t.isAny() {
		return true
	}
	switch t.Kind {
	case KindUnknown:
		return t.Text == other.Text
	case KindDecimal:
		return t.Precision == other.Precision && t.Scale == other.Scale
	case KindString:
		return unlessBinary(t.Collation) == unlessBinary(other.Collation)
	case KindChar, KindVarChar:
		return t.Length == other.Length && unlessBinary(t.Collation) == unlessBinary(other.Collation)
	case KindYearMonthInterval, KindDayTimeInterval:
		return t.Start == other.Start && t.End == other.End
	case KindArray:
		return t.ElemNullable == other.ElemNullable && sameElem(t.Elem, other.Elem)
	case KindMap:
		return t.ElemNullable == other.ElemNullable && sameElem(t.Key, other.Key) && sameElem(t.Elem, other.Elem)
	case KindStruct:
		return slices.EqualFunc(t.Fields, other.Fields, Field.Equal)
	case KindUDT:
		return t.UDT == other.UDT && t.PythonUDT == other.PythonUDT && t.PythonCode == other.PythonCode &&
			sameElem(t.Elem, other.Elem)
	}
	return true
}

func sameElem(a, b *DataType) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func sameMetadata(a, b string) bool {
	if a == b {
		return true
	}
	left, err := decodeMetadata(a)
	if err != nil {
		return false
	}
	right, err := decodeMetadata(b)
	if err != nil {
		return false
	}
	one, err := encodeJSON(left)
	if err != nil {
		return false
	}
	two, err := encodeJSON(right)
	return err == nil && string(one) == string(two)
}
