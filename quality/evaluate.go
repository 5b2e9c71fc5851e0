package quality

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Options say how a suite is evaluated. Nil is the defaults.
type Options struct {
	// Pipeline and Subject say whose rows they are: they go into the report, and a
	// [Drift] looks for the last report with them.
	Pipeline, Subject string
	// History has the earlier reports. Only a [Drift] needs it; nothing is added to
	// it here.
	History History
	// Clock tells the time for a [Freshness]; nil is the clock of the server. The
	// times in reports are those of this machine.
	Clock func() time.Time
	// Parallel is how many queries of checks of their own run at a time; default
	// DefaultParallel.
	Parallel int

	_ struct{}
}

// DefaultParallel is how many queries run at a time.
const DefaultParallel = 2

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Parallel < 1 {
		out.Parallel = DefaultParallel
	}
	return out
}

// now is the time of the clock, zero for that of the server.
func (o Options) now() time.Time {
	if o.Clock == nil {
		return time.Time{}
	}
	return o.Clock()
}

// evaluation is one evaluation of a suite on one frame.
type evaluation struct {
	spark   *dataflow.Session
	df      sql.DataFrame
	opts    Options
	def     schema.Definition
	started time.Time

	probes  []*probe // of all rules, in their order
	queries *queries

	mu     sync.Mutex
	passes int
	// last is what History has, once it was asked.
	asked     sync.Once
	last      *Report
	lastFault error
}

// newEvaluation reads the schema of the frame, in one round trip, and prepares the
// rules. What is wrong with a rule stays with the rule.
func newEvaluation(ctx context.Context, s Suite, spark *dataflow.Session, df sql.DataFrame, opts *Options) (*evaluation, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	e := &evaluation{spark: spark, df: df, opts: opts.withDefaults(), started: time.Now(), queries: newQueries()}
	def, err := dataflow.SchemaOf(ctx, df)
	if err != nil {
		return nil, fmt.Errorf("check the quality of %s: %w", e.subject(), err)
	}
	e.def = def
	now := e.opts.now()
	for _, r := range s.Rules {
		e.probes = append(e.probes, newProbe(newTarget(def, r, now)))
	}
	return e, nil
}

func (e *evaluation) subject() string {
	if e.opts.Subject == "" {
		return "a DataFrame"
	}
	return e.opts.Subject
}

// Evaluate looks at the rows of df and reports on every rule, those that failed and
// those that could not be evaluated included. It blocks for one query for all rules
// together and one more for each check that says so in its documentation, beside
// one round trip for the schema.
//
// The error says that nothing is known: the suite is not valid, the frame cannot be
// read, or ctx has ended. Whether rows are good says [Report.Err].
func (s Suite) Evaluate(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, opts *Options) (*Report, error) {
	e, err := newEvaluation(ctx, s, spark, df, opts)
	if err != nil {
		return nil, err
	}
	if err := e.measure(ctx, e.measured()); err != nil {
		return nil, fmt.Errorf("check the quality of %s: %w", e.subject(), err)
	}
	return e.finish(ctx)
}

// measured are the probes that have metrics.
func (e *evaluation) measured() []*probe {
	var out []*probe
	for _, p := range e.probes {
		if p.err == nil && len(p.metrics) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// finish runs the queries of single checks and judges.
func (e *evaluation) finish(ctx context.Context) (*Report, error) {
	if err := e.runQueries(ctx); err != nil {
		return nil, fmt.Errorf("check the quality of %s: %w", e.subject(), err)
	}
	r := &Report{Pipeline: e.opts.Pipeline, Subject: e.opts.Subject, Started: e.started, Passes: e.passes}
	for _, p := range e.probes {
		r.Results = append(r.Results, p.result())
	}
	r.Duration = time.Since(e.started)
	return r, nil
}

// result judges. What is not known has failed.
func (p *probe) result() Result {
	r := Result{Rule: p.rule.name(), Kind: p.rule.Check.Kind(), Check: p.rule.Check.String(), Action: p.rule.action()}
	v, err := verdict{}, p.err
	if err == nil {
		v, err = p.judge(p.values)
	}
	if err == nil && v.status != StatusPassed && v.status != StatusFailed {
		err = errors.New("there is no judgement")
	}
	if err != nil {
		r.Status, r.Message = StatusError, "it cannot be evaluated: "+explain(err)
		if c, ok := p.rule.Check.(interface{ hint() string }); ok && ofSpark(err) {
			r.Message += "; " + c.hint()
		}
		return r
	}
	r.Status, r.Rows, r.Bad, r.Values, r.Message = v.status, v.rows, v.bad, reportable(v.values), v.message
	return r
}

// lastReport asks the history, once for all rules.
func (e *evaluation) lastReport(ctx context.Context) (*Report, error) {
	e.asked.Do(func() { e.last, e.lastFault = e.opts.History.Last(ctx, e.opts.Pipeline, e.opts.Subject) })
	return e.last, e.lastFault
}

// count notes a query that was run for the checks alone.
func (e *evaluation) count() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.passes++
}

func ofSpark(err error) bool {
	var spark *component.SparkError
	return errors.As(err, &spark)
}

// ofRule reports whether an error of a query is about what was asked, and not about
// the connection, the server's resources or the caller.
func ofRule(ctx context.Context, err error) bool {
	var spark *component.SparkError
	if ctx.Err() != nil || !errors.As(err, &spark) {
		return false
	}
	if len(spark.SQLState) < 2 {
		return spark.Code == "Internal" || spark.Code == "Unknown" || spark.Code == "InvalidArgument"
	}
	switch spark.SQLState[:2] {
	case "08", "28", "40", "53", "57", "58", "HY":
		return false
	}
	return true
}
