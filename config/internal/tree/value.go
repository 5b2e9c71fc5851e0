package tree

import "fmt"

// Pos is a place in a configuration file. Line and Column count from 1; a zero
// Line means that the place is not known.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String gives file:line:column, without the parts that are not known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Kind says what a [Value] is.
type Kind uint8

// The kinds of a value.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is one resolved configuration value with its place. Values are
// read-only once they are built.
type Value struct {
	Kind Kind
	Pos  Pos
	// Text is the text of a scalar: the content of a string, a number as it was
	// written ("007", "1.50"), "true", "false" or "null".
	Text string
	// FromEnv is true when the text, or a part of it, came from the
	// environment, so that text may stand where a number or a bool is wanted.
	FromEnv bool
	// Secret is true when the text must not be shown.
	Secret bool
	// Items are the elements of an array.
	Items []*Value
	// Fields are the members of an object in the order of their first
	// appearance; keys are unique.
	Fields []Field
	// index finds members of large objects; nil for small ones.
	index map[string]int
}

// Field is one member of an object.
type Field struct {
	Key    string
	KeyPos Pos
	Value  *Value
}

// Get returns the member with the key, or nil.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	if v.index != nil {
		if i, ok := v.index[key]; ok {
			return v.Fields[i].Value
		}
		return nil
	}
	for i := range v.Fields {
		if v.Fields[i].Key == key {
			return v.Fields[i].Value
		}
	}
	return nil
}

// reindex makes [Value.Get] fast for an object with many members.
func (v *Value) reindex() {
	if len(v.Fields) < indexFrom {
		return
	}
	v.index = make(map[string]int, len(v.Fields))
	for i := range v.Fields {
		v.index[v.Fields[i].Key] = i
	}
}

// WithItems returns a copy of an array with other elements.
func (v *Value) WithItems(items []*Value) *Value {
	out := *v
	out.Items = items
	return &out
}

// WithFields returns a copy of an object whose members have other values; the
// keys must be the same.
func (v *Value) WithFields(fields []Field) *Value {
	out := *v
	out.Fields = fields
	return &out
}
