package schema

import "slices"

// Align returns the wanted columns under the names that those of got have which go
// with them by the rule, in structs too. Wanted columns that got lacks keep their
// names.
func Align(want, got Definition, rule NameRule) Definition {
	return Definition{Fields: alignFields(want.Fields, got.Fields, rule)}
}

func alignFields(want, got []Field, rule NameRule) []Field {
	out := slices.Clone(want)
	for i, at := range pair(want, got, rule) {
		if at >= 0 {
			out[i].Name, out[i].Type = got[at].Name, alignType(out[i].Type, got[at].Type, rule)
		}
	}
	return out
}

func alignType(want, got DataType, rule NameRule) DataType {
	if want.Kind != got.Kind {
		return want
	}
	want.Elem, want.Key = alignPart(want.Elem, got.Elem, rule), alignPart(want.Key, got.Key, rule)
	want.Fields = alignFields(want.Fields, got.Fields, rule)
	return want
}

func alignPart(want, got *DataType, rule NameRule) *DataType {
	if want == nil || got == nil {
		return want
	}
	t := alignType(*want, *got, rule)
	return &t
}
