package columnar

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// chunk is how many rows are written, column by column, before they are handed
// out. It fits into the caches of a processor.
const chunk = 256

// Decoder makes rows of record batches of one schema. Everything that depends on
// the schema and on T alone is settled when it is made. It is for one goroutine
// at a time.
type Decoder[T any] struct {
	schema *arrow.Schema
	writer writer
	whole  bool // T is the whole row and not its only column
	rows   []T  // written again and again; what is handed out is a copy
	done   int64
}

// NewDecoder returns the decoder of whole rows if T is a struct, a map[string]any
// or a value.Row, or a pointer to one, and else of the only column. It is an
// error when a column and its Go type do not go together.
func NewDecoder[T any](schema *arrow.Schema) (*Decoder[T], error) {
	return newDecoder[T](schema, isRow(reflect.TypeFor[T]()))
}

// NewValueDecoder returns the decoder of results with one column, whatever T is.
func NewValueDecoder[T any](schema *arrow.Schema) (*Decoder[T], error) {
	return newDecoder[T](schema, false)
}

func newDecoder[T any](schema *arrow.Schema, whole bool) (*Decoder[T], error) {
	if err := checkSchema(schema); err != nil {
		return nil, err
	}
	c := cell{arrow: arrow.StructOf(schema.Fields()...), typ: reflect.TypeFor[T]()}
	if !whole {
		if schema.NumFields() != 1 {
			return nil, fmt.Errorf("%s takes one column and the result has %d (%s); select one, or read into a struct",
				c.typ, schema.NumFields(), columnList(schema))
		}
		c.path, c.arrow = schema.Field(0).Name, schema.Field(0).Type
	}
	w, err := compile(c)
	if err != nil {
		return nil, err
	}
	return &Decoder[T]{schema: schema, writer: w, whole: whole}, nil
}

func columnList(schema *arrow.Schema) string {
	names := make([]string, schema.NumFields())
	for i := range names {
		names[i] = schema.Field(i).Name
	}
	return list(names)
}

// isRow reports whether a Go type stands for a whole row.
func isRow(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t == rowType || t == reflect.TypeFor[map[string]any]() || t.Kind() == reflect.Struct && !isValueType(t) && !isOpaqueText(t)
}

// Decode calls yield with each row of the record, in order. It returns false
// when yield did. A value that cannot be read is an error, after the rows before
// it have been handed out; the error names the column and the row, counted from
// 1 over all records.
func (d *Decoder[T]) Decode(record arrow.Record, yield func(T) bool) (bool, error) {
	if !record.Schema().Equal(d.schema) {
		return false, fmt.Errorf("the schema of the result changes on the way from %s to %s", d.schema, record.Schema())
	}
	n := int(record.NumRows())
	if n == 0 {
		return true, nil
	}
	d.grow(min(n, chunk))
	d.load(record)
	for from := 0; from < n; from += len(d.rows) {
		rows, err := d.chunk(from, min(n-from, len(d.rows)))
		for i := range rows {
			if !yield(d.rows[i]) {
				return false, nil
			}
		}
		if err != nil {
			return false, err
		}
	}
	d.done += int64(n)
	return true, nil
}

func (d *Decoder[T]) grow(n int) {
	if len(d.rows) >= n {
		return
	}
	d.rows = make([]T, n)
	slots := make([]reflect.Value, n)
	for i := range slots {
		slots[i] = reflect.ValueOf(&d.rows[i]).Elem()
	}
	d.writer.bind(slots)
}

func (d *Decoder[T]) load(record arrow.Record) {
	if d.whole {
		d.writer.load(array.RecordToStructArray(record))
		return
	}
	d.writer.load(record.Column(0))
}

// chunk writes n rows and returns how many are good.
func (d *Decoder[T]) chunk(from, n int) (int, error) {
	var first error
	for n > 0 {
		err := d.writer.write(from, 0, n)
		if err == nil {
			break
		}
		var failed *cellError
		if !errors.As(err, &failed) {
			return 0, err
		}
		first = fmt.Errorf("column %q, row %d: %w", failed.path, d.done+int64(failed.at)+1, failed.err)
		n = max(0, failed.at-from) // once more, without the row of the fault and those after it
	}
	return n, first
}
