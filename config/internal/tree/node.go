package tree

import "slices"

// Node is a piece of a document that may still hold substitutions. It is
// sealed: the functions of this package are the only source of nodes.
type Node interface {
	// Pos is the place where the node begins.
	Pos() Pos
	node()
}

type (
	scalar struct {
		pos  Pos
		kind Kind
		text string
		// space marks the blanks between the parts of a concatenation. They
		// count between texts and vanish beside arrays and objects.
		space bool
		// outside marks a text of the environment or of the call.
		outside bool
	}

	array struct {
		pos   Pos
		items []Node
	}

	substitution struct {
		pos Pos
		// prefix is where the file that holds the substitution was included.
		// The path is tried below the prefix first, then from the root.
		prefix   []string
		path     []string
		optional bool
	}

	concat struct {
		pos   Pos
		parts []Node
		// appends marks "key += element": a reference to the key itself
		// followed by one array that this node owns.
		appends bool
	}

	// stack holds the definitions of one key that cannot be merged before the
	// substitutions in them are known, lowest first. No layer is a stack.
	stack struct {
		layers []Node
	}
)

func (n *scalar) Pos() Pos       { return n.pos }
func (n *array) Pos() Pos        { return n.pos }
func (o *object) Pos() Pos       { return o.pos }
func (s *substitution) Pos() Pos { return s.pos }
func (n *concat) Pos() Pos       { return n.pos }
func (n *stack) Pos() Pos        { return n.layers[len(n.layers)-1].Pos() }

func (*scalar) node()       {}
func (*array) node()        {}
func (*object) node()       {}
func (*substitution) node() {}
func (*concat) node()       {}
func (*stack) node()        {}

// NewScalar returns a null, bool, number or string whose text is taken
// literally. The text of a null is "null".
func NewScalar(kind Kind, text string, pos Pos) Node {
	if kind == Null {
		text = "null"
	}
	return &scalar{pos: pos, kind: kind, text: text}
}

// NewSpace returns the blanks between two parts of a concatenation. They are
// kept between texts and ignored beside arrays and objects.
func NewSpace(text string, pos Pos) Node {
	return &scalar{pos: pos, kind: String, text: text, space: true}
}

// NewOutside returns a text that stands in no file. Like one of the environment it
// may be read as a number or a truth value.
func NewOutside(text string, pos Pos) Node {
	return &scalar{pos: pos, kind: String, text: text, outside: true}
}

// NewArray returns an array. It keeps items.
func NewArray(items []Node, pos Pos) Node { return &array{pos: pos, items: items} }

// NewSubstitution returns a reference to the value at path, which is looked up
// in the document and then, joined by dots, in the environment. An optional
// substitution without a value stands for no value; without optional it is an
// error.
func NewSubstitution(path []string, optional bool, pos Pos) Node {
	return NewRelative(nil, path, optional, pos)
}

// NewRelative returns a substitution of a file that was included at prefix: the
// path is looked up below the prefix, then from the root of the document, then
// in the environment.
func NewRelative(prefix, path []string, optional bool, pos Pos) Node {
	return &substitution{
		pos: pos, prefix: slices.Clone(prefix), path: slices.Clone(path), optional: optional,
	}
}

// NewConcat returns the concatenation of parts: texts are joined, arrays are
// appended and objects are merged. One part stands for itself. It keeps parts.
func NewConcat(parts []Node, pos Pos) Node {
	switch len(parts) {
	case 0:
		return NewScalar(String, "", pos)
	case 1:
		return parts[0]
	}
	return &concat{pos: pos, parts: parts}
}
