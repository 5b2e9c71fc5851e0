package hocon

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// parser reads one file. The current token is tok; the lexer stands behind it.
type parser struct {
	lex  *lexer
	tok  token
	opts *Options
	load *loading
	run  []token // the buffer of simpleRun

	// prefix is the path at which this file is included.
	prefix []string
	// path leads from the root of this file to the object being read; inside of
	// an array (lists > 0) there is no such path.
	path  []string
	lists int
	depth int
}

// document reads a whole file: an object with or without its braces.
func (p *parser) document() (tree.Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.skipLines(); err != nil {
		return nil, err
	}
	switch p.tok.kind {
	case tokOpenBracket:
		return nil, errorAt(p.tok.pos, "the document is an array, it must be an object", "give the array a key")
	case tokOpenBrace:
		root, err := p.object()
		if err != nil {
			return nil, err
		}
		if err := p.skipLines(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokEOF {
			return nil, expected("the end of the file", p.tok, "the root object is closed above")
		}
		return root, nil
	}
	b := tree.NewBuilder(p.tok.pos)
	if err := p.members(b, nil); err != nil {
		return nil, err
	}
	return b.Object(), nil
}

func (p *parser) advance() error {
	t, err := p.lex.next()
	p.tok = t
	return err
}

// skipLines skips blanks and line ends.
func (p *parser) skipLines() error {
	for p.tok.kind == tokNewline || p.tok.kind == tokSpace {
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) tooDeep(pos tree.Pos) *Error {
	return errorAt(pos, fmt.Sprintf("objects and arrays nest more than %d levels deep", tree.MaxDepth), "")
}

func (p *parser) enter() error {
	if p.depth++; p.depth > tree.MaxDepth {
		return p.tooDeep(p.tok.pos)
	}
	return nil
}

// object reads an object; the current token is its opening brace.
func (p *parser) object() (tree.Node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	open := p.tok.pos
	b := tree.NewBuilder(open)
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.members(b, &open); err != nil {
		return nil, err
	}
	return b.Object(), p.advance()
}

// members reads the members of an object up to its closing brace, or to the end
// of the file when open is nil.
func (p *parser) members(b *tree.Builder, open *tree.Pos) error {
	for {
		if err := p.skipLines(); err != nil {
			return err
		}
		switch {
		case p.tok.kind == tokCloseBrace && open != nil, p.tok.kind == tokEOF && open == nil:
			return nil
		case p.tok.kind == tokCloseBrace:
			return errorAt(p.tok.pos, `"}" without an opening brace`, "remove it, or add the { that it closes")
		case p.tok.kind == tokEOF:
			return expected(`"}"`, p.tok, fmt.Sprintf("the object was opened at %s", *open))
		case p.tok.kind == tokComma:
			return expected("a key", p.tok, "remove the comma: one comma follows a value")
		}
		if err := p.member(b); err != nil {
			return err
		}
		separated, err := p.separator()
		if err != nil {
			return err
		}
		if !separated && p.tok.kind != tokCloseBrace && p.tok.kind != tokEOF {
			return p.notSeparated("the next key", tokCloseBrace, open)
		}
	}
}

// notSeparated is the error of something behind a complete value.
func (p *parser) notSeparated(next string, end tokenKind, open *tree.Pos) error {
	hint := "put text that holds this character in double quotes"
	switch p.tok.kind {
	case tokEquals:
		hint = `is the value in front of the key missing? Two settings on one line need a comma between them`
	case tokOpenBrace, tokOpenBracket:
		hint = "put a comma or a new line between the two values"
	case tokCloseBrace, tokCloseBracket:
		hint = "the brackets do not match"
		if open != nil {
			hint += fmt.Sprintf("; the last one was opened at %s", *open)
		}
	}
	what := "a comma or a new line before " + next
	if open != nil {
		what += ", or " + punctuation[end]
	}
	return expected(what, p.tok, hint)
}

// separator skips what may stand between two elements: line ends and at most
// one comma.
func (p *parser) separator() (bool, error) {
	separated := false
	for {
		switch p.tok.kind {
		case tokSpace:
		case tokNewline:
			separated = true
		case tokComma:
			return true, p.advance()
		default:
			return separated, nil
		}
		if err := p.advance(); err != nil {
			return false, err
		}
	}
}

// member reads an include statement or a key with its value.
func (p *parser) member(b *tree.Builder) error {
	if p.tok.kind == tokText && p.tok.text == "include" {
		return p.include(b)
	}
	keys, err := p.key()
	if err != nil {
		return err
	}
	if err := p.skipLines(); err != nil {
		return err
	}
	outer, depth := p.path, p.depth
	defer func() { p.path, p.depth = outer, depth }()
	p.path = p.path[:len(p.path):len(p.path)]
	for _, key := range keys {
		p.path = append(p.path, key.Name)
	}
	p.depth += len(keys) - 1

	switch p.tok.kind {
	case tokOpenBrace:
		value, err := p.object()
		if err != nil {
			return err
		}
		b.Set(keys, value)
		return nil
	case tokColon, tokEquals, tokPlusEquals:
		return p.assignment(b, keys)
	}
	return expected(`"=", ":" or "{" behind the key `+tree.RenderPath(p.path[len(outer):]), p.tok, "")
}

// assignment reads the separator and the value of a key.
func (p *parser) assignment(b *tree.Builder, keys []tree.Key) error {
	separator := p.tok
	if err := p.advance(); err != nil {
		return err
	}
	if err := p.skipLines(); err != nil {
		return err
	}
	value, err := p.value()
	if err != nil {
		return err
	}
	if separator.kind != tokPlusEquals {
		b.Set(keys, value)
		return nil
	}
	var self tree.Node
	if p.lists == 0 {
		self = tree.NewRelative(p.prefix, p.path, true, separator.pos)
	}
	b.Append(keys, value, self)
	return nil
}
