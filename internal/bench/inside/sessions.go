package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// sessions are one of ours and one of the stock client's, opened when needed.
type sessions struct {
	ours  *dataflow.Session
	stock sql.SparkSession
	stub  *bare
	saved uploads
	heard chan streaming.Progress // of the listener of ours, when there is one
}

func (s *sessions) openOurs(ctx context.Context) (*dataflow.Session, error) {
	if s.ours != nil {
		return s.ours, nil
	}
	spark, err := dataflow.Connect(ctx, os.Getenv("SPARK_REMOTE"), nil)
	if err != nil {
		return nil, err
	}
	s.ours = spark
	return spark, nil
}

func (s *sessions) openStock(ctx context.Context) (sql.SparkSession, error) {
	if s.stock != nil {
		return s.stock, nil
	}
	spark, err := sql.NewSessionBuilder().Remote(os.Getenv("SPARK_REMOTE")).Build(ctx)
	if err != nil {
		return nil, err
	}
	s.stock = spark
	return spark, nil
}

func (s *sessions) close(ctx context.Context) error {
	var err error
	if s.ours != nil {
		err = s.ours.Close(ctx)
	}
	if s.stock != nil {
		err = errors.Join(err, s.stock.Stop())
	}
	if s.stub != nil {
		err = errors.Join(err, s.stub.close())
	}
	return err
}

func (s *sessions) openBare() (*bare, error) {
	if s.stub != nil {
		return s.stub, nil
	}
	stub, err := newBare()
	s.stub = stub
	return stub, err
}

const trivial = "SELECT 1"

// query answers the median time of a trivial query with its row.
func (s *sessions) query(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 2 {
		return 0, fmt.Errorf("query wants CLIENT COUNT, got %q", args)
	}
	count, err := positive(args[1])
	if err != nil {
		return 0, err
	}
	ask, err := s.asker(ctx, args[0])
	if err != nil {
		return 0, err
	}
	took := make([]time.Duration, count)
	for i := range took {
		started := time.Now()
		rows, err := ask()
		if err != nil {
			return 0, err
		}
		if rows != 1 {
			return 0, fmt.Errorf("want one row, got %d", rows)
		}
		took[i] = time.Since(started)
	}
	slices.Sort(took)
	return took[count/2], nil
}

// asker gives what makes the trivial query and answers the number of its rows.
func (s *sessions) asker(ctx context.Context, client string) (func() (int64, error), error) {
	frame := func(sql func(context.Context, string) (sql.DataFrame, error)) func() (int64, error) {
		return func() (int64, error) {
			df, err := sql(ctx, trivial)
			if err != nil {
				return 0, err
			}
			rows, err := df.Collect(ctx)
			return int64(len(rows)), err
		}
	}
	switch client {
	case "ours":
		spark, err := s.openOurs(ctx)
		return frame(func(ctx context.Context, text string) (sql.DataFrame, error) { return spark.SQL(ctx, text) }), err
	case "stock":
		spark, err := s.openStock(ctx)
		return frame(func(ctx context.Context, text string) (sql.DataFrame, error) { return spark.Sql(ctx, text) }), err
	case "bare", "reattachable":
		stub, err := s.openBare()
		return func() (int64, error) { return stub.query(ctx, trivial, client == "reattachable") }, err
	default:
		return nil, fmt.Errorf("unknown client %q", client)
	}
}

// export answers the time of one plan out of a DataFrame.
func (s *sessions) export(ctx context.Context, count string) (time.Duration, error) {
	return s.plans(ctx, count, func(spark *dataflow.Session, df sql.DataFrame, _ []byte) error {
		_, err := spark.Export(ctx, df)
		return err
	})
}

// load answers the time of one plan into a DataFrame.
func (s *sessions) load(ctx context.Context, count string) (time.Duration, error) {
	return s.plans(ctx, count, func(spark *dataflow.Session, _ sql.DataFrame, plan []byte) error {
		_, err := spark.Import(plan)
		return err
	})
}

func (s *sessions) plans(ctx context.Context, count string, do func(*dataflow.Session, sql.DataFrame, []byte) error) (time.Duration, error) {
	n, err := positive(count)
	if err != nil {
		return 0, err
	}
	spark, err := s.openOurs(ctx)
	if err != nil {
		return 0, err
	}
	df, err := spark.SQL(ctx, trivial)
	if err != nil {
		return 0, err
	}
	plan, err := spark.Export(ctx, df)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	for range n {
		if err := do(spark, df, plan); err != nil {
			return 0, err
		}
	}
	return time.Since(started) / time.Duration(n), nil
}
