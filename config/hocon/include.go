package hocon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// The limits of include statements in one document.
const (
	maxIncludes = 1000
	maxFileSize = 64 << 20
)

// foreign are suffixes of formats that HOCON could be mistaken for.
var foreign = []string{".properties", ".yaml", ".yml", ".toml"}

// loading is the state that the files of one document share.
type loading struct {
	// open are the files being read, outermost first, by their true path.
	open  []openFile
	count int
}

type openFile struct {
	path string
	// name is how the file is called in messages.
	name string
}

// statement is an include statement.
type statement struct {
	kind     string // "", "file", "url" or "classpath"
	name     string
	required bool
	pos      tree.Pos
}

// include reads an include statement and lays the file's members into b.
func (p *parser) include(b *tree.Builder) error {
	s, err := p.includeStatement()
	if err != nil {
		return err
	}
	switch {
	case s.kind == "url" || s.kind == "classpath":
		return errorAt(s.pos, fmt.Sprintf("include %s(...) is not supported", s.kind),
			`put the file beside this one and write include "file.conf"`)
	case s.kind == "" && strings.Contains(s.name, "://"):
		return errorAt(s.pos, "include of a URL is not supported", `put the file beside this one and write include "file.conf"`)
	case slices.Contains(foreign, filepath.Ext(s.name)):
		return errorAt(s.pos, fmt.Sprintf("include %q: only HOCON and JSON can be included", s.name), "")
	case s.name == "":
		return errorAt(s.pos, "include of an empty file name", "")
	}
	files, err := p.candidates(s)
	if err != nil {
		return err
	}
	if len(files) == 0 && s.required {
		e := errorAt(s.pos, fmt.Sprintf("required include %q", s.name), "")
		e.Err = fmt.Errorf("no file %s: %w", p.located(s.name), fs.ErrNotExist)
		return e
	}
	if len(files) == 0 {
		p.opts.Warn(fmt.Sprintf("%s: include %q is ignored: no file %s", s.pos, s.name, p.located(s.name)))
	}
	for _, file := range files {
		root, err := p.included(file, s)
		if err != nil {
			return err
		}
		b.Include(root)
	}
	return nil
}

// includeStatement reads the words of the statement; the current token is
// "include". Afterwards it is the one behind the statement.
func (p *parser) includeStatement() (statement, error) {
	s := statement{pos: p.tok.pos}
	if err := p.nextFilled(); err != nil {
		return s, err
	}
	parens := 0
	for p.tok.kind == tokText {
		word, rest, found := strings.Cut(p.tok.text, "(")
		switch {
		case !found:
			return s, p.badInclude()
		case word == "required" && !s.required && s.kind == "":
			s.required = true
		case (word == "file" || word == "url" || word == "classpath") && s.kind == "":
			s.kind = word
		default:
			return s, p.badInclude()
		}
		parens++
		p.lex.off -= len(rest)
		if err := p.nextFilled(); err != nil {
			return s, err
		}
	}
	if p.tok.kind != tokString {
		return s, p.badInclude()
	}
	s.name = p.tok.text
	for range parens {
		if err := p.nextFilled(); err != nil {
			return s, err
		}
		if p.tok.kind != tokText || p.tok.text[0] != ')' {
			return s, expected(`")"`, p.tok, "")
		}
		p.lex.off -= len(p.tok.text) - 1
	}
	return s, p.advance()
}

// nextFilled moves to the next token that is not blank.
func (p *parser) nextFilled() error {
	if err := p.advance(); err != nil {
		return err
	}
	return p.skipLines()
}

func (p *parser) badInclude() error {
	hint := `the forms are include "f.conf", include file("f.conf") and include required(...)`
	switch p.tok.kind {
	case tokEquals, tokColon, tokOpenBrace, tokPlusEquals:
		hint = `include is a keyword; write "include" in quotes to use it as a key`
	}
	return expected("a file name in quotes behind include", p.tok, hint)
}

// located is the place of a file name, relative to the file being read.
func (p *parser) located(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	dir := p.opts.Dir
	if n := len(p.load.open); n > 0 {
		dir = filepath.Dir(p.load.open[n-1].name)
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// candidates finds the files of a statement, those that win last. A name
// without a known suffix stands for name.json below name.conf.
func (p *parser) candidates(s statement) ([]string, error) {
	base := p.located(s.name)
	names := []string{base}
	if suffix := filepath.Ext(base); suffix != ".conf" && suffix != ".json" {
		names = []string{base + ".json", base + ".conf", base}
	}
	var out []string
	for i, name := range names {
		info, err := os.Stat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			e := errorAt(s.pos, fmt.Sprintf("include %q", s.name), "")
			e.Err = err
			return nil, e
		case !info.Mode().IsRegular():
			if len(out) == 0 || i < len(names)-1 {
				return nil, errorAt(s.pos, fmt.Sprintf("include %q: %s is not a regular file", s.name, name), "")
			}
			continue
		}
		out = append(out, name)
	}
	return out, nil
}

// included parses one file for a statement of p.
func (p *parser) included(file string, s statement) (tree.Node, error) {
	if p.load.count++; p.load.count > maxIncludes {
		return nil, errorAt(s.pos, fmt.Sprintf("the document includes more than %d files", maxIncludes), "")
	}
	child := &parser{opts: p.opts, load: p.load, depth: p.depth}
	if p.lists == 0 {
		child.prefix = slices.Concat(p.prefix, p.path)
	} else {
		child.lists = 1
	}
	node, err := child.file(file, file, s.pos)
	var fault *Error
	if errors.As(err, &fault) && (fault.File != s.pos.File || fault.Line != s.pos.Line) {
		fault.Includes = append(fault.Includes, s.pos.String())
	}
	return node, err
}
