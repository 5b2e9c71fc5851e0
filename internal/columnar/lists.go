package columnar

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// sharedElements is how many elements the slices of neighbouring rows have in
// one allocation at most, unless a single one is longer.
const sharedElements = 1024

func newList(c cell, t *arrow.ListType) (writer, error) {
	if c.typ.Kind() != reflect.Slice && c.typ.Kind() != reflect.Array {
		return nil, nil
	}
	elem, err := compileElem(c.at(c.path+"[]", t.Elem(), c.typ.Elem()))
	if err != nil {
		return nil, err
	}
	if c.typ.Kind() == reflect.Array {
		return &arrayWriter{cell: c, elem: elem}, nil
	}
	if m, ok := elem.(maker); ok && m.makes() == c.typ.Elem() {
		return &listWriter{slices: m.slices()}, nil
	}
	return &listWriter{slices: &anySlices{writer: elem, typ: c.typ}}, nil
}

// listWriter writes an ARRAY into a slice. Appending to one cannot reach into the
// next.
type listWriter struct {
	slices sliceFiller
	column *array.List
	slots  []reflect.Value
}

func (*listWriter) takesNull() bool { return true }

func (w *listWriter) bind(slots []reflect.Value) {
	w.slots = append(w.slots[:0], slots...)
	w.slices.bind(slots)
}

func (w *listWriter) load(column arrow.Array) {
	w.column = column.(*array.List)
	w.slices.load(w.column.ListValues())
}

func (w *listWriter) write(from, to, n int) error {
	for i := 0; i < n; {
		if w.column.IsNull(from + i) {
			w.slots[to+i].SetZero()
			i++
			continue
		}
		rows := w.group(from+i, n-i)
		if err := w.writeGroup(from+i, to+i, rows); err != nil {
			return err
		}
		i += rows
	}
	return nil
}

// group counts the rows whose elements get one allocation.
func (w *listWriter) group(from, n int) int {
	start, _ := w.column.ValueOffsets(from)
	for i := 1; i < n; i++ {
		_, end := w.column.ValueOffsets(from + i)
		if end-start > sharedElements || w.column.IsNull(from+i) {
			return i
		}
	}
	return n
}

func (w *listWriter) writeGroup(from, to, rows int) error {
	start, _ := w.column.ValueOffsets(from)
	_, end := w.column.ValueOffsets(from + rows - 1)
	if err := w.slices.fill(int(start), int(end-start)); err != nil {
		return movedTo(err, w.rowOf(err, from))
	}
	for i := range rows {
		a, b := w.column.ValueOffsets(from + i)
		w.slices.put(to+i, int(a-start), int(b-start))
	}
	return nil
}

// rowOf finds the row of an error of an element.
func (w *listWriter) rowOf(err error, row int) int {
	var failed *cellError
	if !errors.As(err, &failed) {
		return row
	}
	for {
		if _, end := w.column.ValueOffsets(row); int(end) > failed.at || row+1 >= w.column.Len() {
			return row
		}
		row++
	}
}

// arrayWriter writes an ARRAY into a Go array of the same length.
type arrayWriter struct {
	cell
	elem   writer
	column *array.List
	elems  []reflect.Value
}

func (*arrayWriter) takesNull() bool { return false }

func (w *arrayWriter) bind(slots []reflect.Value) {
	w.elems = w.elems[:0]
	for _, slot := range slots {
		for i := range w.typ.Len() {
			w.elems = append(w.elems, slot.Index(i))
		}
	}
	w.elem.bind(w.elems)
}

func (w *arrayWriter) load(column arrow.Array) {
	w.column = column.(*array.List)
	w.elem.load(w.column.ListValues())
}

func (w *arrayWriter) write(from, to, n int) error {
	want := w.typ.Len()
	for i := range n {
		if w.column.IsNull(from + i) {
			return w.null(from + i)
		}
		start, end := w.column.ValueOffsets(from + i)
		if int(end-start) != want {
			return w.failed(from+i, fmt.Errorf("an array of %d elements does not fit into %s; use a slice", end-start, w.typ))
		}
		if err := w.elem.write(int(start), (to+i)*want, want); err != nil {
			return movedTo(err, from+i)
		}
	}
	return nil
}
