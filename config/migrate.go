package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// MigrateOptions changes how [Migrate] works. Nil is the same as all defaults.
type MigrateOptions struct {
	// Lookup finds a component type by its name, an alias, or a class path, as a
	// registry does: its name and its config struct. Nil knows no type.
	Lookup func(typeOrClassPath string) (name string, config reflect.Type, ok bool)
	// Env is used for the names of included files and for nothing else. Nil means
	// [os.LookupEnv].
	Env func(name string) (value string, ok bool)

	_ struct{}
}

// Note is what [Migrate] has to say about a place of the file.
type Note struct {
	// File, Line and Column are the place in the text that was given; Line and
	// Column count from 1.
	File         string
	Line, Column int
	// Text says what was done or is left to do, in one line.
	Text string
}

// String gives "file:line:column: text".
func (n Note) String() string {
	return tree.Pos{File: n.File, Line: n.Line, Column: n.Column}.String() + ": " + n.Text
}

// MigrateFile is [Migrate] for a file, whose suffix says the format. It also gives
// what was read. The file is not changed.
func MigrateFile(path string, opts *MigrateOptions) (src, text []byte, notes []Note, err error) {
	from := tree.Pos{File: path}
	format, ok := FormatOf(path)
	if !ok {
		return nil, nil, nil, singleError(from, "the suffix does not say the format", "name the file "+knownSuffixes, nil)
	}
	if src, err = readFile(path, from); err != nil {
		return nil, nil, nil, err
	}
	text, notes, err = Migrate(src, path, format, opts)
	return src, text, notes, err
}

// Migrate rewrites a configuration file of one of the older forms, or one with
// keys in an older spelling, into the form that the package comment shows. Name
// is what the text is called in notes; includes are relative to its directory.
//
// The text is edited in place by place: comments, order, blanks and
// substitutions stay byte for byte, nothing of the environment comes into it, and
// included files are not rewritten. What the rewritten text means is compared
// with what the given text means; an edit that would change it is not made, and a
// note says so. To migrate twice is to migrate once.
//
// The notes are ordered by place. Among them are the faults for which [Load]
// would refuse the file. The error is an [*Errors] for a text that cannot be read
// at all.
func Migrate(src []byte, name string, format Format, opts *MigrateOptions) (text []byte, notes []Note, err error) {
	m := &migration{src: string(src), name: name, format: format, lines: lineStarts(src), seen: make(map[edit]bool), plans: make(map[reflect.Type]*plan)}
	if opts != nil {
		m.opts = *opts
	}
	if m.opts.Env == nil {
		m.opts.Env = os.LookupEnv
	}
	if m.opts.Lookup == nil {
		m.opts.Lookup = func(string) (string, reflect.Type, bool) { return "", nil, false }
	}
	faults, err := m.faults()
	if err != nil {
		return nil, nil, err
	}
	if m.root, err = m.outline(); err != nil {
		return nil, nil, err
	}
	m.rewrite()
	chosen, err := m.choose()
	if err != nil {
		return nil, nil, err
	}
	out := m.apply(chosen)
	m.refused(faults)
	slices.SortStableFunc(m.notes, func(a, b Note) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return []byte(out), slices.Compact(m.notes), nil
}

// migration is one call of [Migrate].
type migration struct {
	src    string
	name   string
	format Format
	opts   MigrateOptions
	lines  []int
	root   *outBlock
	groups []*group
	notes  []Note
	// seen are the edits so far: what an anchor of YAML holds is met at each use.
	seen map[edit]bool
	// plans are those of the config structs, which stay the same.
	plans map[reflect.Type]*plan
	// described are the places of the keys component_type.
	described []int
	// dedented is by how much the lines of the block at work move to the left.
	dedented int
}

// note says something about an offset of the text.
func (m *migration) note(off int, format string, args ...any) {
	m.notes = append(m.notes, m.noteAt(off, fmt.Sprintf(format, args...)))
}

func (m *migration) noteAt(off int, text string) Note {
	line := m.line(off)
	return Note{File: m.name, Line: line + 1, Column: utf8.RuneCountInString(m.src[m.lines[line]:off]) + 1, Text: text}
}

// line is the index of the line that holds an offset.
func (m *migration) line(off int) int {
	i, found := slices.BinarySearch(m.lines, off)
	if found {
		return i
	}
	return i - 1
}

// lineEnd is the offset behind the last byte of a line, its end included.
func (m *migration) lineEnd(line int) int {
	if line+1 < len(m.lines) {
		return m.lines[line+1]
	}
	return len(m.src)
}

// outline finds the keys and values of the text.
func (m *migration) outline() (*outBlock, error) {
	if m.format == FormatYAML {
		return m.outlineYAML()
	}
	return (&outliner{src: m.src}).root(), nil
}

// refused notes why the file would be refused.
func (m *migration) refused(faults []*Error) {
	for _, fault := range faults {
		n := Note{File: fault.File, Line: fault.Line, Column: fault.Column, Text: fault.Text()}
		if fault.Path != "" {
			n.Text = fault.Path + ": " + n.Text
		}
		n.Text = "refused by sparkpipe: " + n.Text
		m.notes = append(m.notes, n)
	}
}
