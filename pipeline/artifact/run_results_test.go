package artifact_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
)

var began = time.Date(2026, 7, 1, 14, 0, 0, 0, time.FixedZone("CEST", 2*60*60))

// failed is the result of a run in which everything happened.
func failed() *pipeline.Result {
	spark := &component.SparkError{Class: "TABLE_OR_VIEW_NOT_FOUND", SQLState: "42P01", Code: "Internal", OperationID: "op-1", Message: "no t"}
	cause := fmt.Errorf("read t: %w", spark)
	return &pipeline.Result{
		Pipeline: "orders", RunID: "r1", Status: pipeline.StatusFailed, Started: began, Duration: 90 * time.Second,
		Components: []component.Result{
			{Name: "load", Type: "sql", Status: component.StatusSucceeded, Attempts: 1, Started: began, Duration: time.Second},
			{Name: "clean", Type: "sql", Status: component.StatusFailed, Attempts: 2, Started: began.Add(time.Second), Duration: 1500 * time.Microsecond, Err: cause},
			{Name: "look", Status: component.StatusSkipped, Reason: `depends on "clean", which failed`},
			{Name: "off", Status: component.StatusDisabled, Reason: "disabled in the pipeline"},
			{Name: "late", Status: component.StatusCancelled, Reason: "the run was interrupted: context canceled"},
		},
		Err:        &pipeline.RunError{Pipeline: "orders", RunID: "r1", Status: pipeline.StatusFailed, Errs: []error{&pipeline.ComponentError{Component: "clean", Type: "sql", Err: cause}}},
		Warnings:   []error{errors.New("close: late")},
		HookErrors: []error{errors.New("hook panicked")},
	}
}

func TestRunResults(t *testing.T) {
	t.Parallel()
	out := artifact.NewRunResults(failed(), &pipeline.Pipeline{Version: "3", Environment: "prod"})
	requireFits(t, artifact.RunResultsSchema(), out)
	require.WithinDuration(t, time.Now(), out.GeneratedAt, time.Minute)
	require.Equal(t, artifact.Counts{Succeeded: 1, Failed: 1, Skipped: 1, Disabled: 1, Cancelled: 1}, out.Counts)
	require.Equal(t, "3 prod", out.Version+" "+out.Environment)
	require.Equal(t, "2026-07-01T12:00:00Z", out.Started.Format(time.RFC3339Nano), "UTC")
	require.Equal(t, "2026-07-01T12:01:30Z", out.Ended.Format(time.RFC3339Nano))
	require.InDelta(t, 90000, out.DurationMS, 0)

	clean := out.Components[1]
	require.InDelta(t, 1.5, clean.DurationMS, 0)
	require.Equal(t, "2026-07-01T12:00:01.0015Z", clean.Ended.Format(time.RFC3339Nano))
	require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", clean.Error.Class)
	require.Equal(t, "42P01 Internal op-1", clean.Error.SQLState+" "+clean.Error.GRPCCode+" "+clean.Error.OperationID)
	require.Equal(t, failed().Components[1].Err.Error(), clean.Error.Message, "the text of the result")
	require.Equal(t, failed().Err.Error(), out.Error.Message)
	require.Nil(t, out.Components[2].Started)
	require.Nil(t, out.Components[2].Error)
}

func TestRunResultsOfLittle(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]*pipeline.Result{
		"nothing":                nil,
		"no components":          {Pipeline: "p", RunID: "r", Status: pipeline.StatusSucceeded},
		"a clock that goes back": {Status: pipeline.StatusSucceeded, Duration: -time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := requireFits(t, artifact.RunResultsSchema(), artifact.NewRunResults(result, nil))
			require.Contains(t, string(text), `"components":[]`)
		})
	}
}

func TestEveryStatusFitsTheSchema(t *testing.T) {
	t.Parallel()
	for _, status := range []pipeline.Status{pipeline.StatusSucceeded, pipeline.StatusFailed, pipeline.StatusPartlyFailed, pipeline.StatusInterrupted} {
		requireFits(t, artifact.RunResultsSchema(), artifact.NewRunResults(&pipeline.Result{Status: status}, nil))
	}
}

func TestRunResultsOfRealRuns(t *testing.T) {
	t.Parallel()
	broken := component.Func("b", func(context.Context, component.Runtime) error { return errors.New("bad \x00 bytes \xff <&>") })
	p, err := pipeline.New("p", pipeline.Step{Name: "a", Component: component.Func("a", nil)}, pipeline.Step{Name: "b", Component: broken})
	require.NoError(t, err)
	runner, err := pipeline.NewSimplePipelineRunner(nil, nil)
	require.NoError(t, err)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ctx := range []context.Context{t.Context(), ended} {
		result, _ := runner.Run(ctx, p)
		text := requireFits(t, artifact.RunResultsSchema(), artifact.NewRunResults(result, p))
		require.True(t, json.Valid(text))
	}
}
