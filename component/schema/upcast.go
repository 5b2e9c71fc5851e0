package schema

import "strings"

// WidensTo reports whether every value of the type is a value of the other, with
// nothing lost and the same meaning: whole numbers to larger types, DECIMAL, and
// FLOAT or DOUBLE as far as these hold them all; FLOAT to DOUBLE; DECIMAL to one
// with no fewer digits on either side of the point; DATE to TIMESTAMP and
// TIMESTAMP_NTZ; CHAR and VARCHAR to a longer one and to STRING; an interval to one
// that has its fields; VOID to everything; and arrays, maps and structs of such,
// the fields of structs by position. The same type widens to itself. What widens,
// Spark casts by itself.
func (t DataType) WidensTo(other DataType) bool { return fits(t, other, TypesWiden) }

// UpCastsTo reports whether Spark casts the type to the other by itself, as in
// Dataset.as and in writes under the store assignment policy STRICT
// (Cast.canUpCast): what widens, and besides whole numbers to every FLOAT and
// DOUBLE, TIMESTAMP to TIMESTAMP_NTZ and to BIGINT and back, single values to STRING,
// and STRING to another collation. Some of that loses digits.
func (t DataType) UpCastsTo(other DataType) bool { return fits(t, other, TypesUpCast) }

// fits reports whether values of one type stand for those of another.
func fits(from, to DataType, rule TypeRule) bool {
	switch {
	case to.Kind == KindUnknown && to.isAny(), to.isAny() && from.Kind == to.Kind:
		return true
	case from.Kind == KindNull && rule != TypesExact:
		return true
	case from.isAny() || to.isAny():
		return false
	case from.Kind != to.Kind:
		return rule != TypesExact && leafFits(from, to, rule)
	}
	switch from.Kind {
	case KindArray:
		return nullsFit(from.ElemNullable, to.ElemNullable) && partFits(from.Elem, to.Elem, rule)
	case KindMap:
		return nullsFit(from.ElemNullable, to.ElemNullable) && partFits(from.Key, to.Key, rule) && partFits(from.Elem, to.Elem, rule)
	case KindStruct:
		return fieldsFit(from.Fields, to.Fields, rule)
	}
	return leafFits(from, to, rule)
}

func nullsFit(from, to bool) bool { return !from || to }

func partFits(from, to *DataType, rule TypeRule) bool {
	if from == nil || to == nil {
		return from == to
	}
	return fits(*from, *to, rule)
}

func fieldsFit(from, to []Field, rule TypeRule) bool {
	if len(from) != len(to) {
		return false
	}
	for i := range from {
		if !nullsFit(from[i].Nullable, to[i].Nullable) || !fits(from[i].Type, to[i].Type, rule) {
			return false
		}
	}
	return true
}

// leafFits is fits for types without parts.
func leafFits(from, to DataType, rule TypeRule) bool {
	switch {
	case sameLeaf(from, to):
		return true
	case rule == TypesExact:
		return false
	}
	return widens(from, to) || rule == TypesUpCast && upCasts(from, to)
}

// sameLeaf reports whether two types without parts are the same.
func sameLeaf(a, b DataType) bool {
	if a.Kind == KindUnknown && b.Kind == KindUnknown {
		return strings.EqualFold(a.Text, b.Text)
	}
	return a.Equal(b)
}

func widens(from, to DataType) bool {
	switch to.Kind {
	case KindShort, KindInteger, KindLong:
		return wholeDigits(from.Kind) > 0 && wholeDigits(from.Kind) < wholeDigits(to.Kind)
	case KindFloat:
		return from.Kind == KindByte || from.Kind == KindShort
	case KindDouble:
		return from.Kind == KindByte || from.Kind == KindShort || from.Kind == KindInteger || from.Kind == KindFloat
	case KindDecimal:
		digits, scale := wholeDigits(from.Kind), 0
		if from.Kind == KindDecimal {
			digits, scale = from.Precision-from.Scale, from.Scale
		} else if digits == 0 {
			return false
		}
		return to.Precision-to.Scale >= digits && to.Scale >= scale
	case KindTimestamp, KindTimestampNTZ:
		return from.Kind == KindDate
	case KindChar:
		return from.Kind == KindChar && longer(from, to)
	case KindVarChar:
		return (from.Kind == KindChar || from.Kind == KindVarChar) && longer(from, to)
	case KindString:
		return (from.Kind == KindChar || from.Kind == KindVarChar) && sameCollation(from, to)
	case KindYearMonthInterval, KindDayTimeInterval:
		return from.Kind == to.Kind && to.Start <= from.Start && to.End >= from.End
	}
	return false
}

func longer(from, to DataType) bool { return to.Length >= from.Length && sameCollation(from, to) }

func sameCollation(a, b DataType) bool { return unlessBinary(a.Collation) == unlessBinary(b.Collation) }

// wholeDigits is the precision of the DECIMAL that Spark takes for whole numbers
// of a kind, 0 for other kinds.
func wholeDigits(k Kind) int {
	switch k {
	case KindByte:
		return 3
	case KindShort:
		return 5
	case KindInteger:
		return 10
	case KindLong:
		return 20
	}
	return 0
}

// upCasts is what Spark casts by itself although something may be lost.
func upCasts(from, to DataType) bool {
	switch {
	case wholeDigits(from.Kind) > 0 && (to.Kind == KindFloat || to.Kind == KindDouble):
		return true
	case from.Kind == KindDecimal && wholeDigits(to.Kind) > 0:
		return from.Scale == 0 && from.Precision < wholeDigits(to.Kind)
	case isPair(from, to, KindTimestamp, KindTimestampNTZ), isPair(from, to, KindTimestamp, KindLong):
		return true
	case from.Kind == to.Kind && (from.Kind == KindDayTimeInterval || from.Kind == KindYearMonthInterval):
		return true
	case to.Kind == KindString:
		return toString(from)
	}
	return false
}

// isPair reports whether the types are of two kinds, in any order.
func isPair(a, b DataType, one, other Kind) bool {
	return a.Kind == one && b.Kind == other || a.Kind == other && b.Kind == one
}

// toString reports whether Spark casts the type to STRING by itself.
func toString(from DataType) bool {
	switch from.Kind {
	case KindUnknown, KindArray, KindMap, KindStruct, KindVariant, KindUDT:
		return false
	}
	return true
}
