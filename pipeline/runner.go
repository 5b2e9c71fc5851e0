package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// Runner runs pipelines.
type Runner interface {
	// Run blocks until the run is over. It returns a result in every case, and an
	// error exactly when the status of the result is not [StatusSucceeded].
	Run(ctx context.Context, p *Pipeline) (*Result, error)
}

// SimplePipelineRunner runs the components of a pipeline in this process. It is safe for concurrent use.
type SimplePipelineRunner struct {
	spark       *dataflow.Session
	openSession func(ctx context.Context, p *Pipeline) (*dataflow.Session, error)
	hooks       hooks.PipelineHooks
	logger      *zap.Logger
	runID       string
	output      io.Writer
	now         func() time.Time
	breakers    *resilience.Breakers
	checkpoint  *CheckpointOptions
	selection   *Selection
	secrets     SecretResolver
	quality     quality.Reporter
}

var _ Runner = (*SimplePipelineRunner)(nil)

// RunnerOptions configures [NewSimplePipelineRunner]. Nil means defaults.
type RunnerOptions struct {
	// Hooks hear of every run; see [hooks.Join] for their order. Nil entries are
	// left out. Default none.
	Hooks []hooks.PipelineHooks
	// Logger gets the warnings of the runner and is handed to the components with
	// the fields run_id, pipeline and component. Nil is silent. For lines about
	// the run itself add [hooks.NewLogging] to Hooks.
	Logger *zap.Logger
	// RunID identifies the run in logs, results and Spark tags. It must not hold
	// white space, control characters, commas, slashes or backslashes, nor be
	// longer than [MaxRunIDLength] bytes. Empty, the default, means a new UUID for
	// each run.
	RunID string
	// OpenSession opens the session of a run. It is called at most once a run and
	// only when no session is given to the runner and a component needs one; the
	// runner closes what it returned. [Opener.Open] is such a function. Nil, the
	// default, means that there is no session.
	OpenSession func(ctx context.Context, p *Pipeline) (*dataflow.Session, error)
	// Output is where components print what people are meant to read; see
	// [component.Runtime.Output]. Nil is the standard output.
	Output io.Writer
	// Breakers are the circuit breakers of the runs; nil, the default, are new ones
	// that this runner keeps from run to run. Give the same to several runners to
	// share them.
	Breakers *resilience.Breakers
	// Checkpoint makes runs resumable; nil keeps no records.
	Checkpoint *CheckpointOptions
	// Select runs a part of each pipeline; nil runs all of it.
	Select *Selection
	// Secrets resolves the references to secrets in the settings of components. Nil
	// resolves what the block "secrets" of a file and the providers env, file and
	// exec can.
	Secrets SecretResolver
	// Quality is told of every report on checks, beside what the pipeline says. Nil
	// is nobody; the reports are in the result in any case.
	Quality quality.Reporter
	// Now is the clock; nil means [time.Now].
	Now func() time.Time

	_ struct{}
}

// MaxRunIDLength is the length of the longest run id in bytes.
const MaxRunIDLength = 128

// NewSimplePipelineRunner returns a runner for pipelines on session. The runner
// does not close it. A nil session means [RunnerOptions.OpenSession], or no
// Spark at all when that is nil too: pipelines in which nothing needs Spark run
// all the same.
func NewSimplePipelineRunner(session *dataflow.Session, opts *RunnerOptions) (*SimplePipelineRunner, error) {
	if opts == nil {
		opts = &RunnerOptions{}
	}
	if err := checkRunID(opts.RunID); err != nil {
		return nil, fmt.Errorf("new pipeline runner: %w", err)
	}
	r := &SimplePipelineRunner{
		spark:       session,
		openSession: opts.OpenSession,
		hooks:       hooks.Join(opts.Hooks...),
		logger:      cmp.Or(opts.Logger, zap.NewNop()),
		runID:       opts.RunID,
		output:      opts.Output,
		now:         opts.Now,
		breakers:    opts.Breakers,
		checkpoint:  opts.Checkpoint,
		selection:   opts.Select,
		secrets:     opts.Secrets,
		quality:     opts.Quality,
	}
	if r.checkpoint != nil && r.checkpoint.Store == nil {
		return nil, errors.New("new pipeline runner: the checkpoints have no store")
	}
	if r.breakers == nil {
		r.breakers = resilience.NewBreakers(&resilience.BreakerOptions{Logger: r.logger})
	}
	if r.now == nil {
		r.now = time.Now
	}
	return r, nil
}

func checkRunID(id string) error {
	if len(id) > MaxRunIDLength {
		return fmt.Errorf("run id %.16q... is longer than %d bytes", id, MaxRunIDLength)
	}
	if i := strings.IndexFunc(id, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`,/\`, r)
	}); i >= 0 {
		return fmt.Errorf("run id %q: the character at byte %d is not allowed; "+
			"use letters, digits, dots, dashes and underscores", id, i)
	}
	return nil
}

// Run runs p: it tells the hooks, checks the pipeline, opens the session when a
// component needs one, runs the components in the order of their dependencies,
// closes what it opened, and tells the hooks again. It blocks until all of this
// is done.
//
// The result is never nil. The error is nil exactly when the status of the
// result is [StatusSucceeded], and a [*RunError] otherwise; it is also in the
// result. When ctx ends, the running component is told through its context, no
// other one is started, and the error wraps [context.Cause] of ctx.
func (r *SimplePipelineRunner) Run(ctx context.Context, p *Pipeline) (*Result, error) {
	run := r.newRun(p)
	if p == nil {
		run.errs = append(run.errs, ErrNoPipeline)
		run.settle(ctx)
		return run.conclude()
	}
	locked := run.openBook(ctx)
	ctx = hooks.WithPanicReport(ctx, run.hookPanicked)
	ctx, err := r.hooks.BeforePipeline(ctx, run.start())
	switch {
	case err != nil:
		run.abort(ctx, err, "a hook vetoed the run")
	case locked != nil:
		run.abort(ctx, locked, "the checkpoint is not to be had")
	default:
		run.components(ctx)
	}
	run.settle(ctx)
	run.closeBook(ctx)
	run.tellEnd(ctx)
	return run.conclude()
}

func (r *SimplePipelineRunner) newRun(p *Pipeline) *run {
	run := &run{runner: r, pipeline: p, result: &Result{RunID: r.newID(), Started: r.now()}}
	if p != nil {
		run.left, run.rebuilt = make([]string, len(p.Steps)), make([]*Step, len(p.Steps))
		run.result.Pipeline = p.Name
		run.result.Components = make([]component.Result, 0, len(p.Steps))
		run.total = p.total()
		run.vault = r.vaultFor(p)
		run.session = r.sessionFor(p, run.vault)
	}
	return run
}
