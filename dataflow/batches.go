package dataflow

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/columnar"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Batches runs df and returns its result as Arrow record batches, in order, as
// they arrive. One is held at a time, so that memory does not grow with the
// result. A record is valid until the next step of the loop unless it is
// retained; [arrow.Record.Release] of the last reference frees nothing that
// the garbage collector would not.
//
// Nothing runs before the range; a second range runs the query again. The loop
// blocks while the server computes. When it is left early, by break, return or
// panic, the query is interrupted on the server, and the loop ends when it has
// ended there. After an error, which comes once with a nil record, the loop ends.
//
// A query without rows gives one record without rows, or none. [SchemaOf] knows
// the columns without running it.
func Batches(ctx context.Context, df sql.DataFrame) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		conn, relation, err := connect.Owner(ctx, df)
		if err != nil {
			yield(nil, err)
			return
		}
		stream(ctx, conn, relation)(yield)
	}
}

// errStopped ends an execution whose reader wants no more.
var errStopped = errors.New("the rest of the result is not wanted")

// stream runs a relation. The execution runs in a coroutine of its own, which is
// stopped and waited for however the loop is left: a panic in the loop must not
// leave a query on the server.
func stream(ctx context.Context, conn *connect.Conn, relation []byte) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		next, stop := iter.Pull2(func(yield func(arrow.Record, error) bool) {
			var r resultReader
			err := conn.Query(ctx, relation, func(resp *wire.ExecutePlanResponse) error {
				return r.read(resp.GetArrowBatch(), func(record arrow.Record) bool { return yield(record, nil) })
			})
			if err != nil && !r.stopped {
				yield(nil, err)
			}
		})
		defer stop()
		for {
			record, err, ok := next()
			if !ok || !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// resultReader takes the batches out of the responses of one execution and
// counts, since a batch that is lost on the way would be rows lost in silence.
type resultReader struct {
	schema  *arrow.Schema
	rows    int64
	stopped bool
}

func (r *resultReader) read(batch *wire.ExecutePlanResponse_ArrowBatch, yield func(arrow.Record) bool) error {
	if batch == nil {
		return nil // progress, metrics and the like
	}
	if batch.StartOffset != nil && batch.GetStartOffset() != r.rows {
		return fmt.Errorf("read the result: a batch begins with row %d and %d rows have come; a part was lost on the way", batch.GetStartOffset()+1, r.rows)
	}
	before := r.rows
	schema, err := columnar.Read(batch.GetData(), func(record arrow.Record) error {
		if r.schema != nil && !r.schema.Equal(record.Schema()) {
			return fmt.Errorf("the columns change from %s to %s", r.schema, record.Schema())
		}
		r.rows += record.NumRows()
		if r.rows-before > batch.GetRowCount() {
			return fmt.Errorf("a batch of %d rows holds more", batch.GetRowCount())
		}
		if !yield(record) {
			r.stopped = true
			return errStopped
		}
		return nil
	})
	switch {
	case r.stopped:
		return errStopped
	case err != nil:
		return fmt.Errorf("read the result after row %d: %w", before, err)
	case r.rows-before != batch.GetRowCount():
		return fmt.Errorf("read the result after row %d: a batch of %d rows holds %d", before, batch.GetRowCount(), r.rows-before)
	}
	r.schema = schema
	return nil
}
