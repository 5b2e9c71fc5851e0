package parquet

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// shredder takes one leaf out of a column of a batch: its values, and the levels
// that tell where nulls are and lists begin.
type shredder struct {
	leaf   *leafColumn
	arrays []arrow.Array // beside the steps of the leaf
	append func(i int)
	vals   values
	rep    []uint8
	def    []uint8
	err    error
}

var errRequired = errors.New("a null in a column that is declared to have none")

// shred reads all rows of the column.
func (s *shredder) shred(column arrow.Array) error {
	s.rep, s.def = s.rep[:0], s.def[:0]
	s.vals = values{out: s.vals.out[:0]}
	s.resolve(column)
	last := s.arrays[len(s.arrays)-1]
	var err error
	if s.append, err = s.vals.appender(last, s.leaf.element); err != nil {
		return err
	}
	if len(s.leaf.steps) == 1 {
		s.flat(last)
		return s.err
	}
	for i := range column.Len() {
		s.visit(0, i, 0, 0)
	}
	return s.err
}

// resolve finds the array of each step.
func (s *shredder) resolve(a arrow.Array) {
	s.arrays = s.arrays[:0]
	for _, st := range s.leaf.steps {
		s.arrays = append(s.arrays, a)
		switch st.kind {
		case stepStruct:
			a = a.(*array.Struct).Field(st.child)
		case stepList:
			a = a.(array.ListLike).ListValues()
		case stepMapKey:
			a = a.(*array.Map).Keys()
		case stepMapValue:
			a = a.(*array.Map).Items()
		}
	}
}

// flat is the short way for a column that is a leaf itself.
func (s *shredder) flat(a arrow.Array) {
	if s.leaf.maxDef == 0 && a.NullN() > 0 {
		s.err = errRequired
		return
	}
	if a.NullN() == 0 {
		for range a.Len() {
			s.rep, s.def = append(s.rep, 0), append(s.def, s.leaf.maxDef)
		}
		if s.vals.all(a) {
			return
		}
		for i := range a.Len() {
			s.append(i)
		}
		return
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			s.emit(0, 0)
			continue
		}
		s.emit(0, 1)
		s.append(i)
	}
}

func (s *shredder) emit(rep, def uint8) { s.rep, s.def = append(s.rep, rep), append(s.def, def) }

// visit goes down from the element i of the array of a step. rep and def are the
// levels reached above.
func (s *shredder) visit(depth, i int, rep, def uint8) {
	st, a := s.leaf.steps[depth], s.arrays[depth]
	if a.IsNull(i) {
		if !st.optional {
			s.err = errRequired
		}
		s.emit(rep, def)
		return
	}
	if st.optional {
		def++
	}
	switch st.kind {
	case stepLeaf:
		s.emit(rep, def)
		s.append(i)
	case stepStruct:
		s.visit(depth+1, i, rep, def)
	default:
		s.visitList(depth, i, rep, def)
	}
}

func (s *shredder) visitList(depth, i int, rep, def uint8) {
	start, end := s.arrays[depth].(array.ListLike).ValueOffsets(i)
	if start == end {
		s.emit(rep, def)
		return
	}
	again := uint8(1)
	for _, st := range s.leaf.steps[:depth] {
		if st.kind >= stepList {
			again++
		}
	}
	for j := start; j < end; j++ {
		s.visit(depth+1, int(j), rep, def+1)
		rep = again
	}
}
