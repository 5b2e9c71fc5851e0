package schema

import (
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep types may be nested in a text. Spark's own parser and its
// protocol give up earlier.
const maxDepth = 500

// Parse reads a list of columns in Spark's DDL: "id BIGINT NOT NULL, tags:
// ARRAY<STRING> COMMENT 'free text'". Names may stand in backquotes, keywords
// are names as well, and case counts in names only. The columns may also be
// wrapped in STRUCT<...>. An empty text is a schema without columns.
//
// TIMESTAMP is the instant in time, whatever the server's spark.sql.timestampType
// says. Of what only some versions of Spark take, Parse takes all; types without
// a kind of their own, such as TIME(6), become [KindUnknown]. DEFAULT, GENERATED
// and constraints are refused: they belong to a table, not to a schema.
//
// The error is a [*ParseError].
func Parse(ddl string) (Definition, error) {
	p, err := newParser(ddl)
	if err != nil {
		return Definition{}, err
	}
	return p.columns()
}

// columns reads the whole text as a list of columns.
func (p *parser) columns() (Definition, error) {
	if p.tok.is("STRUCT") && p.peek().is("<") {
		t, err := p.wholeType()
		return Definition{Fields: t.Fields}, err
	}
	var def Definition
	if p.tok.kind == tokenEnd {
		if strings.Contains(p.text, "--") { // as Spark, which sees a fault there
			return def, p.expected("a column name after the comment")
		}
		return def, nil
	}
	var err error
	if def.Fields, err = p.fields(""); err != nil {
		return Definition{}, err
	}
	return def, nil
}

// ParseType reads a type in Spark's DDL, with Spark's other names for it:
// "DECIMAL(10,2)", "map<string, array<long>>", "interval day to second".
//
// The error is a [*ParseError].
func ParseType(text string) (DataType, error) {
	p, err := newParser(text)
	if err != nil {
		return DataType{}, err
	}
	return p.wholeType()
}

// parser walks over tokens; tok is the current one.
type parser struct {
	text   string
	tokens []token
	tok    token
	depth  int
	// wild says that types may stand for many.
	wild bool
}

func newParser(text string) (*parser, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	return &parser{text: text, tokens: tokens, tok: tokens[0]}, nil
}

// next moves to the next token. The end stays current.
func (p *parser) next() {
	p.tok = p.peek()
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
}

func (p *parser) peek() token {
	if len(p.tokens) > 1 {
		return p.tokens[1]
	}
	return p.tokens[0]
}

// take moves on if the current token is that keyword or punctuation.
func (p *parser) take(word string) bool {
	if !p.tok.is(word) {
		return false
	}
	p.next()
	return true
}

// expected is the error of the current token.
func (p *parser) expected(what string) error {
	return faultAt(p.text, p.tok.at, "expected %s, found %s", what, p.tok)
}

func (p *parser) wholeType() (DataType, error) {
	t, err := p.dataType()
	if err != nil {
		return DataType{}, err
	}
	if p.tok.kind != tokenEnd {
		return DataType{}, p.expected("the end after the type")
	}
	return t, nil
}

// fields reads fields and the end: closing, which is left, or that of the text.
func (p *parser) fields(closing string) ([]Field, error) {
	var fields []Field
	for {
		f, err := p.field()
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
		if closing == "" && p.tok.kind == tokenEnd || closing != "" && p.tok.is(closing) {
			return fields, nil
		}
		if !p.take(",") {
			return nil, p.afterField(f, closing)
		}
	}
}

// afterField is the error of what follows a field and does not belong there.
func (p *parser) afterField(f Field, closing string) error {
	switch word := strings.ToUpper(p.tok.text); {
	case p.tok.kind != tokenWord:
	case word == "DEFAULT" || word == "GENERATED" || word == "PRIMARY" || word == "UNIQUE" || word == "CHECK":
		return faultAt(p.text, p.tok.at, "%s belongs to a table and has no place in a schema", word)
	case word == "NULL":
		return faultAt(p.text, p.tok.at, "NULL has no place here; a column that does not say NOT NULL can be null")
	case word == "NOT":
		return faultAt(p.text, p.tok.at, "NOT NULL stands once, after the type and before COMMENT")
	}
	end := "the end"
	if closing != "" {
		end = `"` + closing + `"`
	}
	return p.expected(`"," or ` + end + " after the column " + QuoteName(f.Name))
}

func (p *parser) field() (Field, error) {
	f := Field{Nullable: true}
	if p.tok.kind != tokenWord && p.tok.kind != tokenName {
		return f, p.noName()
	}
	f.Name = p.tok.text
	end := p.tok.at + len(p.tok.text)
	word := p.tok.kind == tokenWord
	p.next()
	if word && p.tok.at == end && p.tok.kind == tokenPunctuation && !p.tok.separates() {
		return f, faultAt(p.text, end, "%s: %s", p.tok, backquotesNeeded)
	}
	p.take(":")
	var err error
	if f.Type, err = p.dataType(); err != nil {
		return f, err
	}
	if p.tok.is("NOT") {
		p.next()
		if !p.take("NULL") {
			return f, p.expected("NULL after NOT")
		}
		f.Nullable = false
	}
	if !p.take("COMMENT") {
		return f, nil
	}
	if p.tok.kind != tokenString {
		return f, p.expected("a text in quotes after COMMENT")
	}
	f.Metadata, err = commentMetadata(p.tok.text)
	p.next()
	return f, err
}

// noName is the error where a name is due.
func (p *parser) noName() error {
	switch {
	case p.tok.kind == tokenString:
		return faultAt(p.text, p.tok.at, "a column name stands in backquotes, not in quotes")
	case p.tok.kind == tokenNumber || p.tok.kind == tokenOther:
		return faultAt(p.text, p.tok.at, "%s is a number; as a column name it stands in backquotes", p.tok)
	case p.tok.kind == tokenPunctuation && p.tok.text[0] >= utf8.RuneSelf:
		return faultAt(p.text, p.tok.at, "%s: %s", p.tok, backquotesNeeded)
	}
	return p.expected("a column name")
}

const backquotesNeeded = "a column name of more than ASCII letters, digits and _ stands in backquotes"
