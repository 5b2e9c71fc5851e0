package columnar

import (
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
)

// maker is a leaf that knows faster ways to many of its values than slot by
// slot.
type maker interface {
	// makes is the type of the values, not one that is named after it.
	makes() reflect.Type
	// pointers is the writer for slots of pointers to them.
	pointers() writer
	// slices fills slots of slices of them.
	slices() sliceFiller
}

func (l *leaf[G]) makes() reflect.Type { return reflect.TypeFor[G]() }
func (l *leaf[G]) pointers() writer    { return &leafPointers[G]{leaf: l} }
func (l *leaf[G]) slices() sliceFiller { return &leafSlices[G]{leaf: l} }

// fill gives the n values from index from on in memory of their own.
func (l *leaf[G]) fill(from, n int) ([]G, error) {
	out := make([]G, n)
	if !l.nulls && l.source.all != nil {
		copy(out, l.source.all[from:from+n])
		return out, nil
	}
	l.ptrs = l.ptrs[:0]
	for i := range out {
		l.ptrs = append(l.ptrs, &out[i])
	}
	return out, l.write(from, 0, n)
}

// leafPointers writes pointers to the values of a leaf, nil for null. Those of
// neighbouring rows point into one allocation.
type leafPointers[G any] struct {
	*leaf[G]
	to []**G
}

func (*leafPointers[G]) takesNull() bool { return true }

func (p *leafPointers[G]) bind(slots []reflect.Value) {
	p.to = p.to[:0]
	for _, slot := range slots {
		p.to = append(p.to, pointerTo[*G](slot))
	}
}

func (p *leafPointers[G]) write(from, to, n int) error {
	all, err := p.fill(from, n)
	for i := range all {
		if p.nulls && p.column.IsNull(from+i) {
			*p.to[to+i] = nil
			continue
		}
		*p.to[to+i] = &all[i]
	}
	return err
}

// sliceFiller puts ranges of elements into slots of slices.
type sliceFiller interface {
	bind(slots []reflect.Value)
	load(elements arrow.Array)
	// fill takes the n elements from index from on.
	fill(from, n int) error
	// put gives a slot the elements from a to b of those.
	put(slot, a, b int)
}

// leafSlices fills slices with the values of a leaf.
type leafSlices[G any] struct {
	*leaf[G]
	to  []*[]G
	all []G
}

func (s *leafSlices[G]) bind(slots []reflect.Value) {
	s.to = s.to[:0]
	for _, slot := range slots {
		s.to = append(s.to, pointerTo[[]G](slot))
	}
}

func (s *leafSlices[G]) fill(from, n int) (err error) {
	s.all, err = s.leaf.fill(from, n)
	return err
}

func (s *leafSlices[G]) put(slot, a, b int) { *s.to[slot] = s.all[a:b:b] }

// anySlices fills slices by reflection.
type anySlices struct {
	writer
	typ   reflect.Type
	to    []reflect.Value
	all   reflect.Value
	elems []reflect.Value
}

func (s *anySlices) bind(slots []reflect.Value) { s.to = append(s.to[:0], slots...) }

func (s *anySlices) fill(from, n int) error {
	s.all = reflect.MakeSlice(s.typ, n, n)
	s.elems = s.elems[:0]
	for i := range n {
		s.elems = append(s.elems, s.all.Index(i))
	}
	s.writer.bind(s.elems)
	return s.write(from, 0, n)
}

func (s *anySlices) put(slot, a, b int) { s.to[slot].Set(s.all.Slice3(a, b, b)) }
