package hocon

import (
	"strings"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// segment is a key of a path while it is put together.
type segment struct {
	text   strings.Builder
	quoted bool
	pos    tree.Pos
	begun  bool
}

// pathOf puts the tokens of a path expression together: dots outside quotes
// separate keys, everything else, blanks included, belongs to the key.
func pathOf(tokens []token) ([]tree.Key, error) {
	if len(tokens) == 1 && (tokens[0].kind == tokString || tokens[0].text != "" && !strings.Contains(tokens[0].text, ".")) {
		return []tree.Key{{Name: tokens[0].text, Pos: tokens[0].pos}}, nil
	}
	segments := []*segment{{}}
	last := func() *segment { return segments[len(segments)-1] }
	for _, t := range tokens {
		if t.kind == tokString {
			last().add(t.text, t.pos)
			last().quoted = true
			continue
		}
		pos := t.pos
		for i, part := range strings.Split(t.text, ".") {
			if i > 0 {
				segments = append(segments, &segment{})
			}
			last().add(part, pos)
			pos.Column += utf8.RuneCountInString(part) + 1
		}
	}
	keys := make([]tree.Key, len(segments))
	for i, s := range segments {
		if s.text.Len() == 0 && !s.quoted {
			return nil, errorAt(s.pos, "path has an empty key: a dot at its beginning or end, or two dots together",
				`write "" for a key without characters, or put a key that holds dots in quotes`)
		}
		keys[i] = tree.Key{Name: s.text.String(), Pos: s.pos}
	}
	return keys, nil
}

func (s *segment) add(text string, pos tree.Pos) {
	if !s.begun {
		s.begun, s.pos = true, pos
	}
	s.text.WriteString(text)
}

// simpleRun collects texts and the blanks between them up to anything else.
// Blanks at the end are dropped. The result is valid until the next call.
func (p *parser) simpleRun() ([]token, error) {
	run := p.run[:0]
	defer func() { p.run = run }()
	var blank token
	for {
		switch {
		case p.tok.simple():
			if blank.text != "" && len(run) > 0 {
				run = append(run, blank)
			}
			blank = token{}
			run = append(run, p.tok)
		case p.tok.kind == tokSpace:
			blank = p.tok
		default:
			return run, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// key reads the path in front of a separator.
func (p *parser) key() ([]tree.Key, error) {
	if p.tok.kind == tokReference {
		return nil, expected("a key", p.tok, "a substitution cannot be part of a key")
	}
	begin := p.tok
	run, err := p.simpleRun()
	if err != nil {
		return nil, err
	}
	if len(run) == 0 {
		return nil, expected("a key", begin, "")
	}
	keys, err := pathOf(run)
	if err != nil {
		return nil, err
	}
	if p.depth+len(keys) > tree.MaxDepth {
		return nil, p.tooDeep(run[0].pos)
	}
	return keys, nil
}

// reference reads a substitution; the current token is its opening.
func (p *parser) reference() (tree.Node, error) {
	open := p.tok
	if strings.HasPrefix(p.lex.rest(), "secret:") {
		return nil, errorAt(open.pos, "secret reference outside quotes", `write "${secret:...}" in double quotes`)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	run, err := p.simpleRun()
	if err != nil {
		return nil, err
	}
	switch p.tok.kind {
	case tokCloseBrace:
	case tokEOF, tokNewline:
		return nil, errorAt(open.pos, "substitution is not closed", "add } behind the path")
	default:
		return nil, expected("} at the end of the substitution", p.tok,
			"a path is keys joined by dots; a default value is a key of its own that ${?NAME} overrides")
	}
	if len(run) == 0 {
		return nil, errorAt(open.pos, "substitution has no path", "write ${path.to.key} or ${VARIABLE}")
	}
	keys, err := pathOf(run)
	if err != nil {
		return nil, err
	}
	path := make([]string, len(keys))
	for i, key := range keys {
		path[i] = key.Name
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return tree.NewRelative(p.prefix, path, open.text == "?", open.pos), nil
}
