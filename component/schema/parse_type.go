package schema

import "strings"

// typeKind gives the kind of a type name, upper case: the name that is printed
// or another one of Spark's for it.
func typeKind(word string) (Kind, bool) {
	switch word {
	case "BYTE":
		return KindByte, true
	case "SHORT":
		return KindShort, true
	case "INTEGER":
		return KindInteger, true
	case "LONG":
		return KindLong, true
	case "REAL":
		return KindFloat, true
	case "DEC", "NUMERIC":
		return KindDecimal, true
	case "CHARACTER":
		return KindChar, true
	case "TIMESTAMP_LTZ":
		return KindTimestamp, true
	case "TIME", "GEOMETRY", "GEOGRAPHY":
		return KindUnknown, true
	}
	for k := KindNull; k <= KindVariant; k++ {
		if k.String() == word {
			return k, true
		}
	}
	return KindUnknown, false
}

// meant gives Spark's name for a type of another system, or nothing.
func meant(word string) string {
	switch word {
	case "BOOL":
		return "BOOLEAN"
	case "TEXT", "STR", "NVARCHAR", "CLOB", "UUID", "JSON", "OBJECT":
		return "STRING"
	case "INT8":
		return "TINYINT"
	case "INT16":
		return "SMALLINT"
	case "INT32":
		return "INT"
	case "INT64", "UINT32":
		return "BIGINT"
	case "FLOAT32":
		return "FLOAT"
	case "FLOAT64":
		return "DOUBLE"
	case "NUMBER":
		return "DECIMAL"
	case "BYTES", "BLOB", "BYTEA", "VARBINARY":
		return "BINARY"
	case "DATETIME", "TIMESTAMPTZ":
		return "TIMESTAMP"
	case "LIST":
		return "ARRAY"
	case "ROW", "RECORD":
		return "STRUCT"
	case "NULL":
		return "VOID"
	}
	return ""
}

func (p *parser) dataType() (DataType, error) {
	if p.depth++; p.depth > maxDepth {
		return DataType{}, faultAt(p.text, p.tok.at, "types are nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.tok.kind != tokenWord {
		return DataType{}, p.expected("a type")
	}
	name := p.tok
	word := strings.ToUpper(name.text)
	kind, ok := typeKind(word)
	if t, wild := wildType(word); p.wild && wild {
		p.next()
		return t, p.noArguments(name)
	}
	if !ok {
		if spark := meant(word); spark != "" {
			return DataType{}, faultAt(p.text, name.at, "Spark has no type %q; it has %s", name.text, spark)
		}
		return DataType{}, faultAt(p.text, name.at, "Spark has no type %q", name.text)
	}
	p.next()
	switch kind {
	case KindArray, KindMap, KindStruct:
		return p.nested(kind)
	case KindDecimal:
		return p.decimal(name)
	case KindChar, KindVarChar:
		return p.sized(kind, name)
	case KindString:
		collation, err := p.collation()
		return DataType{Kind: kind, Collation: collation}, err
	case KindCalendarInterval:
		return p.interval()
	case KindTimestamp:
		return p.timestamp(word == "TIMESTAMP")
	case KindUnknown:
		return p.unknown(word)
	}
	return DataType{Kind: kind}, p.noArguments(name)
}

// noArguments refuses "(...)" after a type that has none.
func (p *parser) noArguments(name token) error {
	if !p.tok.is("(") {
		return nil
	}
	return faultAt(p.text, p.tok.at, "%s takes no parameters", strings.ToUpper(name.text))
}

func (p *parser) nested(kind Kind) (DataType, error) {
	t := DataType{Kind: kind, ElemNullable: kind != KindStruct}
	if p.wild && !p.tok.is("<") {
		return DataType{Kind: kind, Any: true}, p.noArguments(token{text: kind.String()})
	}
	if !p.take("<") {
		return t, p.expected(`"<" with the types in it after ` + kind.String())
	}
	var err error
	switch kind {
	case KindStruct:
		if p.tok.is(">") {
			break
		}
		t.Fields, err = p.fields(">")
	case KindMap:
		if t.Key, err = p.elem(); err != nil {
			return t, err
		}
		if !p.take(",") {
			return t, p.expected(`"," and the type of the map's values`)
		}
		t.Elem, err = p.elem()
	default:
		t.Elem, err = p.elem()
	}
	if err != nil {
		return t, err
	}
	if !p.take(">") {
		return t, p.expected(`">" at the end of ` + kind.String())
	}
	return t, nil
}

func (p *parser) elem() (*DataType, error) {
	t, err := p.dataType()
	return &t, err
}
