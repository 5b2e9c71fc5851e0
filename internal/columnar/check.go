package columnar

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// maxBodiless is the largest length of a column below the top that takes no
// bytes, as ARRAY<VOID> has: nothing but this bounds what a short message claims.
const maxBodiless = 1 << 24

// checkSchema refuses types that Spark does not send. What arrow-go does with
// damaged data of those is not known here.
func checkSchema(schema *arrow.Schema) error {
	for _, f := range schema.Fields() {
		if err := checkType(f.Name, f.Type); err != nil {
			return err
		}
	}
	return nil
}

func checkType(path string, t arrow.DataType) error {
	switch t := t.(type) {
	case *arrow.ListType:
		return checkType(path+"[]", t.Elem())
	case *arrow.MapType:
		return errors.Join(checkType(path+".key", t.KeyType()), checkType(path+".value", t.ItemType()))
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if err := checkType(path+"."+f.Name, f.Type); err != nil {
				return err
			}
		}
		return nil
	case *arrow.TimestampType:
		if t.Unit == arrow.Microsecond {
			return nil
		}
	case *arrow.DurationType:
		if t.Unit == arrow.Microsecond {
			return nil
		}
	case *arrow.Decimal128Type:
		if t.Precision > 0 && t.Precision <= maxDecimalDigits && -maxDecimalDigits <= t.Scale && t.Scale <= maxDecimalDigits {
			return nil
		}
	case *arrow.BooleanType, *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.Float32Type, *arrow.Float64Type, *arrow.NullType,
		*arrow.StringType, *arrow.LargeStringType, *arrow.BinaryType, *arrow.LargeBinaryType,
		*arrow.Date32Type, *arrow.MonthIntervalType, *arrow.MonthDayNanoIntervalType:
		return nil
	}
	return fmt.Errorf("column %q: the server sends it as the Arrow type %s, which is not known here; cast it in the query", path, t)
}

// checkRecord proves that no value of the record lies outside of its buffers.
func checkRecord(record arrow.Record) error {
	for i, column := range record.Columns() {
		if int64(column.Len()) != record.NumRows() {
			return fmt.Errorf("column %q has %d values in a batch of %d rows", record.ColumnName(i), column.Len(), record.NumRows())
		}
		if err := checkArray(column); err != nil {
			return fmt.Errorf("column %q: %w", record.ColumnName(i), err)
		}
	}
	return nil
}

// checkArray checks a column and all within it.
func checkArray(a arrow.Array) error {
	n := a.Len()
	if bitmap := a.NullBitmapBytes(); n < 0 || len(bitmap) > 0 && 8*len(bitmap) < a.Data().Offset()+n {
		return fmt.Errorf("%d values have %d bytes to say which are null", n, len(bitmap))
	}
	if nulls := a.Data().NullN(); nulls < 0 || nulls > n {
		return fmt.Errorf("%d of %d values are null", nulls, n)
	}
	switch a := a.(type) {
	case *array.Null:
		return nil
	case *array.String:
		return checkOffsets(a.Data(), n, textOffsets32(a), len(buffer(a.Data(), 2)))
	case *array.LargeString:
		return checkOffsets(a.Data(), n, textOffsets64(a), len(buffer(a.Data(), 2)))
	case *array.Binary:
		return checkOffsets(a.Data(), n, textOffsets32(a), len(buffer(a.Data(), 2)))
	case *array.LargeBinary:
		return checkOffsets(a.Data(), n, textOffsets64(a), len(buffer(a.Data(), 2)))
	case *array.Map:
		return errors.Join(checkOffsets(a.Data(), n, a.Offsets(), min(a.Keys().Len(), a.Items().Len())), checkInner(a.Keys()), checkInner(a.Items()))
	case *array.List:
		return errors.Join(checkOffsets(a.Data(), n, a.Offsets(), a.ListValues().Len()), checkInner(a.ListValues()))
	case *array.Struct:
		return checkStruct(a)
	}
	return checkFixed(a)
}

func checkFixed(a arrow.Array) error {
	t, ok := a.DataType().(arrow.FixedWidthDataType)
	if !ok {
		return fmt.Errorf("the type %s is not known here", a.DataType())
	}
	if have := len(buffer(a.Data(), 1)); 8*have/t.BitWidth() < a.Data().Offset()+a.Len() {
		return fmt.Errorf("%d values of %s have only %d bytes", a.Len(), t, have)
	}
	return nil
}

func checkStruct(a *array.Struct) error {
	for i := range a.NumField() {
		if child := a.Data().Children()[i]; child.Len() != a.Len() {
			return fmt.Errorf("a struct of %d values has a field of %d", a.Len(), child.Len())
		}
		if err := checkArray(a.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// checkInner checks a column whose length no batch tells.
func checkInner(a arrow.Array) error {
	if a.Len() > maxBodiless && bodiless(a.DataType()) {
		return fmt.Errorf("an array claims %d elements", a.Len())
	}
	return checkArray(a)
}

// bodiless reports whether values of the type take no bytes.
func bodiless(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.NullType:
		return true
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if !bodiless(f.Type) {
				return false
			}
		}
		return true
	}
	return false
}

// checkOffsets checks that the offsets rise and end within the data.
func checkOffsets[O int32 | int64](data arrow.ArrayData, n int, offsets []O, limit int) error {
	if n == 0 {
		return nil
	}
	if data.Offset() != 0 {
		offsets = offsets[min(data.Offset(), len(offsets)):]
	}
	if len(offsets) < n+1 {
		return fmt.Errorf("%d values have %d offsets", n, len(offsets))
	}
	last := offsets[0]
	for _, offset := range offsets[:n+1] {
		if offset < last {
			return errors.New("the offsets do not rise")
		}
		last = offset
	}
	if offsets[0] < 0 || int64(last) > int64(limit) {
		return fmt.Errorf("the offsets end at %d in data of the length %d", last, limit)
	}
	return nil
}

func buffer(data arrow.ArrayData, i int) []byte {
	if b := data.Buffers()[i]; b != nil {
		return b.Bytes()
	}
	return nil
}

// textOffsets32 gives the offsets of all values as they lie in the buffer.
func textOffsets32(a arrow.Array) []int32 {
	return arrow.Int32Traits.CastFromBytes(buffer(a.Data(), 1))
}

func textOffsets64(a arrow.Array) []int64 {
	return arrow.Int64Traits.CastFromBytes(buffer(a.Data(), 1))
}
