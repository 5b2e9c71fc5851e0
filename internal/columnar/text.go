package columnar

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// sharedText is how many bytes of text the strings of neighbouring rows have in
// one allocation at most. Whoever keeps one of the strings keeps as much.
const sharedText = 16 << 10

// bytesOf gives the bytes of a STRING or BINARY column, with the place of each
// value in them.
func bytesOf(column arrow.Array) (data []byte, offset func(i int) int) {
	if column.Len() == 0 {
		return nil, func(int) int { return 0 }
	}
	switch a := column.(type) {
	case *array.String:
		return a.ValueBytes(), relative(a.ValueOffsets())
	case *array.LargeString:
		return a.ValueBytes(), relative(a.ValueOffsets())
	case *array.Binary:
		return a.ValueBytes(), relative(a.ValueOffsets())
	default:
		a64 := column.(*array.LargeBinary)
		return a64.ValueBytes(), relative(a64.ValueOffsets())
	}
}

func relative[O int32 | int64](offsets []O) func(i int) int {
	first := offsets[0]
	return func(i int) int { return int(offsets[i] - first) }
}

// openString copies the text out of the column: a few thousand bytes at once,
// since one allocation is faster than many.
func openString(column arrow.Array) source[string] {
	data, offset := bytesOf(column)
	var text string
	base, end := 0, 0 // of text in data
	return source[string]{
		prepare: func(from, n int) {
			text, base, end = "", offset(from), offset(from)
			if last := offset(from + n); last-base <= sharedText {
				text, end = string(data[base:last]), last
			}
		},
		get: func(i int) (string, error) {
			from, to := offset(i), offset(i+1)
			if from < base || to > end {
				return string(data[from:to]), nil
			}
			return text[from-base : to-base], nil
		},
	}
}

// openBytes does the same for bytes. Appending to a value cannot reach into the
// next.
func openBytes(column arrow.Array) source[[]byte] {
	data, offset := bytesOf(column)
	var copied []byte
	base, end := 0, 0
	return source[[]byte]{
		prepare: func(from, n int) {
			copied, base, end = nil, offset(from), offset(from)
			if last := offset(from + n); last-base <= sharedText {
				copied, end = append([]byte{}, data[base:last]...), last
			}
		},
		get: func(i int) ([]byte, error) {
			from, to := offset(i), offset(i+1)
			if from < base || to > end {
				return append([]byte{}, data[from:to]...), nil
			}
			return copied[from-base : to-base : to-base], nil
		},
	}
}

// textWriter makes the writer for a STRING, nil when the Go type is none for it.
func textWriter(c cell) writer {
	switch {
	case ownTypes[c.typ] || isValueType(c.typ):
		return nil
	case reflect.PointerTo(c.typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return &setter{cell: c, open: openUnmarshal}
	case c.typ.Kind() == reflect.String:
		return newLeaf(c, openString)
	case isBytes(c.typ):
		return newBytes(c)
	}
	return nil
}

// binaryWriter makes the writer for a BINARY, nil when the Go type is none for
// it.
func binaryWriter(c cell) writer {
	switch {
	case isBytes(c.typ):
		return newBytes(c)
	case c.typ.Kind() == reflect.Array && c.typ.Elem().Kind() == reflect.Uint8:
		return &setter{cell: c, open: openByteArray}
	}
	return nil
}

// newBytes makes nil of a null, as for every slice.
func newBytes(c cell) writer {
	c.nullOK = true
	return newLeaf(c, openBytes)
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem() == reflect.TypeFor[byte]()
}

// setter is a writer for rare types, which sets slot by slot.
type setter struct {
	cell
	open   func(arrow.Array) func(slot reflect.Value, i int) error
	set    func(slot reflect.Value, i int) error
	column arrow.Array
	slots  []reflect.Value
}

func (s *setter) takesNull() bool            { return s.nullOK }
func (s *setter) bind(slots []reflect.Value) { s.slots = append(s.slots[:0], slots...) }
func (s *setter) load(column arrow.Array)    { s.column, s.set = column, s.open(column) }

func (s *setter) write(from, to, n int) error {
	for i := range n {
		slot := s.slots[to+i]
		slot.SetZero()
		if s.column.IsNull(from + i) {
			if !s.nullOK {
				return s.null(from + i)
			}
			continue
		}
		if err := s.set(slot, from+i); err != nil {
			return s.failed(from+i, err)
		}
	}
	return nil
}

// openUnmarshal hands the text to the type itself.
func openUnmarshal(column arrow.Array) func(reflect.Value, int) error {
	data, offset := bytesOf(column)
	return func(slot reflect.Value, i int) error {
		text := append([]byte{}, data[offset(i):offset(i+1)]...)
		return slot.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text)
	}
}

func openByteArray(column arrow.Array) func(reflect.Value, int) error {
	data, offset := bytesOf(column)
	return func(slot reflect.Value, i int) error {
		b := data[offset(i):offset(i+1)]
		if len(b) != slot.Len() {
			return fmt.Errorf("%d bytes do not fit into %s; use a []byte", len(b), slot.Type())
		}
		for j := range b {
			slot.Index(j).SetUint(uint64(b[j]))
		}
		return nil
	}
}
