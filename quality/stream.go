package quality

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// StreamOptions are the settings of [NewStreamGate]. Nil and the zero value are the
// defaults.
type StreamOptions struct {
	// Name is what the observations of the gate are called on the server, unique among
	// the gates of a query; by default it is made up.
	Name string
	// Pipeline, RunID, Component, Attempt and Subject go into the reports. The subject
	// is what the stream writes; its user info and query are left out.
	Pipeline, RunID, Component, Subject string
	Attempt                             int
	// BeforeSink says that the rows go from the gate to the sink. What the sink
	// says that it has written is then held against what was counted.
	BeforeSink bool
	// Reporter is told of every batch, and at the end of each run of the query of
	// all batches until then; nil is nobody.
	Reporter Reporter
	// Warn is told why a report could not be written, which changes nothing else; nil
	// is nobody.
	Warn func(err error)
	// Now is the clock; default [time.Now].
	Now func() time.Time

	_ struct{}
}

// StreamGate checks the single rows of a stream. It is a transform of the stream, best
// the last one before the sink, and hears of the batches and of the end of the query
// (streaming.Watcher), so that it only has to stand among the transforms of a
// streaming pipeline:
//
//   - A rule of the action expect counts its bad rows, batch by batch. How many may be
//     bad (MaxBad, MaxBadShare) is judged for each batch.
//   - One of the action drop leaves them out and counts them.
//   - One of the action fail makes the query fail in the batch with a bad row, before
//     the sink commits anything of it. The error is a [*StreamError].
//
// The rules of the actions fail and expect look at the rows that are left. What is
// counted comes with the progress of each batch, with no query of its own. Counts
// that do not come, or cannot be right, are unknown and no pass; rows of the actions
// drop and fail are left out and refused all the same. Where a sink distributes the
// rows anew, Spark may compute them twice, and then the counts are too high.
//
// A gate serves one query, also over restarts. It is safe for concurrent use.
type StreamGate struct {
	suite  Suite
	opts   StreamOptions
	passed atomic.Bool

	mu     sync.Mutex
	plan   *streamPlan // of the last start
	last   Batch       // that was reported
	failed *Report     // of the last run
	total  *Report
	sums   []streamSum // of the rules
}

var _ dataflow.TransformChecker = (*StreamGate)(nil)

// NewStreamGate returns a gate for one query. It touches nothing and reports
// everything that cannot work whatever the rows are, such as rules on more than
// single rows.
func NewStreamGate(suite Suite, opts *StreamOptions) (*StreamGate, error) {
	if err := suite.ValidateStream(); err != nil {
		return nil, err
	}
	g := &StreamGate{suite: suite, last: Batch{ID: -1}, sums: make([]streamSum, len(suite.Rules))}
	if opts != nil {
		g.opts = *opts
	}
	g.opts.Name = cmp.Or(g.opts.Name, "quality_"+randomName())
	g.opts.Subject = withoutUser(g.opts.Subject)
	if g.opts.Now == nil {
		g.opts.Now = time.Now
	}
	return g, nil
}

// Passed reports whether a stream was handed to the gate.
func (g *StreamGate) Passed() bool { return g.passed.Load() }

// Totals sums up the batches that were reported so far, those before a restart of the
// query included. It is nil when there was none.
func (g *StreamGate) Totals() *Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.totals()
}

// ValidateStream reports the faults of the suite as [Suite.Validate] does, and of each
// rule why a stream cannot be checked for it.
func (s Suite) ValidateStream() error {
	faults := []error{s.Validate()}
	for _, rule := range s.Rules {
		if rule.Check == nil {
			continue
		}
		if reason := notOfStreams(rule); reason != "" {
			faults = append(faults, fmt.Errorf("rule %q: %s", rule.name(), reason))
		}
	}
	return errors.Join(faults...)
}

// notOfStreams says why a stream cannot be checked for a rule, and what to do
// instead; empty when it can.
func notOfStreams(rule Rule) string {
	switch {
	case !rule.RowByRow():
		instead := "check the table that the stream writes, with quality.checks at the root of a pipeline that runs beside it"
		if other, ok := insteadOf[rule.Check.Kind()]; ok {
			instead = other
		}
		return fmt.Sprintf("a stream has no end, so that only single rows can be checked, and %s is no check of single rows: %s; %s",
			rule.Check.Kind(), rule.notRowByRow(), instead)
	case rule.Action == ActionQuarantine:
		return "a streaming query has one sink, so that there is no second target to write bad rows to in the same step; " +
			"write drop, and take the bad rows from the same source with a second stream"
	case rule.action() == ActionFail && (rule.MaxBad != 0 || rule.MaxBadShare != 0):
		return "how many rows of a batch are bad is known when it is written already, so that the action fail refuses a batch at its first bad row; " +
			"leave max_bad and max_bad_share out, or write expect, which judges them for each batch"
	}
	return ""
}

// insteadOf says what to do instead of checks that want all rows, by their kind.
var insteadOf = map[string]string{
	"foreign_key": "join the other table in the query of the stream (LEFT JOIN) and write not_null for its key",
	"freshness":   "write of: every, or a range for the column, and look at the watermark and the lag of the stream",
	"schema":      "declare the columns at the source, which Spark holds the stream against when it starts",
	"sql":         "write a condition",
	"func":        "write a condition in SQL",
}

// tell hands a report to whoever is to have it.
func (g *StreamGate) tell(ctx context.Context, report *Report) {
	if g.opts.Reporter == nil {
		return
	}
	ctx, stop := releasing(ctx)
	defer stop()
	if err := g.opts.Reporter.Report(aside(ctx), report); err != nil && g.opts.Warn != nil {
		g.opts.Warn(err)
	}
}

// report begins a report.
func (g *StreamGate) report(batch Batch) *Report {
	subject := cmp.Or(g.opts.Subject, g.opts.Component, "a stream")
	return &Report{
		Pipeline: g.opts.Pipeline, RunID: g.opts.RunID, Component: g.opts.Component, Attempt: g.opts.Attempt,
		Subject: subject, Moment: MomentAfterComponent, Started: g.opts.Now(), Batch: &batch,
		Results: make([]Result, len(g.suite.Rules)),
	}
}
