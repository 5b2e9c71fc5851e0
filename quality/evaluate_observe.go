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

	mu          sync.Mutex
	evaluation  *evaluation
	observation *dataflow.Observation // nil when nothing goes along
	riding      *fusion
	riders      []*probe // those that go along
	others      []*probe // those that want metrics and do not
	report      *Report
}

// Observe returns a DataFrame with the rows of df that takes the measures of the
// suite while they are written or read, and the [Pending] that judges them then. The
// frame stands in for df once, in a query that needs all its rows and nothing of
// their order: a write. Checks that want a query of their own run it with
// [Pending.Report]. Observe itself costs one round trip for the schema, one more when
// rules have SQL in them, and reads no rows.
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
	if p.observation == nil {
		return df, p, nil
	}
	return frame, p, nil
}

// board lets as many probes go along as Spark takes: all, or else those that it
// takes by themselves.
func (p *Pending) board(ctx context.Context, probes []*probe) (sql.DataFrame, error) {
	if len(probes) == 0 {
		return p.evaluation.df, nil
	}
	frame, err := p.ride(ctx, probes)
	if err == nil || !ofRule(ctx, err) {
		return frame, err
	}
	var able []*probe
	if err := p.pick(ctx, probes, &able); err != nil || len(able) == 0 {
		return p.evaluation.df, err
	}
	frame, err = p.ride(ctx, able)
	if err != nil && ofRule(ctx, err) { // each of them alone, but not together
		p.others = probes
		return p.evaluation.df, nil
	}
	return frame, err
}

// pick sorts the probes into those that can go along and the others.
func (p *Pending) pick(ctx context.Context, probes []*probe, able *[]*probe) error {
	if _, err := p.ride(ctx, probes); err == nil {
		p.leave()
		*able = append(*able, probes...)
		return nil
	} else if !ofRule(ctx, err) {
		return err
	}
	if len(probes) == 1 {
		p.others = append(p.others, probes...)
		return nil
	}
	half := len(probes) / 2
	if err := p.pick(ctx, probes[:half], able); err != nil {
		return err
	}
	return p.pick(ctx, probes[half:], able)
}

// ride makes the observed frame. Where users wrote SQL it has Spark analyse it, so
// that no write breaks for what can be known before.
func (p *Pending) ride(ctx context.Context, probes []*probe) (sql.DataFrame, error) {
	if slices.ContainsFunc(probes, (*probe).doubtful) {
		// Servers up to 4.1 give the metrics to whom they saw first with an
		// observation, be it for an analysis: so another one is analysed.
		trial, o, _, err := p.observe(ctx, probes)
		if err != nil {
			return nil, err
		}
		o.Close()
		if _, err := dataflow.SchemaOf(ctx, trial); err != nil {
			return nil, err
		}
	}
	frame, o, f, err := p.observe(ctx, probes)
	if err != nil {
		return nil, err
	}
	p.observation, p.riding, p.riders = o, f, probes
	return frame, nil
}

// observe makes an observed frame, in no round trip.
func (p *Pending) observe(ctx context.Context, probes []*probe) (sql.DataFrame, *dataflow.Observation, *fusion, error) {
	seen := newSightings()
	f := fuse(probes, seen.metrics())
	frame, added, err := numbered(ctx, p.evaluation.df, probes)
	if err != nil {
		return nil, nil, nil, err
	}
	if frame, err = seen.begin(ctx, frame); err != nil {
		return nil, nil, nil, err
	}
	frame, o, err := dataflow.Observe(ctx, frame, "", f.columns...)
	if err != nil {
		return nil, nil, nil, err
	}
	if frame, err = seen.end(ctx, frame, added); err != nil {
		o.Close()
	}
	return frame, o, f, err
}

func (p *Pending) leave() {
	if p.observation != nil {
		p.observation.Close()
	}
	p.observation, p.riding, p.riders = nil, nil, nil
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
	left := p.others
	if !p.arrived() {
		left = append(left[:len(left):len(left)], p.riders...)
	}
	e := p.evaluation
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

// arrived takes the metrics over and reports whether they can be believed.
func (p *Pending) arrived() bool {
	if p.observation == nil {
		return len(p.riders) == 0
	}
	values, err := p.observation.Metrics()
	if err != nil || !plausible(values) {
		return false
	}
	return p.riding.share(p.riders, values) == nil
}

// Close stops waiting for metrics. It is for a frame that is not written after all,
// or whose write failed. It works twice, and before and after Report.
func (p *Pending) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.observation != nil {
		p.observation.Close()
	}
}
