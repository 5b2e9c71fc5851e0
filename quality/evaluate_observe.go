package quality

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Pending is the evaluation of a suite that goes along with the rows of a frame,
// made by [Suite.Observe]. It is safe for concurrent use.
type Pending struct {
	// Fallback is read by queries that have still to be run after the write; nil is
	// the frame that was observed. The rows as they were written need not be computed
	// again. It has the same columns. Set it before Report is called.
	Fallback sql.DataFrame

	mu         sync.Mutex
	evaluation *evaluation
	ride       *ride    // nil when nothing goes along
	others     []*probe // those that want metrics and do not go along
	report     *Report
}

// Observe returns a DataFrame with the rows of df that takes the measures of the
// suite while they are written or read, and the [Pending] that judges them then. The
// frame stands in for df once, in a query that needs all its rows and nothing of
// their order: a write. Checks that want a query of their own run it with
// [Pending.Report]. Of rules that fail with the first bad row only that goes along
// whether there is one; how many there are is counted then. Observe itself costs one
// round trip for the schema, one more when rules have SQL in them, and reads no rows.
//
// A condition in SQL that Spark cannot compute for some row, such as a division by
// zero, fails the write.
func (s Suite) Observe(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, opts *Options) (sql.DataFrame, *Pending, error) {
	e, err := newEvaluation(ctx, s, spark, df, opts)
	if err != nil {
		return nil, nil, err
	}
	p := &Pending{evaluation: e}
	frame, err := p.board(ctx, e.measured())
	if err != nil {
		return nil, nil, fmt.Errorf("observe the quality of %s: %w", e.subject(), err)
	}
	return frame, p, nil
}

// board lets as many probes go along as Spark takes: all, or else those that it
// takes by themselves.
func (p *Pending) board(ctx context.Context, probes []*probe) (sql.DataFrame, error) {
	df := p.evaluation.df
	if len(probes) == 0 {
		return df, nil
	}
	err := p.try(ctx, probes)
	if err != nil {
		if !ofRule(ctx, err) {
			return nil, err
		}
		if probes, err = p.able(ctx, probes); err != nil || len(probes) == 0 {
			return df, err
		}
	}
	r := newRide(probes)
	frame, err := r.observe(ctx, df)
	if err != nil {
		return nil, err
	}
	p.ride = r
	return frame, nil
}

// able sorts out the probes that cannot go along.
func (p *Pending) able(ctx context.Context, probes []*probe) ([]*probe, error) {
	err := p.try(ctx, probes)
	switch {
	case err == nil:
		return probes, nil
	case !ofRule(ctx, err):
		return nil, err
	case len(probes) == 1:
		p.others = append(p.others, probes...)
		return nil, nil
	}
	half := len(probes) / 2
	first, err := p.able(ctx, probes[:half])
	if err != nil {
		return nil, err
	}
	second, err := p.able(ctx, probes[half:])
	return slices.Concat(first, second), err
}

// try has Spark analyse probes in which users wrote SQL, so that no write breaks for
// what can be known before. Servers up to 4.1 give the metrics to whom they saw first
// with an observation, be it for an analysis: so it is one of its own.
func (p *Pending) try(ctx context.Context, probes []*probe) error {
	if !slices.ContainsFunc(probes, (*probe).doubtful) {
		return nil
	}
	trial := newRide(probes)
	frame, err := trial.observe(ctx, p.evaluation.df)
	if err != nil {
		return err
	}
	trial.observation.Close()
	_, err = dataflow.SchemaOf(ctx, frame)
	return err
}

// Report judges, after the observed frame was written. It takes the metrics when
// they have come and can be believed; otherwise they are unknown, and it runs one
// query for them over the rows. So a report does not depend on whether they came. It
// blocks for the queries that are left, none for most suites. Called again, it
// returns the same report.
func (p *Pending) Report(ctx context.Context) (*Report, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.report != nil {
		return p.report, nil
	}
	if p.Fallback != nil {
		p.evaluation.df = p.Fallback
	}
	left, e := p.others, p.evaluation
	if p.ride != nil {
		left = slices.Concat(left, p.ride.arrived())
	}
	if err := e.measure(ctx, left); err != nil {
		return nil, fmt.Errorf("check the quality of %s: %w", e.subject(), err)
	}
	r, err := e.finish(ctx)
	if err != nil {
		return nil, err
	}
	p.report = r
	return r, nil
}

// Close stops waiting for metrics. It is for a frame that is not written after all,
// or whose write failed. It works twice, and before and after Report.
func (p *Pending) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ride != nil {
		p.ride.observation.Close()
	}
}
