package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sparkpipe/sparkpipe/config/internal/tree"
)

// MaxPrintedErrors is the number of faults that [Errors.Error] prints.
const MaxPrintedErrors = 50

// Error is one fault of a configuration file.
type Error struct {
	// File, Line and Column are the place, as far as it is known: Line and
	// Column count from 1 and are 0 when they are not known. File is written as
	// it was given to [Load].
	File   string
	Line   int
	Column int
	// Path is the key path in the spelling of the file, for example
	// components[1].config.path, or empty.
	Path string
	// Msg says what is wrong.
	Msg string
	// Hint says what to do, or is empty.
	Hint string

	cause error
}

// Error gives "file:line:column: path: message; hint" without the parts that
// are not known.
func (e *Error) Error() string {
	var b strings.Builder
	if where := e.Where(); where != "" {
		b.WriteString(where + ": ")
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Text())
	return b.String()
}

// Unwrap gives the error below, for example [fs.ErrNotExist] or what a Validate
// method returned.
func (e *Error) Unwrap() error { return e.cause }

// Text gives the message and the hint without the place.
func (e *Error) Text() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + "; " + e.Hint
}

// Where gives file:line:column, as far as it is known.
func (e *Error) Where() string {
	if e.Line > 0 && e.Column == 0 {
		return strings.TrimPrefix(e.File+":"+strconv.Itoa(e.Line), ":")
	}
	return tree.Pos{File: e.File, Line: e.Line, Column: e.Column}.String()
}

// Errors are all faults of a configuration, ordered by place. Every error of
// [Load], [Parse] and [Section.Decode] that the configuration is to blame for is
// one.
type Errors struct {
	List []*Error
	// Partial is what [Load] could make of the file all the same, or nil. It is
	// good for finding more faults in the components and must not be run.
	Partial *Pipeline
}

// Error gives one fault a line, and a line "and N more" after
// [MaxPrintedErrors] of them.
func (e *Errors) Error() string {
	lines := make([]string, 0, min(len(e.List), MaxPrintedErrors+1))
	for i, fault := range e.List {
		if i == MaxPrintedErrors {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.List)-i))
			break
		}
		lines = append(lines, fault.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the faults to [errors.As] and [errors.Is].
func (e *Errors) Unwrap() []error {
	out := make([]error, len(e.List))
	for i, fault := range e.List {
		out[i] = fault
	}
	return out
}

// faults collects the faults of one configuration.
type faults struct {
	list []*Error
}

func (f *faults) add(pos tree.Pos, path, msg, hint string) {
	f.list = append(f.list, &Error{
		File: pos.File, Line: pos.Line, Column: pos.Column, Path: path, Msg: msg, Hint: hint,
	})
}

func (f *faults) addCause(pos tree.Pos, path string, cause error) {
	f.add(pos, path, cause.Error(), "")
	f.list[len(f.list)-1].cause = cause
}

// addAll takes over the faults of another error, or the error itself.
func (f *faults) addAll(err error, file string) {
	var ours *Errors
	var resolving *tree.Errors
	switch {
	case err == nil:
	case errors.As(err, &ours):
		f.list = append(f.list, ours.List...)
	case errors.As(err, &resolving):
		for _, fault := range resolving.List {
			f.add(fault.Pos, fault.Path, fault.Msg, "")
		}
	default:
		f.addCause(tree.Pos{File: file}, "", err)
	}
}

// err gives the faults ordered by place, or nil. Files keep the order in which
// they first had a fault.
func (f *faults) err() error {
	if list := f.sorted(); list != nil {
		return list
	}
	return nil
}

// sorted is err with its type.
func (f *faults) sorted() *Errors {
	if len(f.list) == 0 {
		return nil
	}
	rank := make(map[string]int)
	for _, fault := range f.list {
		if _, ok := rank[fault.File]; !ok {
			rank[fault.File] = len(rank)
		}
	}
	slices.SortStableFunc(f.list, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(rank[a.File], rank[b.File]),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
	return &Errors{List: f.list}
}

// singleError is an error of one fault without a path.
func singleError(pos tree.Pos, msg, hint string, cause error) error {
	return &Errors{List: []*Error{{
		File: pos.File, Line: pos.Line, Column: pos.Column, Msg: msg, Hint: hint, cause: cause,
	}}}
}
