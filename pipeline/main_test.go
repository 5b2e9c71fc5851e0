package pipeline_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func TestMain(m *testing.M) {
	if os.Getenv(envVictim) != "" {
		os.Exit(victim())
	}
	goleak.VerifyTestMain(m)
}

// errBroken is what components fail with.
var errBroken = errors.New("broken")

// does returns a step that calls run; nil succeeds.
func does(name string, run component.RunFunc, deps ...string) pipeline.Step {
	return pipeline.Step{Name: name, Component: component.Func(name, run), DependsOn: deps}
}

// works returns a step that succeeds.
func works(name string, deps ...string) pipeline.Step { return does(name, nil, deps...) }

// breaks returns a step that fails with errBroken.
func breaks(name string, deps ...string) pipeline.Step {
	return does(name, func(context.Context, component.Runtime) error { return errBroken }, deps...)
}

// off returns the step disabled.
func off(step pipeline.Step) pipeline.Step {
	step.Disabled = true
	return step
}

// newPipeline returns a valid pipeline called p.
func newPipeline(tb testing.TB, steps ...pipeline.Step) *pipeline.Pipeline {
	tb.Helper()
	p, err := pipeline.New("p", steps...)
	require.NoError(tb, err)
	return p
}

// newRunner returns a runner without Spark whose runs are called r1.
func newRunner(tb testing.TB, opts pipeline.RunnerOptions) *pipeline.SimplePipelineRunner {
	tb.Helper()
	if opts.RunID == "" {
		opts.RunID = "r1"
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &opts)
	require.NoError(tb, err)
	return runner
}

// fates lists what became of the components, for example
// `b skipped: depends on "a", which failed`.
func fates(result *pipeline.Result) []string {
	out := make([]string, 0, len(result.Components))
	for _, c := range result.Components {
		line := c.Name + " " + c.Status.String()
		if c.Reason != "" {
			line += ": " + c.Reason
		}
		out = append(out, line)
	}
	return out
}

// mustKeepPromise checks what holds for every run.
func mustKeepPromise(tb testing.TB, p *pipeline.Pipeline, result *pipeline.Result, err error) {
	tb.Helper()
	require.NotNil(tb, result)
	require.Equal(tb, result.Err, err)
	require.Equal(tb, result.Status == pipeline.StatusSucceeded, err == nil)
	if err != nil {
		var runError *pipeline.RunError
		require.ErrorAs(tb, err, &runError)
		require.Equal(tb, result.Status, runError.Status)
	}
	if p != nil {
		require.Len(tb, result.Components, len(p.Steps), "every step has a result")
	}
}
