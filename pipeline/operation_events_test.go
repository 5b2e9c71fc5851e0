package pipeline_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// operations is a hook that writes down how operations ended.
type operations struct {
	hooks.Base
	do func(ctx context.Context) // may be nil

	mu   sync.Mutex
	ends []hooks.OperationEnd
	gone []error // the errors of the contexts
}

func (h *operations) OnOperationEnd(ctx context.Context, e hooks.OperationEnd) {
	h.mu.Lock()
	h.ends, h.gone = append(h.ends, e), append(h.gone, ctx.Err())
	h.mu.Unlock()
	if h.do != nil {
		h.do(ctx)
	}
}

func TestOperationsReachTheHooks(t *testing.T) {
	t.Parallel()
	spark := reporting(t, 1)
	h, other := &operations{}, &operations{}
	before := time.Now()
	result := runOn(t, spark, newPipeline(t, retrying(asks("clean", 2), 2)), h, hooks.Base{}, hooks.Join(other))
	require.NoError(t, result.Err)
	require.Len(t, h.ends, 3, "one failed, and two of the second attempt")
	require.Equal(t, h.ends, other.ends)
	seen := map[string]bool{}
	for i, e := range h.ends {
		require.Len(t, e.ID, 36)
		require.False(t, seen[e.ID])
		seen[e.ID] = true
		require.Equal(t, spark.ID(), e.SessionID)
		require.Equal(t, []string{"p", "r1", "clean", "query"}, []string{e.Pipeline, e.RunID, e.Name, e.Kind})
		require.NotEmpty(t, e.Tags)
		require.False(t, e.Started.Before(before))
		require.Positive(t, e.Duration)
		require.Zero(t, e.Reattached)
		if i == 0 {
			var failed *component.SparkError
			require.ErrorAs(t, e.Err, &failed)
			require.Equal(t, "CONNECT.FLAKY", failed.Class)
			continue
		}
		require.NoError(t, e.Err)
		require.EqualValues(t, 1, e.Rows)
		require.Positive(t, e.Bytes)
	}
}

// TestOperationsOfWhatIsOpenedAndClosed belong to the attempt too.
func TestOperationsOfWhatIsOpenedAndClosed(t *testing.T) {
	t.Parallel()
	spark, h := reporting(t, 0), &operations{}
	result := runOn(t, spark, newPipeline(t, pipeline.Step{Name: "clean", Component: &asksAlways{spark: spark}}), h)
	require.NoError(t, result.Err)
	require.Len(t, h.ends, 3)
}

// asksAlways asks Spark whenever it is called.
type asksAlways struct{ spark *dataflow.Session }

func (a *asksAlways) ask(ctx context.Context) error {
	df, err := a.spark.SQL(ctx, "SELECT 1")
	if err != nil {
		return err
	}
	_, err = df.Collect(ctx)
	return err
}

func (a *asksAlways) Name() string                                        { return "asks always" }
func (a *asksAlways) Open(ctx context.Context, _ component.Runtime) error { return a.ask(ctx) }
func (a *asksAlways) Run(ctx context.Context, _ component.Runtime) error  { return a.ask(ctx) }
func (a *asksAlways) Close(ctx context.Context) error                     { return a.ask(ctx) }

func TestPanicOfAnOperationHook(t *testing.T) {
	t.Parallel()
	boom, h := &operations{do: func(context.Context) { panic("no") }}, &operations{}
	result := runOn(t, reporting(t, 0), newPipeline(t, asks("clean", 1)), boom, h)
	require.NoError(t, result.Err)
	require.Len(t, h.ends, 1)
	require.Len(t, result.HookErrors, 1)
	require.EqualError(t, result.HookErrors[0], `hook "*pipeline_test.operations": OnOperationEnd of "clean": panic: no`)
}

func TestAnOperationHookMayWorkOnSpark(t *testing.T) {
	t.Parallel()
	spark := reporting(t, 0)
	always := &asksAlways{spark: spark}
	var faults []error
	h := &operations{do: func(ctx context.Context) { faults = append(faults, always.ask(ctx)) }}
	require.NoError(t, runOn(t, spark, newPipeline(t, asks("clean", 2)), h).Err)
	require.Equal(t, []error{nil, nil}, faults)
	require.Len(t, h.ends, 2, "its own work is none of the component")
}

// TestOperationEndsWithALivingContext also when the component was cancelled.
func TestOperationEndsWithALivingContext(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	running := make(chan struct{})
	server.OnExecute(func(op *fakeconnect.Operation) error {
		close(running)
		return op.Wait()
	})
	spark, err := dataflow.Connect(t.Context(), server.Remote(), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-running
		cancel()
	}()
	h := &operations{}
	runner, err := pipeline.NewSimplePipelineRunner(spark, &pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{h}})
	require.NoError(t, err)
	result, err := runner.Run(ctx, newPipeline(t, does("clean", func(ctx context.Context, _ component.Runtime) error {
		return spark.Error(ctx, (&asksAlways{spark: spark}).ask(ctx))
	})))
	require.Error(t, err)
	require.Equal(t, component.StatusCancelled, result.Components[0].Status)
	require.Len(t, h.ends, 1)
	require.ErrorIs(t, h.ends[0].Err, context.Canceled)
	require.Equal(t, []error{nil}, h.gone)
}
