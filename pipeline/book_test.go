package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// diary counts what its steps do, over several runs.
type diary struct {
	ran []string
	// broken are the steps that fail.
	broken map[string]error
}

func (d *diary) step(name string, effect dataflow.Effect, outputs []dataflow.Dataset, deps ...string) pipeline.Step {
	step := does(name, func(context.Context, component.Runtime) error {
		d.ran = append(d.ran, name)
		return d.broken[name]
	}, deps...)
	step.Component = described{step.Component, dataflow.Lineage{Effect: effect, Outputs: outputs}}
	return step
}

// took returns what ran since the last call.
func (d *diary) took() string {
	ran := strings.Join(d.ran, " ")
	d.ran = nil
	return ran
}

func newStore(t *testing.T) *checkpoint.FileStore {
	t.Helper()
	store, err := checkpoint.NewFileStore(t.TempDir())
	require.NoError(t, err)
	return store
}

// resumable is a runner for the run "nightly".
func resumable(t *testing.T, store checkpoint.Store, change ...func(*pipeline.CheckpointOptions)) *pipeline.SimplePipelineRunner {
	t.Helper()
	options := &pipeline.CheckpointOptions{Store: store}
	for _, f := range change {
		f(options)
	}
	id := "nightly"
	if options.Resume == pipeline.ResumeLatest {
		id = ""
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{RunID: id, Checkpoint: options})
	require.NoError(t, err)
	return runner
}

func states(t *testing.T, store checkpoint.Store) []string {
	t.Helper()
	record, err := store.Load(t.Context(), "nightly")
	require.NoError(t, err)
	out := []string{string(record.Status)}
	for _, c := range record.Components {
		out = append(out, fmt.Sprintf("%s %s", c.Name, c.State))
	}
	return out
}

func TestRunGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{broken: map[string]error{"save": errBroken}}
	p := newPipeline(t,
		d.step("read", dataflow.EffectNone, data("view orders")),
		d.step("archive", dataflow.EffectRepeats, data("path /archive"), "read"),
		d.step("sum", dataflow.EffectNone, data("view sums"), "read"),
		d.step("save", dataflow.EffectRepeats, data("table t"), "sum", "archive"),
		d.step("mail", dataflow.EffectRepeats, nil, "save"))
	_, err := resumable(t, store).Run(t.Context(), p)
	require.Error(t, err)
	require.Equal(t, "read archive sum save", d.took())
	require.Equal(t, []string{"failed", "read succeeded", "archive succeeded", "sum succeeded", "save failed", "mail skipped"}, states(t, store))

	// The second failure loses nothing, and the views are there again.
	_, err = resumable(t, store).Run(t.Context(), p)
	require.Error(t, err)
	require.Equal(t, "read sum save", d.took())
	require.Equal(t, []string{"failed", "read succeeded", "archive succeeded", "sum succeeded", "save failed", "mail skipped"}, states(t, store))

	d.broken = nil
	result, err := resumable(t, store).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "read sum save mail", d.took())
	require.Equal(t, []string{
		"read succeeded: ", "archive skipped: it succeeded before in this run", "sum succeeded: ", "save succeeded: ", "mail succeeded: ",
	}, statuses(result))
	require.Equal(t, []string{"succeeded", "read succeeded", "archive succeeded", "sum succeeded", "save succeeded", "mail succeeded"}, states(t, store))
	record, err := store.Load(t.Context(), "nightly")
	require.NoError(t, err)
	require.Equal(t, 3, record.Component("save").Attempts)
	require.Equal(t, []checkpoint.Output{{Kind: checkpoint.OutputTable, Name: "t"}}, record.Component("save").Outputs)

	// There is nothing left to do.
	result, err = resumable(t, store).Run(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, d.took())
	require.Len(t, result.Components, 5)
}

func TestGoingOnAfterSeveralFailures(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{broken: map[string]error{"b": errBroken, "d": errBroken}}
	p := newPipeline(t, d.step("a", dataflow.EffectRepeats, nil), d.step("b", dataflow.EffectRepeats, nil),
		d.step("c", dataflow.EffectRepeats, nil), d.step("d", dataflow.EffectRepeats, nil), d.step("e", dataflow.EffectRepeats, nil, "d"))
	p.FailFast = false
	_, err := resumable(t, store).Run(t.Context(), p)
	require.Error(t, err)
	require.Equal(t, "a b c d", d.took())
	require.Equal(t, []string{"partly_failed", "a succeeded", "b failed", "c succeeded", "d failed", "e skipped"}, states(t, store))
	d.broken = nil
	_, err = resumable(t, store).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "b d e", d.took())
}

func TestChangedPipelineIsNotResumed(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{broken: map[string]error{"b": errBroken}}
	steps := []pipeline.Step{d.step("a", dataflow.EffectRepeats, nil), d.step("b", dataflow.EffectRepeats, nil, "a")}
	_, err := resumable(t, store).Run(t.Context(), newPipeline(t, steps...))
	require.Error(t, err)
	before := states(t, store)
	d.took()
	d.broken = nil
	steps[0].Fingerprint = "other settings"
	changed := newPipeline(t, append(steps, works("c"))...)
	result, err := resumable(t, store).Run(t.Context(), changed)
	require.ErrorIs(t, err, checkpoint.ErrChanged)
	require.Equal(t, pipeline.StatusFailed, result.Status)
	require.Empty(t, d.took())
	require.Equal(t, before, states(t, store), "the record is as it was")

	_, err = resumable(t, store, func(o *pipeline.CheckpointOptions) { o.AllowChanges = true }).Run(t.Context(), changed)
	require.NoError(t, err)
	require.Equal(t, "a b", d.took())
	require.Equal(t, []string{"succeeded", "a succeeded", "b succeeded", "c succeeded"}, states(t, store))
}

func TestTwoRunnersOfOneRun(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	p := newPipeline(t, does("a", func(context.Context, component.Runtime) error {
		close(begun)
		<-goOn
		return nil
	}))
	first := make(chan error)
	go func() {
		_, err := resumable(t, store).Run(t.Context(), p)
		first <- err
	}()
	<-begun
	_, err := resumable(t, store).Run(t.Context(), newPipeline(t, works("a")))
	require.ErrorIs(t, err, checkpoint.ErrLocked)
	require.ErrorContains(t, err, `run "nightly" is locked by process `)
	close(goOn)
	require.NoError(t, <-first)
}

// killed leaves a record behind as a process does that is killed while it runs
// the component.
func killed(t *testing.T, store checkpoint.Store, p *pipeline.Pipeline, name string, change func(*checkpoint.Component)) {
	t.Helper()
	stop := errors.New("killed")
	var runs atomic.Int32
	for i := range p.Steps {
		if p.Steps[i].Name == name {
			inner := p.Steps[i].Component
			defer func() { p.Steps[i].Component = inner }()
			p.Steps[i].Component = described{does(name, func(context.Context, component.Runtime) error {
				runs.Add(1)
				return stop
			}).Component, inner.(described).lineage}
		}
	}
	_, err := resumable(t, store).Run(t.Context(), p)
	require.ErrorIs(t, err, stop)
	record, err := store.Load(t.Context(), "nightly")
	require.NoError(t, err)
	record.Status = checkpoint.StatusRunning
	c := record.Component(name)
	c.State, c.Error, c.Ended = checkpoint.StateRunning, "", time.Time{}
	if change != nil {
		change(c)
	}
	require.NoError(t, store.Save(t.Context(), record))
}

func TestComponentOfAKilledProcess(t *testing.T) {
	t.Parallel()
	sent := func(c *checkpoint.Component) { c.Operations = []string{"op-1"} }
	for _, tc := range []struct {
		name   string
		effect dataflow.Effect
		change func(*checkpoint.Component)
		unsafe bool
		again  bool
	}{
		{"an overwrite runs again", dataflow.EffectIdempotent, sent, false, true},
		{"a reader runs again", dataflow.EffectNone, sent, false, true},
		{"an append that was sent is not repeated", dataflow.EffectRepeats, sent, false, false},
		{"an append that only staged its rows runs again", dataflow.EffectRepeats, func(c *checkpoint.Component) { c.Aside = []string{"op-1"} }, false, true},
		{"an append outside of Spark is not repeated", dataflow.EffectRepeats, nil, false, false},
		{"unknown code that sent nothing runs again", dataflow.EffectUnknown, nil, false, true},
		{"unknown code that sent something does not", dataflow.EffectUnknown, sent, false, false},
		{"unless the user says that it may", dataflow.EffectRepeats, sent, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			store, d := newStore(t), &diary{}
			p := newPipeline(t, d.step("a", dataflow.EffectRepeats, nil), d.step("b", tc.effect, data("table db.t"), "a"))
			p.Steps[1].RetryUnsafe = tc.unsafe
			killed(t, store, p, "b", tc.change)
			d.took()
			_, err := resumable(t, store).Run(t.Context(), p)
			if tc.again {
				require.NoError(t, err)
				require.Equal(t, "b", d.took())
				return
			}
			var unknown *pipeline.UnknownOutcomeError
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, "b", unknown.Component)
			require.ErrorContains(t, err, "look at table db.t and decide: resume with --done b if the work is there, with --rerun b if it is not")
			require.Empty(t, d.took(), "nothing has run")
			require.Equal(t, []string{"running", "a succeeded", "b running"}, states(t, store))
		})
	}
}

func TestDecisionsAboutUnknownOutcomes(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		store, d := newStore(t), &diary{}
		p := newPipeline(t, d.step("a", dataflow.EffectRepeats, data("table t")), d.step("b", dataflow.EffectRepeats, nil, "a"))
		killed(t, store, p, "a", func(c *checkpoint.Component) { c.Operations = []string{"op-1"} })
		d.took()
		_, err := resumable(t, store, func(o *pipeline.CheckpointOptions) { o.Done = []string{"x"} }).Run(t.Context(), p)
		require.ErrorContains(t, err, `the run has no component "x"`)
		result, err := resumable(t, store, func(o *pipeline.CheckpointOptions) {
			if again {
				o.Rerun = []string{"a"}
			} else {
				o.Done = []string{"a"}
			}
		}).Run(t.Context(), p)
		require.NoError(t, err)
		if again {
			require.Equal(t, "a b", d.took())
		} else {
			require.Equal(t, "b", d.took())
			require.Equal(t, "a skipped: it succeeded before in this run", statuses(result)[0])
		}
		require.Equal(t, []string{"succeeded", "a succeeded", "b succeeded"}, states(t, store))
	}
}

func TestWriteWithoutAKnownEndIsNotRepeatedLater(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{broken: map[string]error{"a": fmt.Errorf("write: %w", dataflow.ErrOutcomeUnknown)}}
	p := newPipeline(t, d.step("a", dataflow.EffectRepeats, nil))
	_, err := resumable(t, store).Run(t.Context(), p)
	require.ErrorIs(t, err, dataflow.ErrOutcomeUnknown)
	require.Equal(t, []string{"failed", "a running"}, states(t, store))
	d.took()
	_, err = resumable(t, store).Run(t.Context(), p)
	var unknown *pipeline.UnknownOutcomeError
	require.ErrorAs(t, err, &unknown)
	require.Empty(t, d.took())
}

func TestWhoWouldWriteAgainIsNotRebuilt(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{broken: map[string]error{"b": errBroken}}
	p := newPipeline(t, d.step("a", dataflow.EffectRepeats, data("view v", "table t")), d.step("b", dataflow.EffectNone, nil, "a"))
	_, err := resumable(t, store).Run(t.Context(), p)
	require.Error(t, err)
	record, err := store.Load(t.Context(), "nightly")
	require.NoError(t, err)
	record.Component("a").Operations = []string{"op-1"}
	require.NoError(t, store.Save(t.Context(), record))
	d.took()
	_, err = resumable(t, store).Run(t.Context(), p)
	require.ErrorContains(t, err, `component "a" would have to run again, since "b" needs its view "v"`)
	require.Empty(t, d.took())
}

func TestLatestRunGoesOn(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{broken: map[string]error{"b": errBroken}}
	latest := func(o *pipeline.CheckpointOptions) { o.Resume = pipeline.ResumeLatest }
	p := newPipeline(t, d.step("a", dataflow.EffectRepeats, nil), d.step("b", dataflow.EffectRepeats, nil, "a"))
	first, err := resumable(t, store, latest).Run(t.Context(), p)
	require.Error(t, err)
	require.Equal(t, "a b", d.took())
	d.broken = nil
	second, err := resumable(t, store, latest).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "b", d.took())
	require.Equal(t, first.RunID, second.RunID)
	third, err := resumable(t, store, latest).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "a b", d.took(), "the run before has succeeded")
	require.NotEqual(t, first.RunID, third.RunID)
}

func TestPoliciesOfResumption(t *testing.T) {
	t.Parallel()
	store, p := newStore(t), newPipeline(t, works("a"))
	set := func(policy pipeline.ResumePolicy) func(*pipeline.CheckpointOptions) {
		return func(o *pipeline.CheckpointOptions) { o.Resume = policy }
	}
	_, err := resumable(t, store, set(pipeline.ResumeOnly)).Run(t.Context(), p)
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	_, err = resumable(t, store, set(pipeline.ResumeNever)).Run(t.Context(), p)
	require.NoError(t, err)
	_, err = resumable(t, store, set(pipeline.ResumeNever)).Run(t.Context(), p)
	require.ErrorIs(t, err, pipeline.ErrRunExists)
	_, err = resumable(t, store, set(pipeline.ResumeOnly)).Run(t.Context(), p)
	require.NoError(t, err)
	other := newPipeline(t, works("a"))
	other.Name = "other"
	_, err = resumable(t, store).Run(t.Context(), other)
	require.ErrorContains(t, err, `the run is one of the pipeline "p", not of "other"`)
	_, err = resumable(t, store, func(o *pipeline.CheckpointOptions) { o.DeleteOnSuccess = true }).Run(t.Context(), p)
	require.NoError(t, err)
	_, err = store.Load(t.Context(), "nightly")
	require.ErrorIs(t, err, checkpoint.ErrNotFound)
	_, err = pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Checkpoint: &pipeline.CheckpointOptions{}})
	require.Error(t, err)
}

// fullStore fails from the n-th save on.
type fullStore struct {
	checkpoint.Store
	saves int
}

var errFull = errors.New("no space left on device")

func (s *fullStore) Save(ctx context.Context, r *checkpoint.Record) error {
	if s.saves--; s.saves < 0 {
		return errFull
	}
	return s.Store.Save(ctx, r)
}

func TestNothingStartsThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	for saves, want := range []string{"", "", "a", "a", "a b"} {
		d := &diary{}
		p := newPipeline(t, d.step("a", dataflow.EffectRepeats, nil), d.step("b", dataflow.EffectRepeats, nil, "a"))
		result, err := resumable(t, &fullStore{Store: newStore(t), saves: saves}).Run(t.Context(), p)
		require.Equal(t, want, d.took(), "%d saves", saves)
		if want != "a b" {
			require.ErrorIs(t, err, errFull)
			var fault *pipeline.CheckpointError
			require.ErrorAs(t, err, &fault)
			continue
		}
		require.NoError(t, err, "the work is done")
		require.NotEmpty(t, result.Warnings)
		require.ErrorIs(t, result.Warnings[0], errFull)
	}
}

// lostLock is lost at once.
type lostLock struct{ checkpoint.Store }

func (s lostLock) Lock(ctx context.Context, id string) (checkpoint.Lock, error) {
	lock, err := s.Store.Lock(ctx, id)
	lost := make(chan struct{})
	close(lost)
	return lockOf{lock, lost}, err
}

type lockOf struct {
	checkpoint.Lock
	lost chan struct{}
}

func (l lockOf) Lost() <-chan struct{} { return l.lost }

func TestRunEndsWhenItsLockIsLost(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, does("a", func(ctx context.Context, _ component.Runtime) error {
		<-ctx.Done()
		return ctx.Err()
	}))
	result, err := resumable(t, lostLock{newStore(t)}).Run(t.Context(), p)
	require.ErrorContains(t, err, "the lock of the run was lost")
	require.Equal(t, pipeline.StatusInterrupted, result.Status)
}

func TestInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{}
	ctx, cancel := context.WithCancel(t.Context())
	p := newPipeline(t, d.step("a", dataflow.EffectRepeats, nil), does("b", func(ctx context.Context, _ component.Runtime) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}, "a"), d.step("c", dataflow.EffectRepeats, nil, "b"))
	_, err := resumable(t, store).Run(ctx, p)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"interrupted", "a succeeded", "b failed", "c pending"}, states(t, store))
	p.Steps[1] = works("b", "a")
	d.took()
	_, err = resumable(t, store).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "c", d.took())
}

func TestBreakersAreKeptFromRunToRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newStore(t)
		runs := 0
		run := func(p *pipeline.Pipeline) error {
			runs++
			_, err := newRunner(t, pipeline.RunnerOptions{RunID: strconv.Itoa(runs), Checkpoint: &pipeline.CheckpointOptions{Store: store, KeepBreakers: true}}).Run(t.Context(), p)
			return err
		}
		bad := breaks("a")
		bad.Resilience = resilience.Config{Breaker: &resilience.BreakerConfig{Name: "db", FailureThreshold: 1, Timeout: time.Hour}}
		p := newPipeline(t, bad)
		require.ErrorIs(t, run(p), errBroken)
		require.ErrorIs(t, run(p), resilience.ErrOpen, "in a runner of its own")
	})
}

func TestManyHarmlessComponentsAreNotSavedOneByOne(t *testing.T) {
	t.Parallel()
	store := &fullStore{Store: newStore(t), saves: 1 << 30}
	d := &diary{}
	var steps []pipeline.Step
	for i := range 200 {
		steps = append(steps, d.step(fmt.Sprint("c", i), dataflow.EffectNone, nil))
	}
	_, err := resumable(t, store).Run(t.Context(), newPipeline(t, steps...))
	require.NoError(t, err)
	require.Greater(t, store.saves, 1<<30-50)
	require.Equal(t, 200, len(slices.DeleteFunc(states(t, store.Store), func(s string) bool { return !strings.HasSuffix(s, " succeeded") })))
}

// TestStreamOfAKilledProcessGoesOn starts a stream again whose start has succeeded:
// that says nothing about its end.
func TestStreamOfAKilledProcessGoesOn(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{}
	step := d.step("stream", dataflow.EffectRepeats, data("path /out"))
	lineage := step.Component.(described).lineage
	lineage.Continues = true
	step.Component = described{step.Component.(described).PipelineComponent, lineage}
	p := newPipeline(t, step)
	killed(t, store, p, "stream", func(c *checkpoint.Component) { c.Operations = []string{"op-1"} })
	d.took()
	_, err := resumable(t, store).Run(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "stream", d.took())
}

// TestLatestRunThatGoesOnIsLeftAlone begins a new run while another one has the
// latest.
func TestLatestRunThatGoesOnIsLeftAlone(t *testing.T) {
	t.Parallel()
	store, d := newStore(t), &diary{broken: map[string]error{"a": errBroken}}
	latest := func(o *pipeline.CheckpointOptions) { o.Resume = pipeline.ResumeLatest }
	p := newPipeline(t, d.step("a", dataflow.EffectRepeats, nil))
	first, err := resumable(t, store, latest).Run(t.Context(), p)
	require.Error(t, err)
	lock, err := store.Lock(t.Context(), first.RunID)
	require.NoError(t, err)
	defer func() { require.NoError(t, lock.Release(context.WithoutCancel(t.Context()))) }()
	d.broken = nil
	second, err := resumable(t, store, latest).Run(t.Context(), p)
	require.NoError(t, err)
	require.NotEqual(t, first.RunID, second.RunID)
	require.Equal(t, "a a", d.took())
}
