package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// uploads are the rows of earlier requests, by their number.
type uploads struct {
	rows  map[int][]fourRow
	times int64
}

// of gives rows that no request has sent yet, lest the session have them.
func (u *uploads) of(count int) []fourRow {
	if u.rows[count] == nil {
		if u.rows == nil {
			u.rows = map[int][]fourRow{}
		}
		u.rows[count] = make([]fourRow, count)
		for i := range u.rows[count] {
			u.rows[count][i] = fourRowOf(int64(i))
		}
	}
	u.times++
	u.rows[count][0].B = -u.times
	return u.rows[count]
}

func fourRowOf(i int64) fourRow {
	return fourRow{ID: i, B: 2 * i, S: strconv.FormatInt(i, 10), R: float64(i) / 3}
}

var strategies = map[string]dataflow.LocalDataStrategy{
	"auto": dataflow.LocalDataStrategyAuto, "inline": dataflow.LocalDataStrategyInline,
	"cached": dataflow.LocalDataStrategyCached, "staged": dataflow.LocalDataStrategyStaged,
}

// upload answers how long it takes until Spark has counted rows of ours.
func (s *sessions) upload(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 2 {
		return 0, fmt.Errorf("upload wants WAY COUNT, got %q", args)
	}
	count, err := positive(args[1])
	if err != nil {
		return 0, err
	}
	strategy, known := strategies[args[0]]
	if !known && args[0] != "seq" {
		return 0, fmt.Errorf("unknown way %q", args[0])
	}
	spark, err := s.openOurs(ctx)
	if err != nil {
		return 0, err
	}
	create := func() (sql.DataFrame, error) { return createSeq(ctx, spark, count) }
	if known {
		rows := s.saved.of(count)
		create = func() (sql.DataFrame, error) {
			return dataflow.CreateDataFrame(ctx, spark, rows, &dataflow.LocalDataOptions{Strategy: strategy})
		}
	}
	started := time.Now()
	df, err := create()
	if err != nil {
		return 0, err
	}
	n, err := df.Count(ctx)
	took := time.Since(started)
	if err == nil && n != int64(count) {
		err = fmt.Errorf("want %d rows, got %d", count, n)
	}
	return took, err
}

func createSeq(ctx context.Context, spark *dataflow.Session, count int) (sql.DataFrame, error) {
	return dataflow.CreateDataFrameFromSeq(ctx, spark, func(yield func(fourRow, error) bool) {
		for i := range int64(count) {
			if !yield(fourRowOf(i), nil) {
				return
			}
		}
	}, nil)
}
