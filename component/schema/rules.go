package schema

import "fmt"

// Rules say what [Compare] takes for a difference, and how grave it is. The zero
// value is strict: the same columns in the same order, with the same types, and
// none that can be null where none may be. [CompatibleRules] is what most readers
// of data need.
type Rules struct {
	// Types says which types stand for a wanted one.
	Types TypeRule
	// Extra says what becomes of columns, and fields of structs, that are not
	// wanted.
	Extra ExtraRule
	// Missing says what becomes of wanted ones that are not there.
	Missing MissingRule
	// Nullability says what becomes of nulls.
	Nullability NullabilityRule
	// Names says which names are the same.
	Names NameRule
	// AnyOrder lets columns, and fields of structs, stand in any order.
	AnyOrder bool
	// Metadata compares the metadata of fields too, as JSON.
	Metadata bool
	// Optional are the paths of fields that may be missing whatever Missing says, as
	// [Difference] has them: "note", "address.zip".
	Optional []string

	_ struct{}
}

// TypeRule says which types stand for a wanted one.
type TypeRule uint8

const (
	// TypesExact takes the same type alone.
	TypesExact TypeRule = iota
	// TypesWiden also takes types whose values all are values of the wanted one, as
	// [DataType.WidensTo] tells: INT for BIGINT.
	TypesWiden
	// TypesUpCast also takes those that Spark casts by itself, as
	// [DataType.UpCastsTo] tells: BIGINT for FLOAT, INT for STRING.
	TypesUpCast
)

// ExtraRule says what becomes of columns that are not wanted.
type ExtraRule uint8

const (
	// ExtraRefuse makes them errors.
	ExtraRefuse ExtraRule = iota
	// ExtraWarn makes them warnings.
	ExtraWarn
	// ExtraAllow takes them.
	ExtraAllow
)

// MissingRule says what becomes of wanted columns that are not there. Without a
// column that cannot be null it is always an error.
type MissingRule uint8

const (
	// MissingRefuse makes them errors.
	MissingRefuse MissingRule = iota
	// MissingWarn makes those that can be null warnings.
	MissingWarn
	// MissingAllow takes it when those are missing that can be null.
	MissingAllow
)

// NullabilityRule says what becomes of nulls.
type NullabilityRule uint8

const (
	// NullabilitySafe makes it an error when what must not be null can be.
	NullabilitySafe NullabilityRule = iota
	// NullabilityExact also makes it one when what may be null cannot.
	NullabilityExact
	// NullabilityIgnore does not look at it.
	NullabilityIgnore
)

// NameRule says which names are the same.
type NameRule uint8

const (
	// NamesExact compares every letter.
	NamesExact NameRule = iota
	// NamesIgnoreCase does as Spark does by default.
	NamesIgnoreCase
	// NamesLoose leaves underscores out too, as for the fields of Go structs:
	// CustomerID is customer_id.
	NamesLoose
)

// CompatibleRules are those under which a reader of the wanted columns gets along
// with the data: types may be narrower than wanted, columns may be in any order,
// other columns and missing ones that can be null are warnings, and names are
// compared as Spark does.
func CompatibleRules() *Rules {
	return &Rules{Types: TypesWiden, Extra: ExtraWarn, Missing: MissingWarn, Names: NamesIgnoreCase, AnyOrder: true}
}

// PythonRules are those of the validator of pyspark-pipeline-framework: types and
// names as they are written, columns that can be null may be missing, other
// columns are warnings, in any order.
func PythonRules() *Rules {
	return &Rules{Extra: ExtraWarn, Missing: MissingAllow, AnyOrder: true}
}

// ScalaRules are those of the validator of spark-pipeline-framework: as
// [PythonRules], but every wanted column must be there.
func ScalaRules() *Rules { return &Rules{Extra: ExtraWarn, AnyOrder: true} }

func typeRuleNames() []string        { return []string{"exact", "widen", "upcast"} }
func extraRuleNames() []string       { return []string{"refuse", "warn", "allow"} }
func missingRuleNames() []string     { return []string{"refuse", "warn", "allow"} }
func nullabilityRuleNames() []string { return []string{"safe", "exact", "ignore"} }
func nameRuleNames() []string        { return []string{"exact", "ignore_case", "loose"} }

// String returns "exact", "widen" or "upcast".
func (r TypeRule) String() string { return ruleName(r, typeRuleNames()) }

// String returns "refuse", "warn" or "allow".
func (r ExtraRule) String() string { return ruleName(r, extraRuleNames()) }

// String returns "refuse", "warn" or "allow".
func (r MissingRule) String() string { return ruleName(r, missingRuleNames()) }

// String returns "safe", "exact" or "ignore".
func (r NullabilityRule) String() string { return ruleName(r, nullabilityRuleNames()) }

// String returns "exact", "ignore_case" or "loose".
func (r NameRule) String() string { return ruleName(r, nameRuleNames()) }

func ruleName[R ~uint8](rule R, names []string) string {
	if int(rule) < len(names) {
		return names[rule]
	}
	return fmt.Sprintf("%T(%d)", rule, uint8(rule))
}

// UnmarshalText reads what String returns.
func (r *TypeRule) UnmarshalText(text []byte) error { return readRule(r, text, typeRuleNames()) }

// UnmarshalText reads what String returns.
func (r *ExtraRule) UnmarshalText(text []byte) error { return readRule(r, text, extraRuleNames()) }

// UnmarshalText reads what String returns.
func (r *MissingRule) UnmarshalText(text []byte) error { return readRule(r, text, missingRuleNames()) }

// UnmarshalText reads what String returns.
func (r *NullabilityRule) UnmarshalText(text []byte) error {
	return readRule(r, text, nullabilityRuleNames())
}

// UnmarshalText reads what String returns.
func (r *NameRule) UnmarshalText(text []byte) error { return readRule(r, text, nameRuleNames()) }
