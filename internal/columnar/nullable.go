package columnar

import (
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
)

// voidWriter writes a column that holds nothing but nulls.
type voidWriter struct {
	slots  []reflect.Value
	refuse *cell // where nothing is to be: a null there is an error
}

// compileElem makes the writer for elements: array() is an ARRAY<VOID>, which
// every slice can hold.
func compileElem(c cell) (writer, error) {
	if c.arrow.ID() == arrow.NULL {
		if w, err := compile(c); err == nil {
			return w, nil
		}
		return &voidWriter{refuse: &c}, nil
	}
	return compile(c)
}

func (*voidWriter) load(arrow.Array)             {}
func (*voidWriter) takesNull() bool              { return true }
func (v *voidWriter) bind(slots []reflect.Value) { v.slots = append(v.slots[:0], slots...) }

func (v *voidWriter) write(from, to, n int) error {
	if v.refuse != nil && n > 0 {
		return v.refuse.null(from)
	}
	for _, slot := range v.slots[to : to+n] {
		slot.SetZero()
	}
	return nil
}

// pointerWriter writes nil for a null, and else the address of a new value.
type pointerWriter struct {
	elem   writer
	typ    reflect.Type // of the value
	column arrow.Array
	slots  []reflect.Value
	elems  []reflect.Value
}

func newPointer(c cell) (writer, error) {
	c.typ, c.nullOK = c.typ.Elem(), true
	elem, err := compile(c)
	if m, ok := elem.(maker); ok && m.makes() == c.typ {
		return m.pointers(), err
	}
	return &pointerWriter{elem: elem, typ: c.typ}, err
}

func (*pointerWriter) takesNull() bool              { return true }
func (p *pointerWriter) bind(slots []reflect.Value) { p.slots = append(p.slots[:0], slots...) }

func (p *pointerWriter) load(column arrow.Array) {
	p.column = column
	p.elem.load(column)
}

func (p *pointerWriter) write(from, to, n int) error {
	p.makeElems(n)
	p.elem.bind(p.elems)
	if err := writeValid(p.elem, p.column, from, 0, n); err != nil {
		return err
	}
	for i, slot := range p.slots[to : to+n] {
		if p.column.IsNull(from + i) {
			slot.SetZero()
			continue
		}
		slot.Set(p.elems[i].Addr())
	}
	return nil
}

// makeElems makes n new values. Small ones lie in one allocation; a struct gets
// one of its own, so that one kept row does not keep its neighbours.
func (p *pointerWriter) makeElems(n int) {
	p.elems = p.elems[:0]
	if p.elem.takesNull() {
		all := reflect.MakeSlice(reflect.SliceOf(p.typ), n, n)
		for i := range n {
			p.elems = append(p.elems, all.Index(i))
		}
		return
	}
	for range n {
		p.elems = append(p.elems, reflect.New(p.typ).Elem())
	}
}

// writeValid writes what is not null; a writer that takes nulls writes all.
func writeValid(w writer, column arrow.Array, from, to, n int) error {
	if w.takesNull() || column.NullN() == 0 {
		return w.write(from, to, n)
	}
	for i := 0; i < n; {
		end := i
		for end < n && column.IsValid(from+end) {
			end++
		}
		if err := w.write(from+i, to+i, end-i); err != nil {
			return err
		}
		for i = end; i < n && column.IsNull(from+i); {
			i++
		}
	}
	return nil
}

// nullWriter writes sql.Null[T] and its kin.
type nullWriter struct {
	elem   writer
	column arrow.Array
	values []reflect.Value
	valid  []*bool
}

func newNullable(c cell) (writer, error) {
	c.typ, c.nullOK = c.typ.Field(0).Type, true
	elem, err := compile(c)
	return &nullWriter{elem: elem}, err
}

func (*nullWriter) takesNull() bool { return true }

func (w *nullWriter) bind(slots []reflect.Value) {
	w.values, w.valid = w.values[:0], w.valid[:0]
	for _, slot := range slots {
		w.values = append(w.values, slot.Field(0))
		w.valid = append(w.valid, pointerTo[bool](slot.Field(1)))
	}
	w.elem.bind(w.values)
}

func (w *nullWriter) load(column arrow.Array) {
	w.column = column
	w.elem.load(column)
}

func (w *nullWriter) write(from, to, n int) error {
	for i, valid := range w.valid[to : to+n] {
		if *valid = !w.column.IsNull(from + i); !*valid {
			w.values[to+i].SetZero()
		}
	}
	return writeValid(w.elem, w.column, from, to, n)
}
