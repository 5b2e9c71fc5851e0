package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sparkpipe/sparkpipe/config/hocon"
	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// Options changes how [Load] and [Parse] work. Nil is the same as all defaults.
type Options struct {
	// Env looks up environment variables for ${NAME}. Nil means [os.LookupEnv].
	Env func(name string) (value string, ok bool)
	// Warn is told, during the call and on its goroutine, what is legal but
	// probably not meant, such as a missing file that HOCON's include ignores.
	// Nil means that nobody is told.
	Warn func(msg string)
	// Vars are laid over the root key "vars" of the file, by their names with dots
	// between the levels. The value is a text; where the file wants a number or a
	// truth value it is read as one. A variable that the file neither has nor uses
	// is a fault.
	Vars map[string]string
	// Name is what [Parse] calls the text in messages. Includes and query files
	// are relative to its directory; the default is the working directory. [Load]
	// does not use it.
	Name string

	_ struct{}
}

// Load reads the configuration file at path. The suffix says the format, see
// [FormatOf]. Substitutions are replaced, includes are read, and the whole is
// checked. A fault of the configuration is an [*Errors] with all of them at
// once; only syntax errors come alone.
func Load(path string, opts *Options) (*Pipeline, error) {
	l := newLoader(opts)
	return l.pipeline(path, path, func() (tree.Node, error) { return l.file(path, tree.Pos{File: path}) })
}

// Parse is [Load] for a text.
func Parse(src []byte, format Format, opts *Options) (*Pipeline, error) {
	l := newLoader(opts)
	name := ""
	if opts != nil {
		name = opts.Name
	}
	return l.pipeline(name, "", func() (tree.Node, error) { return l.text(src, name, format) })
}

// loader is one call of [Load].
type loader struct {
	faults
	env   tree.Env
	warn  func(string)
	given map[string]string // the variables of the call
	// stack are the files whose includes are being read, outermost first.
	stack []openFile
	// files counts the files that were read.
	files int
}

type openFile struct{ shown, absolute string }

func newLoader(opts *Options) *loader {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	return &loader{env: o.Env, warn: o.Warn, given: o.Vars}
}

// pipeline reads, resolves and builds.
func (l *loader) pipeline(name, file string, read func() (tree.Node, error)) (*Pipeline, error) {
	root, err := read()
	if err != nil {
		l.addAll(syntaxError(err), name)
		return nil, l.err()
	}
	root, needless := l.vars(root)
	value, err := l.resolve(root)
	if err != nil {
		l.addAll(err, name)
	}
	if value == nil {
		return nil, l.err()
	}
	b := &builder{decoder: newDecoder(), warn: l.warn, name: name}
	b.unset = len(l.list) > needless
	p := b.build(value)
	l.list = append(l.list, b.list...)
	if p != nil {
		p.File = file
	}
	if len(l.list) == 0 {
		return p, nil
	}
	failed := l.sorted()
	if !b.unset {
		failed.Partial = p
	}
	return nil, failed
}

// unsetMark stands for a value that could not be resolved, so that the rest of
// the file can still be checked.
const unsetMark = "\x00unset\x00"

// resolve replaces the substitutions. With an error it still gives, if it can, a
// value in which unsetMark stands for what has no value.
func (l *loader) resolve(root tree.Node) (*tree.Value, error) {
	value, err := tree.Resolve(root, l.env)
	if err == nil {
		return value, nil
	}
	value, again := tree.Resolve(root, func(name string) (string, bool) {
		if text, ok := l.env(name); ok {
			return text, true
		}
		return unsetMark, true
	})
	if again != nil {
		return nil, err
	}
	return value, err
}

// file reads a file of any format. From is the place of the include, or the
// file itself.
func (l *loader) file(path string, from tree.Pos) (tree.Node, error) {
	format, ok := FormatOf(path)
	if !ok {
		return nil, singleError(from, fmt.Sprintf("the suffix of %q does not say the format", filepath.Base(path)),
			"name the file "+knownSuffixes, nil)
	}
	l.files++
	if l.files > maxFiles {
		return nil, singleError(from, fmt.Sprintf("more than %d files are included", maxFiles), "", nil)
	}
	src, err := readFile(path, from)
	if err != nil {
		return nil, err
	}
	if format == FormatHOCON {
		return hocon.ParseFile(path, &hocon.Options{Warn: l.warn})
	}
	leave, err := l.enter(path, from)
	if err != nil {
		return nil, err
	}
	defer leave()
	return l.text(src, path, format)
}

// text reads a text of any format with its includes.
func (l *loader) text(src []byte, name string, format Format) (tree.Node, error) {
	var doc document
	var err error
	switch format {
	case FormatHOCON:
		return hocon.Parse(src, name, &hocon.Options{Warn: l.warn, Dir: filepath.Dir(name)})
	case FormatYAML:
		doc, err = parseYAML(src, name, &l.faults)
	case FormatJSON:
		doc, err = parseJSON(src, name, &l.faults)
	default:
		return nil, fmt.Errorf("parse a configuration: the format %d is unknown", format)
	}
	if err != nil {
		return nil, err
	}
	return l.include(doc, name)
}
