package hocon

import "github.com/sparkpipe/sparkpipe/config/internal/tree"

// ParseFile parses a file and the files it includes. Substitutions are not
// resolved. A file with the suffix .json must be valid JSON. The result belongs
// to this module; see [Load] for a map.
func ParseFile(path string, opts *Options) (tree.Node, error) {
	p := newParser(opts)
	return p.file(path, path, tree.Pos{})
}

// Parse parses the text of a document, called name in messages. Its includes
// are relative to the option Dir. Substitutions are not resolved. The result
// belongs to this module; see [HOCON.Unmarshal] for a map.
func Parse(src []byte, name string, opts *Options) (tree.Node, error) {
	return newParser(opts).source(src, name)
}

func newParser(opts *Options) *parser {
	o := opts.withDefaults()
	return &parser{opts: &o, load: &loading{}}
}

func (p *parser) source(src []byte, name string) (tree.Node, error) {
	lex, err := newLexer(src, name)
	if err != nil {
		return nil, err
	}
	p.lex = lex
	return p.document()
}
