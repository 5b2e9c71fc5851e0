package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// stage is a stage as the server reports it: tasks, completed tasks, bytes, and
// whether it is done.
func stage(id, tasks, completed, bytes int64, done bool) *wire.ExecutePlanResponse_ExecutionProgress_StageInfo {
	return &wire.ExecutePlanResponse_ExecutionProgress_StageInfo{
		StageId: id, NumTasks: tasks, NumCompletedTasks: completed, InputBytesRead: bytes, Done: done,
	}
}

func progressOf(running int64, stages ...*wire.ExecutePlanResponse_ExecutionProgress_StageInfo) *wire.ExecutePlanResponse {
	return &wire.ExecutePlanResponse{ResponseType: &wire.ExecutePlanResponse_ExecutionProgress_{
		ExecutionProgress: &wire.ExecutePlanResponse_ExecutionProgress{Stages: stages, NumInflightTasks: running},
	}}
}

// reporting returns a session on a server that reports progress of every query,
// then fails as many of them as told.
func reporting(tb testing.TB, failures int, reports ...*wire.ExecutePlanResponse) *dataflow.Session {
	tb.Helper()
	server := fakeconnect.Start(tb)
	var mu sync.Mutex
	server.OnExecute(func(op *fakeconnect.Operation) error {
		if op.Request.GetPlan().GetCommand() != nil {
			return fakeconnect.ErrUnscripted
		}
		for _, report := range reports {
			if err := op.Send(report); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if failures--; failures >= 0 {
			return fakeconnect.Failure{Class: "CONNECT.FLAKY", Message: "again"}.Error()
		}
		return op.SendStrings("a", "x")
	})
	spark, err := dataflow.Connect(tb.Context(), server.Remote(), nil)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, spark.Close(context.WithoutCancel(tb.Context()))) })
	return spark
}

// asks runs n queries, one after the other.
func asks(name string, n int) pipeline.Step {
	return pipeline.Step{Name: name, Type: "ask", Component: component.Func(name, func(ctx context.Context, rt component.Runtime) error {
		spark, err := dataflow.SessionOf(ctx, rt)
		if err != nil {
			return err
		}
		for range n {
			df, err := spark.SQL(ctx, "SELECT 1")
			if err != nil {
				return err
			}
			if _, err = df.Collect(ctx); err != nil {
				return err
			}
		}
		return nil
	})}
}

// heard collects progress.
type heard struct {
	mu     sync.Mutex
	events []hooks.ComponentProgress
}

func (h *heard) hook() hooks.PipelineHooks {
	return hooks.Funcs{Name: "heard", OnProgressFunc: func(_ context.Context, e hooks.ComponentProgress) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.events = append(h.events, e)
	}}
}

func runOn(tb testing.TB, spark *dataflow.Session, p *pipeline.Pipeline, hook ...hooks.PipelineHooks) *pipeline.Result {
	tb.Helper()
	runner, err := pipeline.NewSimplePipelineRunner(spark, &pipeline.RunnerOptions{RunID: "r1", Hooks: hook})
	require.NoError(tb, err)
	result, _ := runner.Run(tb.Context(), p)
	return result
}

func TestProgressReachesTheHooks(t *testing.T) {
	t.Parallel()
	spark := reporting(t, 0,
		progressOf(4, stage(1, 10, 0, 0, false)),
		progressOf(4, stage(1, 10, 10, 500, true), stage(2, 200, 41, 500, false)),
	)
	var h heard
	result := runOn(t, spark, newPipeline(t, asks("clean", 1)), h.hook())
	require.NoError(t, result.Err)
	require.Len(t, h.events, 2, "the second came in the pause of the first, and is told at the end")
	first, last := h.events[0], h.events[1]
	require.Equal(t, int64(10), first.Tasks)
	require.GreaterOrEqual(t, last.Elapsed, first.Elapsed)
	require.WithinDuration(t, time.Now(), last.Started, time.Minute)
	require.Len(t, last.OperationID, 36)
	last.Elapsed, last.Started, last.OperationID = 0, time.Time{}, ""
	require.Equal(t, hooks.ComponentProgress{
		Pipeline: "p", RunID: "r1", Name: "clean", Type: "ask", Attempt: 1,
		Stages: 2, StagesDone: 1, Tasks: 210, TasksCompleted: 51, TasksRunning: 4, InputBytes: 1000,
	}, last)
}

func TestProgressNeverFallsWithinAnOperation(t *testing.T) {
	t.Parallel()
	spark := reporting(t, 0,
		progressOf(2, stage(1, 10, 8, 900, true)),
		progressOf(2, stage(1, 10, 3, 200, false)), // the stage is run again
		progressOf(2, stage(2, 5, 0, 0, false)),    // and is not told of any more
	)
	var h heard
	result := runOn(t, spark, newPipeline(t, asks("clean", 3)), h.hook())
	require.NoError(t, result.Err)
	require.NotEmpty(t, h.events)
	operations := map[string]hooks.ComponentProgress{}
	for _, e := range h.events {
		before := operations[e.OperationID]
		require.GreaterOrEqual(t, e.Stages, before.Stages)
		require.GreaterOrEqual(t, e.StagesDone, before.StagesDone)
		require.GreaterOrEqual(t, e.Tasks, before.Tasks)
		require.GreaterOrEqual(t, e.TasksCompleted, before.TasksCompleted)
		require.GreaterOrEqual(t, e.InputBytes, before.InputBytes)
		operations[e.OperationID] = e
	}
	last := h.events[len(h.events)-1]
	require.Equal(t, []int64{2, 1, 15, 8, 900}, []int64{int64(last.Stages), int64(last.StagesDone), last.Tasks, last.TasksCompleted, last.InputBytes})
}

func TestProgressIsToldAtMostTenTimesASecond(t *testing.T) {
	t.Parallel()
	reports := make([]*wire.ExecutePlanResponse, 500)
	for i := range reports {
		reports[i] = progressOf(1, stage(1, 500, int64(i), 0, false))
	}
	var h heard
	began := time.Now()
	result := runOn(t, reporting(t, 0, reports...), newPipeline(t, asks("clean", 1)), h.hook())
	require.NoError(t, result.Err)
	require.LessOrEqual(t, len(h.events), 2+int(time.Since(began)/(100*time.Millisecond)))
	require.Equal(t, int64(499), h.events[len(h.events)-1].TasksCompleted, "the newest is not lost")
}

func TestProgressOfAnotherAttempt(t *testing.T) {
	t.Parallel()
	step := asks("clean", 1)
	step.RetryUnsafe = true
	step.Resilience = resilience.Config{Retry: &resilience.RetryConfig{MaxAttempts: 2, InitialDelay: time.Millisecond}}
	var h heard
	result := runOn(t, reporting(t, 1, progressOf(1, stage(1, 4, 1, 0, false))), newPipeline(t, step), h.hook())
	require.NoError(t, result.Err)
	require.Len(t, h.events, 2)
	require.Equal(t, []int{1, 2}, []int{h.events[0].Attempt, h.events[1].Attempt})
}

func TestPanicOfAProgressHook(t *testing.T) {
	t.Parallel()
	boom := hooks.Funcs{Name: "boom", OnProgressFunc: func(context.Context, hooks.ComponentProgress) { panic(errors.New("no")) }}
	var h heard
	result := runOn(t, reporting(t, 0, progressOf(1, stage(1, 4, 1, 0, false))), newPipeline(t, asks("clean", 1)), boom, h.hook())
	require.NoError(t, result.Err)
	require.Len(t, h.events, 1)
	require.Len(t, result.HookErrors, 1)
	require.EqualError(t, result.HookErrors[0], `hook "boom": OnProgress of "clean": panic: no`)
}

func TestAProgressHookMayWorkOnSpark(t *testing.T) {
	t.Parallel()
	spark := reporting(t, 0, progressOf(1, stage(1, 4, 1, 0, false)))
	calls := 0
	busy := hooks.Funcs{OnProgressFunc: func(ctx context.Context, _ hooks.ComponentProgress) {
		calls++
		df, err := spark.SQL(ctx, "SELECT 2")
		if err == nil {
			_, _ = df.Collect(ctx)
		}
	}}
	require.NoError(t, runOn(t, spark, newPipeline(t, asks("clean", 1)), busy).Err)
	require.Equal(t, 1, calls, "its own work is no progress of the component")
}
