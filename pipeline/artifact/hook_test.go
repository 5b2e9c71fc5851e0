package artifact_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/hookstest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
)

type bundle struct {
	dir  string
	p    *pipeline.Pipeline
	hook *artifact.Hook
}

func (b *bundle) run(ctx context.Context, tb testing.TB, opts pipeline.RunnerOptions) *pipeline.Result {
	tb.Helper()
	opts.RunID = "r1"
	opts.Hooks = append([]hooks.PipelineHooks{b.hook}, opts.Hooks...)
	runner, err := pipeline.NewSimplePipelineRunner(nil, &opts)
	require.NoError(tb, err)
	result, _ := runner.Run(ctx, b.p)
	return result
}

func (b *bundle) results(tb testing.TB) *artifact.RunResults {
	tb.Helper()
	out, err := artifact.ReadRunResults(filepath.Join(b.dir, artifact.RunResultsFile))
	require.NoError(tb, err)
	requireFits(tb, artifact.RunResultsSchema(), out)
	return out
}

func setup(tb testing.TB, steps ...pipeline.Step) *bundle {
	tb.Helper()
	p, err := pipeline.New("p", steps...)
	require.NoError(tb, err)
	dir := filepath.Join(tb.TempDir(), "deep", "target")
	hook, err := artifact.NewHook(dir, p, &artifact.HookOptions{GeneratedBy: "me v1"})
	require.NoError(tb, err)
	return &bundle{dir, p, hook}
}

func does(name string, run component.RunFunc) pipeline.Step {
	return pipeline.Step{Name: name, Component: component.Func(name, run)}
}

func TestHookWritesBoth(t *testing.T) {
	t.Parallel()
	var b *bundle
	b = setup(t, does("a", func(context.Context, component.Runtime) error {
		manifest, err := artifact.ReadManifest(filepath.Join(b.dir, artifact.ManifestFile))
		require.NoError(t, err, "it is there before the first component starts")
		require.Equal(t, []string{"p", "r1", "me v1", "a"}, []string{manifest.Pipeline, manifest.RunID, manifest.GeneratedBy, manifest.Steps[0].Name})
		require.NoFileExists(t, filepath.Join(b.dir, artifact.RunResultsFile), "that of an earlier run is gone")
		return nil
	}))
	for range 2 {
		require.NoError(t, b.hook.Complete(b.run(t.Context(), t, pipeline.RunnerOptions{})))
		out := b.results(t)
		require.Equal(t, "succeeded", out.Status)
		require.Equal(t, "me v1", out.GeneratedBy)
		require.False(t, out.Started.IsZero())
	}
	left, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "nothing else is left")
}

func TestResultsAreWrittenWhateverHappens(t *testing.T) {
	t.Parallel()
	needsSpark := does("a", func(ctx context.Context, rt component.Runtime) error {
		_, err := dataflow.SessionOf(ctx, rt)
		return err
	})
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	tests := map[string]struct {
		step       pipeline.Step
		ctx        context.Context
		opts       pipeline.RunnerOptions
		want, text string
	}{
		"a failure":   {step: does("a", func(context.Context, component.Runtime) error { return errors.New("broken") }), want: "failed", text: "broken"},
		"a panic":     {step: does("a", func(context.Context, component.Runtime) error { panic("boom") }), want: "failed", text: "panic: boom"},
		"interrupted": {step: does("a", nil), ctx: ended, want: "interrupted", text: "enough"},
		"no Spark": {step: needsSpark, want: "failed", text: "nobody listens", opts: pipeline.RunnerOptions{
			OpenSession: func(context.Context, *pipeline.Pipeline) (*dataflow.Session, error) {
				return nil, errors.New("nobody listens")
			},
		}},
		"a veto": {step: does("a", nil), want: "failed", text: "not today", opts: pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{
			hooks.Funcs{BeforePipelineFunc: func(ctx context.Context, _ hooks.PipelineStart) (context.Context, error) {
				return ctx, errors.New("not today")
			}},
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, test.step)
			ctx := test.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			result := b.run(ctx, t, test.opts)
			require.NoError(t, b.hook.Complete(result))
			out := b.results(t)
			require.Equal(t, test.want, out.Status)
			require.Contains(t, out.Error.Message, test.text)
			require.Equal(t, result.Err.Error(), out.Error.Message)
		})
	}
}

func TestCompleteAddsThePanicsOfHooks(t *testing.T) {
	t.Parallel()
	b := setup(t, does("a", nil))
	boom := hooks.Funcs{Name: "boom", AfterPipelineFunc: func(context.Context, hooks.PipelineEnd) { panic("boom") }}
	result := b.run(t.Context(), t, pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{boom}})
	require.Empty(t, b.results(t).HookErrors, "the hook cannot know them")
	require.NoError(t, b.hook.Complete(result))
	require.Equal(t, []string{`hook "boom": AfterPipeline: panic: boom`}, b.results(t).HookErrors)
}

func TestAFolderThatCannotBeMadeVetoesTheRun(t *testing.T) {
	t.Parallel()
	b := setup(t, does("a", func(context.Context, component.Runtime) error {
		require.Fail(t, "it must not run")
		return nil
	}))
	require.NoError(t, os.MkdirAll(filepath.Dir(b.dir), 0o755))
	require.NoError(t, os.WriteFile(b.dir, nil, 0o600), "a file stands there")
	result := b.run(t.Context(), t, pipeline.RunnerOptions{})
	require.Equal(t, pipeline.StatusFailed, result.Status)
	require.ErrorContains(t, result.Err, `vetoed by hook "artifact": write the manifest: mkdir `+b.dir+": not a directory")
	require.ErrorContains(t, b.hook.Err(), "write the run results: mkdir "+b.dir)
}

func TestResultsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	var b *bundle
	b = setup(t, does("a", func(context.Context, component.Runtime) error {
		return os.Mkdir(filepath.Join(b.dir, artifact.RunResultsFile), 0o700)
	}))
	result := b.run(t.Context(), t, pipeline.RunnerOptions{})
	require.NoError(t, result.Err, "the work is done")
	require.ErrorContains(t, b.hook.Complete(result), "write the run results: rename ")
	left, err := os.ReadDir(b.dir)
	require.NoError(t, err)
	require.Len(t, left, 2, "the temporary file is gone")
}

func TestNewHookRefuses(t *testing.T) {
	t.Parallel()
	_, err := artifact.NewHook("", &pipeline.Pipeline{}, nil)
	require.EqualError(t, err, "new artifact hook: no folder is given")
	_, err = artifact.NewHook("target", nil, nil)
	require.ErrorIs(t, err, pipeline.ErrNoPipeline)
}

func TestHookContract(t *testing.T) {
	t.Parallel()
	hookstest.Run(t, func() hooks.PipelineHooks {
		hook, err := artifact.NewHook(t.TempDir(), &pipeline.Pipeline{Name: "contract"}, nil)
		require.NoError(t, err)
		return hook
	})
}
