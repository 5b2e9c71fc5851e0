package columnar

import (
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// Encoder gathers Go values, one a row, into Arrow record batches. It is
// compiled once for a Go type and a schema. It is not safe for concurrent use.
type Encoder struct {
	def     schema.Definition
	builder *array.RecordBuilder
	row     appendFunc
	rows    int
	total   int64
	size    int
}

// appendFunc appends one value to the builders that it was compiled for.
type appendFunc func(v reflect.Value) error

// NewEncoder compiles an encoder for rows of the Go type t, a struct, a pointer
// to one, or a type of single values, which become a column named "value".
//
// With a schema the rows become its columns; []any and map[string]any are row
// types then too. Without one, def is nil and the schema follows from t, see
// [DefinitionOf].
func NewEncoder(t reflect.Type, def *schema.Definition) (*Encoder, error) {
	if def == nil {
		derived, err := DefinitionOf(t)
		if err != nil {
			return nil, err
		}
		def = &derived
	}
	arrowSchema, err := ArrowSchema(*def)
	if err != nil {
		return nil, err
	}
	e := &Encoder{def: *def, builder: array.NewRecordBuilder(memory.DefaultAllocator, arrowSchema)}
	b := binder{size: &e.size}
	e.row, err = b.bindRow(t, def.Fields, e.builder.Fields())
	if err != nil {
		e.builder.Release()
		return nil, fmt.Errorf("rows of the Go type %s: %w", t, err)
	}
	return e, nil
}

// Definition returns the schema of the rows.
func (e *Encoder) Definition() schema.Definition { return e.def }

// Schema returns the schema of the record batches.
func (e *Encoder) Schema() *arrow.Schema { return e.builder.Schema() }

// Rows returns how many rows the batch has so far.
func (e *Encoder) Rows() int { return e.rows }

// Size returns about how many bytes the batch has so far.
func (e *Encoder) Size() int { return e.size }

// Append adds a row. v is of the type that the encoder is for; nothing of it is
// kept. After an error, which names the row, counted from 0, and the column, the
// encoder is of no more use but for Release.
func (e *Encoder) Append(v reflect.Value) error {
	if err := e.row(v); err != nil {
		return fmt.Errorf("row %d: %w", e.total, err)
	}
	e.rows++
	e.total++
	return nil
}

// Record returns the rows since the last call as a record batch, which the
// caller releases.
func (e *Encoder) Record() arrow.Record {
	rec := e.builder.NewRecord()
	e.rows, e.size = 0, 0
	return rec
}

// Release frees the rows that no Record has returned.
func (e *Encoder) Release() { e.builder.Release() }
