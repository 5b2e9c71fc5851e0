package hocon

import (
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// value reads a value: everything up to the end of the line, a comma or a
// closing bracket, put together.
func (p *parser) value() (tree.Node, error) {
	begin := p.tok
	var parts []tree.Node
	var texts []string // the parts as written, of use while all of them are texts
	var blank token
	simple, literal := false, true
	for {
		space, err := p.skipSpace()
		if err != nil {
			return nil, err
		}
		if space.text != "" {
			blank = space
		}
		current := p.tok
		part, err := p.part()
		if err != nil {
			return nil, err
		}
		switch {
		case part == nil && len(parts) == 0:
			return nil, expected("a value", p.tok, missingValue(p.tok))
		case part == nil:
			return joined(parts, texts, literal, begin), nil
		case len(parts) == 0 && p.endsValue():
			return part, nil
		}
		joins := current.simple() || current.kind == tokReference
		if blank.text != "" && simple && joins {
			parts = append(parts, tree.NewSpace(blank.text, blank.pos))
			texts = append(texts, blank.text)
		}
		simple, blank = joins, token{}
		literal = literal && current.simple()
		parts = append(parts, part)
		texts = append(texts, current.text)
	}
}

// joined puts the parts of a value together. Texts alone are joined at once.
func joined(parts []tree.Node, texts []string, literal bool, begin token) tree.Node {
	if len(parts) > 1 && literal {
		return tree.NewScalar(tree.String, strings.Join(texts, ""), begin.pos)
	}
	return tree.NewConcat(parts, begin.pos)
}

// skipSpace skips a blank and returns it; without a blank the result is empty.
func (p *parser) skipSpace() (token, error) {
	if p.tok.kind != tokSpace {
		return token{}, nil
	}
	space := p.tok
	return space, p.advance()
}

// endsValue reports whether the current token can only follow a value.
func (p *parser) endsValue() bool {
	switch p.tok.kind {
	case tokNewline, tokComma, tokCloseBrace, tokCloseBracket, tokEOF:
		return true
	}
	return false
}

func missingValue(t token) string {
	switch t.kind {
	case tokComma, tokCloseBrace, tokCloseBracket, tokEOF:
		return `write "" for an empty text or null for no value`
	}
	return ""
}

// part reads one part of a value; nil when the current token begins none.
func (p *parser) part() (tree.Node, error) {
	t := p.tok
	switch t.kind {
	case tokOpenBrace:
		return p.object()
	case tokOpenBracket:
		return p.array()
	case tokReference:
		return p.reference()
	}
	if !t.simple() {
		return nil, nil
	}
	return tree.NewScalar(scalarKinds[t.kind], t.text, t.pos), p.advance()
}

var scalarKinds = map[tokenKind]tree.Kind{
	tokString: tree.String, tokText: tree.String, tokNumber: tree.Number, tokBool: tree.Bool, tokNull: tree.Null,
}

// array reads an array; the current token is its opening bracket.
func (p *parser) array() (tree.Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	p.lists++
	defer func() { p.depth--; p.lists-- }()
	open := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	var items []tree.Node
	for {
		if err := p.skipLines(); err != nil {
			return nil, err
		}
		switch p.tok.kind {
		case tokCloseBracket:
			return tree.NewArray(items, open), p.advance()
		case tokEOF:
			return nil, expected(`"]"`, p.tok, fmt.Sprintf("the array was opened at %s", open))
		case tokComma:
			return nil, expected("an element", p.tok, "remove the comma: one comma follows an element")
		case tokCloseBrace:
			return nil, expected(`"]"`, p.tok, fmt.Sprintf("the array was opened at %s", open))
		}
		item, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		separated, err := p.separator()
		if err != nil {
			return nil, err
		}
		if !separated && p.tok.kind != tokCloseBracket && p.tok.kind != tokEOF {
			return nil, p.notSeparated("the next element", tokCloseBracket, &open)
		}
	}
}
