package columnar

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
)

// writer puts the values of one column where they belong: into slots, which are
// Go values that can be set. It is made once for a column and a Go type and then
// used for all batches, by one goroutine at a time.
//
// What it writes is new memory: a slot that is copied and then written again
// leaves the copy as it was.
type writer interface {
	// bind takes the slots; they stay where they are until the next bind.
	bind(slots []reflect.Value)
	// load takes the column of a batch.
	load(column arrow.Array)
	// write writes the n values from index from on into the slots from index to
	// on. An error is a *cellError.
	write(from, to, n int) error
	// takesNull reports whether write makes the zero value of a null. Otherwise
	// a null is an error.
	takesNull() bool
}

// cell is a place for which a writer is made.
type cell struct {
	path   string // of the column: "items[].price"
	arrow  arrow.DataType
	typ    reflect.Type
	nullOK bool // somebody above keeps the nulls apart: make them zero values
}

func (c cell) at(path string, a arrow.DataType, t reflect.Type) cell {
	return cell{path: path, arrow: a, typ: t}
}

// mismatch is the error of a Go type that cannot hold the column.
func (c cell) mismatch() error {
	return fmt.Errorf("column %q: %s cannot be read into %s; use %s, or change the type in the query",
		c.path, sparkName(c.arrow), c.typ, advice(c.arrow))
}

// cellError is a value that cannot be written.
type cellError struct {
	path string
	at   int // the index in the column; in the end the row of the batch
	err  error
}

// Error implements error.
func (e *cellError) Error() string { return fmt.Sprintf("column %q: %v", e.path, e.err) }

// Unwrap returns the cause.
func (e *cellError) Unwrap() error { return e.err }

// failed is the error of the value at an index; a cause that knows a column
// further down keeps it.
func (c cell) failed(at int, err error) error {
	if inner := movedTo(err, at); inner != err { //nolint:errorlint // is it another one
		return inner
	}
	return &cellError{path: c.path, at: at, err: err}
}

func (c cell) null(at int) error {
	return c.failed(at, fmt.Errorf("a NULL cannot be read into %s; use a *%s or sql.Null[%s], or coalesce it in the query", c.typ, c.typ, c.typ))
}

// movedTo gives the error of an inner column the index of the outer one.
func movedTo(err error, at int) error {
	var failed *cellError
	if errors.As(err, &failed) {
		return &cellError{path: failed.path, at: at, err: failed.err}
	}
	return err
}

// leaf writes a column whose values need no other column. G is the type to which
// the pointers of the slots convert.
type leaf[G any] struct {
	cell
	open   func(arrow.Array) source[G]
	ptrs   []*G
	column arrow.Array
	nulls  bool
	source source[G]
}

// source gives the values of one column of one batch.
type source[G any] struct {
	get func(i int) (G, error)
	// all are the values themselves, where nothing is to be converted.
	all []G
	// prepare is told which values come next; may be nil.
	prepare func(from, n int)
}

func newLeaf[G any](c cell, open func(arrow.Array) source[G]) writer {
	return &leaf[G]{cell: c, open: open}
}

func (l *leaf[G]) takesNull() bool { return l.nullOK }

func (l *leaf[G]) bind(slots []reflect.Value) {
	l.ptrs = l.ptrs[:0]
	for _, slot := range slots {
		l.ptrs = append(l.ptrs, pointerTo[G](slot))
	}
}

// pointerTo gives the address of a slot, as that of the type below a named one.
func pointerTo[G any](slot reflect.Value) *G {
	p := slot.Addr()
	if want := reflect.TypeFor[*G](); p.Type() != want {
		p = p.Convert(want)
	}
	return p.Interface().(*G)
}

func (l *leaf[G]) load(column arrow.Array) {
	l.column, l.nulls, l.source = column, column.NullN() > 0, l.open(column)
}

func (l *leaf[G]) write(from, to, n int) error {
	ptrs := l.ptrs[to : to+n]
	if !l.nulls && l.source.all != nil {
		for i, v := range l.source.all[from : from+n] {
			*ptrs[i] = v
		}
		return nil
	}
	if l.source.prepare != nil {
		l.source.prepare(from, n)
	}
	for i, p := range ptrs {
		if l.nulls && l.column.IsNull(from+i) {
			if !l.nullOK {
				return l.null(from + i)
			}
			var zero G
			*p = zero
			continue
		}
		v, err := l.source.get(from + i)
		if err != nil {
			return l.failed(from+i, err)
		}
		*p = v
	}
	return nil
}
