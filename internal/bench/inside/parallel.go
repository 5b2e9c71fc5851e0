package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// sideBySide is how many components wait or calculate.
const sideBySide = 10

// The queries of the components. The wait is one of the server's own threads, so
// that it needs no free core; the calculation is one task.
const (
	waitQuery = "SELECT java_method('java.lang.Thread', 'sleep', %dL) FROM VALUES (1)"
	cpuQuery  = "SELECT max(crc32(CAST(id AS STRING))) FROM range(0, %d, 1, 1)"
)

// parallel answers how long one run of independent components takes.
func (s *sessions) parallel(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 3 {
		return 0, fmt.Errorf("parallel wants KIND WIDTH SIZE, got %q", args)
	}
	width, err := positive(args[1])
	if err != nil {
		return 0, err
	}
	size, err := positive(args[2])
	if err != nil {
		return 0, err
	}
	var run component.RunFunc
	count := sideBySide
	switch args[0] {
	case "nothing":
		count = size
	case "wait":
		run = asking(fmt.Sprintf(waitQuery, size))
	case "cpu":
		run = asking(fmt.Sprintf(cpuQuery, size))
	default:
		return 0, fmt.Errorf("unknown kind %q", args[0])
	}
	var spark *dataflow.Session
	if run != nil {
		if spark, err = s.openOurs(ctx); err != nil {
			return 0, err
		}
	}
	p, err := independent(count, run)
	if err != nil {
		return 0, err
	}
	p.MaxParallel = width
	r, err := pipeline.NewSimplePipelineRunner(spark, nil)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	_, err = r.Run(ctx, p)
	return time.Since(started), err
}

func independent(count int, run component.RunFunc) (*pipeline.Pipeline, error) {
	steps := make([]pipeline.Step, count)
	for i := range steps {
		name := fmt.Sprintf("step-%d", i)
		steps[i] = pipeline.Step{Name: name, Component: component.Func(name, run)}
	}
	return pipeline.New("bench", steps...)
}

// asking is a component that reads the one row of a query.
func asking(query string) component.RunFunc {
	return func(ctx context.Context, rt component.Runtime) error {
		spark, err := dataflow.SessionOf(ctx, rt)
		if err != nil {
			return err
		}
		df, err := spark.SQL(ctx, query)
		if err != nil {
			return err
		}
		rows, err := df.Collect(ctx)
		if err != nil {
			return spark.Error(ctx, err)
		}
		if len(rows) != 1 {
			return errors.New("the query has not one row")
		}
		return nil
	}
}
