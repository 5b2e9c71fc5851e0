package schema

// Any returns a wanted type that every type fulfils. DDL for contracts calls it
// ANY; see [ParseContract].
func Any() DataType { return DataType{Any: true} }

// AnyArray returns a wanted type that every ARRAY fulfils.
func AnyArray() DataType { return DataType{Kind: KindArray, Any: true} }

// AnyMap returns a wanted type that every MAP fulfils.
func AnyMap() DataType { return DataType{Kind: KindMap, Any: true} }

// AnyStruct returns a wanted type that every STRUCT fulfils.
func AnyStruct() DataType { return DataType{Kind: KindStruct, Any: true} }

// isAny reports whether the type stands for many. Any means nothing with kinds
// that have no parts.
func (t DataType) isAny() bool {
	switch t.Kind {
	case KindUnknown, KindArray, KindMap, KindStruct:
		return t.Any
	}
	return false
}

func (t DataType) anyName() string {
	if t.Kind == KindUnknown {
		return "ANY"
	}
	return t.Kind.String()
}

// holdsAny reports whether there is a type that stands for many in this one.
func (t DataType) holdsAny() bool {
	if t.isAny() || t.Key != nil && t.Key.holdsAny() || t.Elem != nil && t.Elem.holdsAny() {
		return true
	}
	for _, f := range t.Fields {
		if f.Type.holdsAny() {
			return true
		}
	}
	return false
}

// Concrete reports whether no type in the schema stands for many, so that data
// can have it.
func (d Definition) Concrete() bool {
	for _, f := range d.Fields {
		if f.Type.holdsAny() {
			return false
		}
	}
	return true
}

// wildType gives the words that contracts have and Spark's DDL does not.
func wildType(word string) (DataType, bool) {
	switch word {
	case "ANY":
		return Any(), true
	case "BOOL":
		return Boolean(), true
	}
	return DataType{}, false
}

// ParseContract reads the columns that somebody wants: DDL as [Parse] takes it, in
// which ARRAY, MAP and STRUCT may stand without the types in them, and ANY is
// every type: "id BIGINT NOT NULL, tags ARRAY, more MAP<STRING, ANY>". BOOL is
// BOOLEAN. [Definition.String] gives it back.
//
// The error is a [*ParseError].
func ParseContract(ddl string) (Definition, error) {
	p, err := newParser(ddl)
	if err != nil {
		return Definition{}, err
	}
	p.wild = true
	return p.columns()
}

// parseContractType is [ParseType] with the words of contracts.
func parseContractType(text string) (DataType, error) {
	p, err := newParser(text)
	if err != nil {
		return DataType{}, err
	}
	p.wild = true
	return p.wholeType()
}
