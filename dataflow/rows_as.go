package dataflow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/spark-connect-go/v40/spark/sql"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/columnar"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// ErrNoRows is returned by [One] and [Value] for a query without rows.
var ErrNoRows = errors.New("the query has no rows")

// ErrTooManyRows is returned by [One] and [Value] for a query with more than one
// row.
var ErrTooManyRows = errors.New("the query has more than one row")

// RowsAs runs df and returns its rows as values of T, in order, as they arrive:
// [Batches] says how it runs. Rows stay valid; up to 256 neighbouring ones are
// made at once and share allocations of a few kilobytes, so whoever keeps a text
// of one row keeps the texts of its neighbours.
//
// If T is a struct, each exported field is a column:
//
//	type Customer struct {
//		CustomerID int64                              // customer_id, CUSTOMERID, ...
//		Name       string                             `spark:"full_name"`
//		Balance    dataflow.Decimal
//		Since      *time.Time                         // NULL is nil
//		City       sql.Null[string]
//		Orders     []struct{ Item string; Price dataflow.Decimal }
//		Note       string                             `spark:"note,optional"`
//		seen       bool                               // unexported: left alone, as with `spark:"-"`
//	}
//
// A tag names the column exactly. Without one the column of exactly the field's
// name is taken, else the one that differs in case and underscores only. Fields
// of embedded structs count as those of T. A field without a column is an error
// unless its tag says optional; a column without a field is left out.
//
// T may also be [Row], a map[string]any, or a pointer to one of these. With any
// other T the query must have one column: RowsAs[string].
//
// Fields take the types that [Rows] names, and those next to them: any integer
// type for the integers, whose range is checked; [Decimal], *big.Rat, and where
// the scale is 0 *big.Int and integers for DECIMAL, but no float; float64 for
// FLOAT; []byte and types with UnmarshalText for STRING; [N]byte for BINARY;
// [time.Time], midnight in UTC, for DATE; [value.DayTimeInterval] for intervals;
// slices and arrays, maps, structs and map[string]any; types with one of these
// below; any. A NULL needs a pointer, [database/sql.Null] or its elder kin, a
// slice, a map or any; elsewhere it is an error.
//
// What does not go together is told before the first row, with the name of the
// column such as items[].price; a value that does not fit when it comes, with
// the number of the row counted from 1.
func RowsAs[T any](ctx context.Context, df sql.DataFrame) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		conn, relation, err := connect.Owner(ctx, df)
		if err != nil {
			yield(zero[T](), err)
			return
		}
		err = eachRow(ctx, conn, relation, columnar.NewDecoder[T], func(row T) bool { return yield(row, nil) })
		if err != nil {
			yield(zero[T](), err)
		}
	}
}

// eachRow calls yield with each row until it returns false. The execution has
// ended when eachRow returns.
func eachRow[T any](ctx context.Context, conn *connect.Conn, relation []byte,
	newDecoder func(*arrow.Schema) (*columnar.Decoder[T], error), yield func(T) bool,
) error {
	var decoder *columnar.Decoder[T]
	for record, err := range stream(ctx, conn, relation) {
		if err != nil {
			return err
		}
		if decoder == nil {
			decoder, err = newDecoder(record.Schema())
		}
		more := false
		if err == nil {
			more, err = decoder.Decode(record, yield)
		}
		if err != nil {
			return fmt.Errorf("read rows into %s: %w", reflect.TypeFor[T](), err)
		}
		if !more {
			return nil
		}
	}
	return nil
}

func zero[T any]() (none T) { return none }

// Collect runs df and returns all its rows as [RowsAs] makes them, in memory:
// use it where few are expected. With an error it returns no rows.
func Collect[T any](ctx context.Context, df sql.DataFrame) ([]T, error) {
	out := []T{}
	for row, err := range RowsAs[T](ctx, df) {
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// One runs df and returns its only row, as [RowsAs] makes it. It asks the server
// for two rows at most, and returns [ErrNoRows] or [ErrTooManyRows] when there is
// not one.
func One[T any](ctx context.Context, df sql.DataFrame) (T, error) {
	return one(ctx, df, columnar.NewDecoder[T])
}

// Value runs df and returns the only value of its only row. It asks the server
// for two rows at most, and returns [ErrNoRows] or [ErrTooManyRows] when there is
// not one. T is what a field for the column may be; a value that can be NULL
// needs a pointer or the like: Value[*int64].
func Value[T any](ctx context.Context, df sql.DataFrame) (T, error) {
	return one(ctx, df, columnar.NewValueDecoder[T])
}

func one[T any](ctx context.Context, df sql.DataFrame, newDecoder func(*arrow.Schema) (*columnar.Decoder[T], error)) (T, error) {
	conn, relation, err := connect.Owner(ctx, df)
	if err != nil {
		return zero[T](), err
	}
	limited, err := proto.Marshal(&wire.Relation{RelType: &wire.Relation_Limit{Limit: &wire.Limit{Input: relation, Limit: 2}}})
	if err != nil {
		return zero[T](), fmt.Errorf("marshal a limit: %w", err)
	}
	var got T
	count := 0
	err = eachRow(ctx, conn, limited, newDecoder, func(row T) bool {
		if count == 0 {
			got = row
		}
		count++
		return true
	})
	switch {
	case err != nil:
		return zero[T](), err
	case count == 0:
		return zero[T](), ErrNoRows
	case count > 1:
		return zero[T](), ErrTooManyRows
	}
	return got, nil
}
