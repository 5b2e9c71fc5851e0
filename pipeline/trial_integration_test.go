package pipeline_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/internal/faultproxy"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// appends is a flow whose write takes about a second on the server.
func appends(path string) dataflow.DataFlow {
	return dataflow.WriteView{
		Input: dataflow.Input{Query: "SELECT id, aggregate(sequence(1, 50000), 0L, (a, x) -> a + x % 7) AS s FROM range(0, 100, 1, 2)"},
		Sink:  dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: path, Mode: dataflow.SaveModeAppend}},
	}
}

// TestRealAppendIsNotRepeatedAfterABrokenConnection loses the server during an
// append for longer than the connection is tried again. The next attempt asks
// what became of it.
func TestRealAppendIsNotRepeatedAfterABrokenConnection(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		direct, err := dataflow.Connect(t.Context(), remote, nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, direct.Close(context.WithoutCancel(t.Context()))) }()
		proxy := faultproxy.Start(t, strings.TrimPrefix(direct.Address(), "sc://"))
		spark, err := dataflow.Connect(t.Context(), "sc://"+proxy.Addr(), &dataflow.ConnectOptions{ReconnectTimeout: 200 * time.Millisecond})
		require.NoError(t, err)
		defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()

		path := filepath.Join(t.TempDir(), "appended")
		var once sync.Once
		var retried atomic.Bool
		hook := &hooks.Funcs{OnRetryAttemptFunc: func(_ context.Context, e hooks.RetryAttempt) {
			retried.Store(errors.Is(e.Err, dataflow.ErrOutcomeUnknown))
			proxy.Refuse(false)
		}}
		p := newPipeline(t, pipeline.Step{
			Name: "append", Component: dataflow.Component(cutting{appends(path), func() {
				once.Do(func() { // behind the back of the write
					time.AfterFunc(300*time.Millisecond, func() {
						proxy.Refuse(true)
						proxy.Cut()
					})
				})
			}}),
			Resilience: resilience.Config{Retry: &resilience.RetryConfig{MaxAttempts: 5, InitialDelay: 100 * time.Millisecond}},
		})
		runner, err := pipeline.NewSimplePipelineRunner(spark, &pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{hook}})
		require.NoError(t, err)
		result, err := runner.Run(t.Context(), p)
		require.NoError(t, err)
		require.True(t, retried.Load())
		require.Equal(t, 1, result.Components[0].Attempts, "the work was done by the first")
		df, err := direct.SQL(t.Context(), "SELECT count(*), count(DISTINCT id) FROM parquet.`"+path+"`")
		require.NoError(t, err)
		rows, err := df.Collect(t.Context())
		require.NoError(t, err)
		require.Equal(t, []any{int64(100), int64(100)}, rows[0].Values())
	})
}

// cutting calls before the flow runs.
type cutting struct {
	dataflow.DataFlow
	before func()
}

func (c cutting) Run(ctx context.Context, spark *dataflow.Session, rt component.Runtime) error {
	c.before()
	return c.DataFlow.Run(ctx, spark, rt)
}

func (c cutting) Lineage() dataflow.Lineage { return c.DataFlow.(dataflow.Describer).Lineage() }
