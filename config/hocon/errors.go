package hocon

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// Error is a fault in a HOCON document.
type Error struct {
	// File is the name of the document; empty when it has none.
	File string
	// Line and Column count from 1, columns in characters. Zero when the place
	// is not known.
	Line   int
	Column int
	// Path is the key path of an unresolved value; empty for syntax errors.
	Path string
	// Found and Expected describe a syntax error, when they apply.
	Found    string
	Expected string
	// Msg says what is wrong. It is made from Found and Expected when they are
	// set.
	Msg string
	// Hint says what to do; it may be empty.
	Hint string
	// Includes are the places of the include statements that led to File,
	// innermost first.
	Includes []string
	// Err is the cause, such as a file that cannot be read; it may be nil.
	Err error
}

// Error gives "file:line:column: message; hint".
func (e *Error) Error() string {
	pos := tree.Pos{File: e.File, Line: e.Line, Column: e.Column}
	var b strings.Builder
	for _, part := range []string{pos.String(), e.Path} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(e.Msg)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	b.WriteString(includedFrom(e.Includes))
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// includedFrom names the innermost of the including places.
func includedFrom(places []string) string {
	const shown = 4
	if len(places) == 0 {
		return ""
	}
	text := " (included from " + strings.Join(places[:min(shown, len(places))], ", from ")
	if more := len(places) - shown; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text + ")"
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func errorAt(pos tree.Pos, msg, hint string) *Error {
	return &Error{File: pos.File, Line: pos.Line, Column: pos.Column, Msg: msg, Hint: hint}
}

// expected is the error of a token that cannot stand where it does.
func expected(what string, t token, hint string) *Error {
	e := errorAt(t.pos, "expected "+what+", found "+t.describe(), hint)
	e.Expected, e.Found = what, t.describe()
	return e
}

// publicErrors turns the faults of the resolver into errors of this package.
func publicErrors(err error) error {
	var all *tree.Errors
	if !errors.As(err, &all) {
		return err
	}
	out := make([]error, len(all.List))
	for i, fault := range all.List {
		e := errorAt(fault.Pos, fault.Msg, "")
		e.Path = fault.Path
		out[i] = e
	}
	return errors.Join(out...)
}
