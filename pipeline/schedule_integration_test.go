package pipeline_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// waitsOnSpark is a query of one task that waits a while for every row.
const waitsOnSpark = "SELECT java_method('java.lang.Thread', 'sleep', %dL) FROM range(0, %d, 1, 1)"

// TestRealFailureStopsWhatRunsBesideIt has a component that fails once the server
// works on another.
func TestRealFailureStopsWhatRunsBesideIt(t *testing.T) {
	t.Parallel()
	spark, err := dataflow.Connect(t.Context(), sparktest.Remote(t), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()
	working := make(chan struct{})
	var once sync.Once
	p := newPipeline(t,
		does("long", func(ctx context.Context, _ component.Runtime) error {
			df, err := spark.SQL(ctx, fmt.Sprintf(waitsOnSpark, 100, 100_000))
			if err != nil {
				return err
			}
			_, err = df.Collect(dataflow.WithProgress(ctx, func(p dataflow.Progress) {
				if len(p.Stages) > 0 {
					once.Do(func() { close(working) })
				}
			}))
			return spark.Error(ctx, err)
		}),
		does("broken", func(ctx context.Context, _ component.Runtime) error {
			select {
			case <-working:
				return errBroken
			case <-ctx.Done():
				return ctx.Err()
			}
		}),
	)
	p.MaxParallel = 2
	runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), p)
	require.ErrorIs(t, err, errBroken)
	long, _ := result.Component("long")
	require.Equal(t, component.StatusCancelled, long.Status, long.Err)
	left, err := spark.InterruptAll(t.Context())
	require.NoError(t, err)
	require.Empty(t, left, "nothing goes on on the server")
}

// TestRealComponentsAtTheSameTime has components that each wait for all others to
// be at work on the server, which they would for ever one after the other.
func TestRealComponentsAtTheSameTime(t *testing.T) {
	t.Parallel()
	spark, err := dataflow.Connect(t.Context(), sparktest.Remote(t), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()
	const many = 8
	var there sync.WaitGroup
	there.Add(many)
	steps := make([]pipeline.Step, many)
	for i := range steps {
		steps[i] = does(fmt.Sprintf("c%d", i), func(ctx context.Context, _ component.Runtime) error {
			there.Done()
			there.Wait()
			df, err := spark.SQL(ctx, fmt.Sprintf(waitsOnSpark+" WHERE id >= %d", 1, i+1, 0))
			if err != nil {
				return err
			}
			rows, err := df.Collect(ctx)
			if err == nil && len(rows) != i+1 {
				err = fmt.Errorf("want %d rows, got %d", i+1, len(rows))
			}
			return err
		})
	}
	p := newPipeline(t, steps...)
	p.MaxParallel = many
	runner, err := pipeline.NewSimplePipelineRunner(spark, nil)
	require.NoError(t, err)
	result, err := runner.Run(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, result.Succeeded(), many)
}
