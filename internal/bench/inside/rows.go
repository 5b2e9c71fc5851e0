package main

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// fourColumns is a query whose rows cost Spark next to nothing, in tasks of a
// million rows or more: larger results of a task want much memory of a server.
func fourColumns(count int) string {
	return fmt.Sprintf("SELECT id, id * 2 AS b, CAST(id AS STRING) AS s, rand(7) AS r FROM range(0, %d, 1, %d)", count, max(2, count/1_000_000))
}

type fourRow struct {
	ID int64
	B  int64
	S  string
	R  float64
}

// rows answers how long the rows of a query take, from the first action on.
func (s *sessions) rows(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 2 {
		return 0, fmt.Errorf("rows wants WAY COUNT, got %q", args)
	}
	count, err := positive(args[1])
	if err != nil {
		return 0, err
	}
	read, err := s.reader(ctx, args[0], fourColumns(count))
	if err != nil {
		return 0, err
	}
	started := time.Now()
	n, err := read()
	took := time.Since(started)
	if err == nil && n != int64(count) {
		err = fmt.Errorf("want %d rows, got %d", count, n)
	}
	return took, err
}

// reader gives what reads all rows of a query, one way, and answers how many
// there were.
func (s *sessions) reader(ctx context.Context, way, query string) (func() (int64, error), error) {
	switch way {
	case "bare", "reattachable":
		stub, err := s.openBare()
		return func() (int64, error) { return stub.query(ctx, query, way == "reattachable") }, err
	case "ToArrow", "Collect":
		return s.stockReader(ctx, way, query)
	}
	spark, err := s.openOurs(ctx)
	if err != nil {
		return nil, err
	}
	df, err := spark.SQL(ctx, query)
	switch way {
	case "Batches":
		return func() (int64, error) { return batches(ctx, df) }, err
	case "RowsAs":
		return func() (int64, error) { return structs(ctx, df) }, err
	case "Rows":
		return func() (int64, error) { return generic(ctx, df) }, err
	}
	return nil, fmt.Errorf("unknown way %q", way)
}

func (s *sessions) stockReader(ctx context.Context, way, query string) (func() (int64, error), error) {
	spark, err := s.openStock(ctx)
	if err != nil {
		return nil, err
	}
	df, err := spark.Sql(ctx, query)
	if way == "Collect" {
		return func() (int64, error) {
			rows, err := df.Collect(ctx)
			return int64(len(rows)), err
		}, err
	}
	return func() (int64, error) {
		table, err := df.ToArrow(ctx)
		if err != nil {
			return 0, err
		}
		defer (*table).Release()
		return (*table).NumRows(), nil
	}, err
}

func batches(ctx context.Context, df sql.DataFrame) (n int64, err error) {
	for record, err := range dataflow.Batches(ctx, df) {
		if err != nil {
			return n, err
		}
		n += record.NumRows()
	}
	return n, nil
}

func structs(ctx context.Context, df sql.DataFrame) (n int64, err error) {
	for row, err := range dataflow.RowsAs[fourRow](ctx, df) {
		if err != nil {
			return n, err
		}
		if row.B != 2*row.ID || row.S == "" {
			return n, fmt.Errorf("row %d is wrong: %+v", n, row)
		}
		n++
	}
	return n, nil
}

func generic(ctx context.Context, df sql.DataFrame) (n int64, err error) {
	for row, err := range dataflow.Rows(ctx, df) {
		if err != nil {
			return n, err
		}
		if row.Len() != 4 {
			return n, fmt.Errorf("row %d is wrong: %v", n, row)
		}
		n++
	}
	return n, nil
}
