package columnar

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// SizeOf returns about how many bytes the rows of a batch take, of which the
// batch may be a slice.
func SizeOf(batch arrow.Record) int64 {
	var size int64
	for _, column := range batch.Columns() {
		size += sizeOf(column)
	}
	return size
}

func sizeOf(a arrow.Array) int64 {
	switch a := a.(type) {
	case *array.String:
		return int64(4*a.Len() + len(a.ValueBytes()))
	case *array.Binary:
		return int64(4*a.Len() + len(a.ValueBytes()))
	case *array.LargeString:
		return int64(8*a.Len() + len(a.ValueBytes()))
	case *array.LargeBinary:
		return int64(8*a.Len() + len(a.ValueBytes()))
	case *array.Struct:
		size := int64(a.Len()+7) / 8
		for i := range a.NumField() {
			size += sizeOf(a.Field(i))
		}
		return size
	case array.ListLike:
		return 4*int64(a.Len()) + sizeOfElements(a)
	}
	if t, ok := a.DataType().(arrow.FixedWidthDataType); ok {
		return int64(a.Len()) * int64(t.BitWidth()+7) / 8
	}
	return 0
}

// sizeOfElements takes the part of the elements that the lists reach.
func sizeOfElements(a array.ListLike) int64 {
	all := a.ListValues()
	if a.Len() == 0 || all.Len() == 0 {
		return 0
	}
	start, _ := a.ValueOffsets(0)
	_, end := a.ValueOffsets(a.Len() - 1)
	return int64(float64(sizeOf(all)) * float64(end-start) / float64(all.Len()))
}
