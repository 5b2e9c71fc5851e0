package quality

import "github.com/sparkpipe/sparkpipe/component/schema"

func isText(k schema.Kind) bool {
	return k == schema.KindString || k == schema.KindChar || k == schema.KindVarChar
}

func isWhole(k schema.Kind) bool {
	return k == schema.KindByte || k == schema.KindShort || k == schema.KindInteger || k == schema.KindLong
}

func isNumber(k schema.Kind) bool {
	return isWhole(k) || k == schema.KindFloat || k == schema.KindDouble || k == schema.KindDecimal
}

func isTime(k schema.Kind) bool {
	return k == schema.KindDate || k == schema.KindTimestamp || k == schema.KindTimestampNTZ
}

// isOrdered reports whether there are a smallest and a largest value that say
// something.
func isOrdered(k schema.Kind) bool {
	return isNumber(k) || isTime(k) || k == schema.KindBoolean || k == schema.KindYearMonthInterval || k == schema.KindDayTimeInterval
}

// hasTop reports whether values can be counted as texts.
func hasTop(k schema.Kind) bool {
	return isText(k) || isNumber(k) || isTime(k) || k == schema.KindBoolean
}

// hashable reports whether different values can be counted.
func hashable(t schema.DataType) bool {
	switch t.Kind {
	case schema.KindArray:
		return t.Elem != nil && hashable(*t.Elem)
	case schema.KindStruct:
		for _, f := range t.Fields {
			if !hashable(f.Type) {
				return false
			}
		}
		return true
	case schema.KindMap, schema.KindVariant, schema.KindUnknown, schema.KindUDT, schema.KindCalendarInterval:
		return false
	}
	return true
}
