package quality

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Transform implements [dataflow.Transform]. A rule that cannot be evaluated on these
// rows is an [*Error], and nothing is started; with the action expect it is reported
// of every batch as unknown. It blocks for a round trip for the schema, and one more
// when rules have SQL in them.
func (g *StreamGate) Transform(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
	g.passed.Store(true)
	if len(g.suite.Rules) == 0 {
		return in, nil
	}
	def, err := dataflow.SchemaOf(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("quality: %w", err)
	}
	plan, frame, err := g.fit(ctx, in, def, func(ctx context.Context, df sql.DataFrame) error {
		_, err := dataflow.SchemaOf(ctx, df)
		return spark.Error(ctx, err)
	})
	if err != nil {
		return nil, fmt.Errorf("quality: %w", err)
	}
	if err := g.refusal(plan).Err(); err != nil {
		return nil, fmt.Errorf("quality: nothing was started: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.plan, g.failed = plan, nil
	return frame, nil
}

// CheckTransform implements [dataflow.TransformChecker], with an analysis of the input
// and one more when rules have SQL in them.
func (g *StreamGate) CheckTransform(ctx context.Context, scope *dataflow.CheckScope, in sql.DataFrame) (sql.DataFrame, error) {
	def, err := scope.Analyze(ctx, in)
	if err != nil || len(g.suite.Rules) == 0 {
		return in, err
	}
	plan, frame, err := g.fit(ctx, in, def, func(ctx context.Context, df sql.DataFrame) error {
		_, err := scope.Analyze(ctx, df)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range plan.probes {
		if p.err != nil {
			scope.Report(dataflow.CheckError, fmt.Errorf("quality: rule %q: %w", p.rule.name(), p.err))
		}
	}
	return frame, nil
}

// fit prepares the rules for rows of a schema. A rule that cannot be evaluated stays
// out of the plan, with its fault.
func (g *StreamGate) fit(
	ctx context.Context, in sql.DataFrame, def schema.Definition, analyze func(context.Context, sql.DataFrame) error,
) (*streamPlan, sql.DataFrame, error) {
	probes := make([]*probe, len(g.suite.Rules))
	for i, rule := range g.suite.Rules {
		probes[i] = newProbe(newTarget(def, rule, time.Time{}))
	}
	try := func(probes []*probe) (*streamPlan, sql.DataFrame, error) {
		plan := newStreamPlan(g.opts.Name, probes)
		if err := plan.freeNames(def); err != nil {
			return nil, nil, err
		}
		frame, err := plan.build(ctx, in)
		if err == nil && slices.ContainsFunc(probes, func(p *probe) bool { return p.err == nil && p.doubtful() }) {
			err = analyze(ctx, frame)
		}
		return plan, frame, err
	}
	plan, frame, err := try(probes)
	if err == nil || !ofRule(ctx, err) {
		return plan, frame, err
	}
	blamed := false
	for _, p := range probes {
		if p.err != nil || !p.doubtful() {
			continue
		}
		_, _, fault := try([]*probe{p})
		if fault != nil && !ofRule(ctx, fault) {
			return nil, nil, fault
		}
		p.err, blamed = fault, blamed || fault != nil
	}
	if !blamed {
		return nil, nil, err
	}
	return try(probes)
}

// refusal has the results of the rules that cannot be evaluated.
func (g *StreamGate) refusal(plan *streamPlan) *Report {
	report := g.report(Batch{ID: -1})
	report.Results = nil
	for _, p := range plan.probes {
		if p.err != nil {
			report.Results = append(report.Results, p.result())
		}
	}
	return report
}
