package dataflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// boundBatches cuts batches of others into such as ours, and checks them.
func boundBatches(ctx context.Context, s *arrow.Schema, def schema.Definition, records iter.Seq2[arrow.Record, error]) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		number := 0
		for batch, err := range records {
			if err == nil {
				err = context.Cause(ctx)
			}
			if err == nil {
				err = checkBatch(batch, s, def)
			}
			if err != nil {
				yield(nil, fmt.Errorf("batch %d: %w", number, err))
				return
			}
			number++
			if !cut(batch, func(part arrow.Record) bool { return yield(part, nil) }) {
				return
			}
		}
	}
}

// checkBatch holds a batch against the schema that was announced for it.
func checkBatch(batch arrow.Record, s *arrow.Schema, def schema.Definition) error {
	switch {
	case batch == nil:
		return errors.New("it is nil")
	case int(batch.NumCols()) != s.NumFields():
		return fmt.Errorf("it has %d columns and the schema %d", batch.NumCols(), s.NumFields())
	}
	for i, f := range s.Fields() {
		column := batch.Column(i)
		switch {
		case batch.ColumnName(i) != f.Name:
			return fmt.Errorf("column %d is %q and in the schema %q", i, batch.ColumnName(i), f.Name)
		case !arrow.TypeEqual(column.DataType(), f.Type):
			return fmt.Errorf("column %q is %s and in the schema %s", f.Name, column.DataType(), f.Type)
		case !def.Fields[i].Nullable && column.NullN() > 0:
			return fmt.Errorf("column %q: %d values are null and the schema says NOT NULL", f.Name, column.NullN())
		}
	}
	return nil
}

// cut yields the batch in parts that are neither too long nor too large. It
// returns false when yield does.
func cut(batch arrow.Record, yield func(arrow.Record) bool) bool {
	rows := batch.NumRows()
	if rows == 0 {
		return true
	}
	step := min(rows, batchRows)
	if size := columnar.SizeOf(batch); size > batchBytes {
		step = min(step, max(1, rows*batchBytes/size))
	}
	for at := int64(0); at < rows; at += step {
		part := batch.NewSlice(at, min(rows, at+step))
		more := yield(part)
		part.Release()
		if !more {
			return false
		}
	}
	return true
}

// joined gives the rows of several batches in one.
func joined(s *arrow.Schema, batches []arrow.Record) (arrow.Record, error) {
	if len(batches) == 1 {
		batches[0].Retain()
		return batches[0], nil
	}
	var rows int64
	for _, b := range batches {
		rows += b.NumRows()
	}
	columns := make([]arrow.Array, s.NumFields())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	parts := make([]arrow.Array, len(batches))
	for i := range columns {
		for j, b := range batches {
			parts[j] = b.Column(i)
		}
		var err error
		if columns[i], err = array.Concatenate(parts, memory.DefaultAllocator); err != nil {
			return nil, fmt.Errorf("join batches: column %q: %w", s.Field(i).Name, err)
		}
	}
	return array.NewRecord(s, columns, rows), nil
}

// arrowStream writes an Arrow stream with exactly one batch. Servers without the
// fix of SPARK-53342 lose the rows of all further ones without a word.
func arrowStream(s *arrow.Schema, batches []arrow.Record) ([]byte, error) {
	batch, err := joined(s, batches)
	if err != nil {
		return nil, err
	}
	defer batch.Release()
	var out bytes.Buffer
	out.Grow(int(columnar.SizeOf(batch)) + 4096)
	w := ipc.NewWriter(&out, ipc.WithSchema(s))
	if err := errors.Join(w.Write(batch), w.Close()); err != nil {
		return nil, fmt.Errorf("write the Arrow data: %w", err)
	}
	return out.Bytes(), nil
}
