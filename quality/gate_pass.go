package quality

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// passage is the way of the rows of one attempt through a gate.
type passage struct {
	*Gate
	spark  *dataflow.Session
	rt     component.Runtime
	end    dataflow.End
	report *Report
	// checked says of which rules the report has a result.
	checked int
}

// part are some rules of the suite.
type rulePart struct {
	suite Suite
	// at are the places of the rules in the whole suite.
	at []int
}

// choose returns the rules for which keep is true.
func (p *passage) choose(keep func(a Action) bool) rulePart {
	out := rulePart{suite: p.suite}
	out.suite.Rules = nil
	for i, rule := range p.suite.Rules {
		if keep(actionOf(rule.Action)) {
			out.suite.Rules = append(out.suite.Rules, rule)
			out.at = append(out.at, i)
		}
	}
	return out
}

func leavesOut(a Action) bool { return a == ActionDrop || a == ActionQuarantine }

func (p *passage) run(ctx context.Context, rows sql.DataFrame) error {
	rest := p.choose(func(a Action) bool { return !leavesOut(a) })
	switch {
	case p.splits():
		return p.split(ctx, rows, rest)
	case p.opts.Stage, p.end.Sink != nil && p.publish() == PublishAfterChecks:
		return p.checkStaged(ctx, rows, rest)
	case p.end.Sink != nil:
		return p.publishChecked(ctx, rows, rest)
	}
	return p.checkView(ctx, rows, rest)
}

// checkStaged computes the rows once, checks them on the side, and publishes what
// was computed.
func (p *passage) checkStaged(ctx context.Context, rows sql.DataFrame, rules rulePart) error {
	observed, pending, err := rules.suite.Observe(ctx, p.spark, rows, p.options())
	if err != nil {
		return err
	}
	defer pending.Close()
	staged, done, err := p.stage(ctx, observed)
	if err != nil {
		return err
	}
	defer done()
	pending.Fallback = staged.rows
	report, err := pending.Report(ctx)
	if err := p.verdict(report, err, rules); err != nil {
		return explainLoss(err)
	}
	return explainLoss(p.deliver(ctx, staged.rows))
}

// publishChecked publishes the rows and checks them on the side.
func (p *passage) publishChecked(ctx context.Context, rows sql.DataFrame, rules rulePart) error {
	observed, pending, err := rules.suite.Observe(ctx, p.spark, rows, p.options())
	if err != nil {
		return err
	}
	defer pending.Close()
	if err := p.deliver(ctx, observed); err != nil {
		return err
	}
	report, err := pending.Report(ctx)
	if err = p.take(report, err, rules); err != nil {
		return fmt.Errorf("the rows are published already: %w", err)
	}
	return nil
}

// checkView checks rows that nobody computes before the view is read.
func (p *passage) checkView(ctx context.Context, rows sql.DataFrame, rules rulePart) error {
	report, err := rules.suite.Evaluate(ctx, p.spark, rows, p.options())
	if err := p.verdict(report, err, rules); err != nil {
		return err
	}
	p.report.Notes = append(p.report.Notes, "the view is lazy: who reads it computes the rows again; stage: true keeps those that were checked")
	return p.deliver(ctx, rows)
}

// stage keeps rows. The function that it returns gives them up; a view of files has
// them until the session ends.
func (p *passage) stage(ctx context.Context, rows sql.DataFrame) (stage, func(), error) {
	staged, err := newStage(ctx, p.spark, rows, p.opts.Staging, p.opts.StorageLevel)
	if err != nil {
		return stage{}, nil, fmt.Errorf("nothing was published: %w", settled(ctx, p.spark, err))
	}
	return staged, func() {
		if p.report.Published && p.end.View != "" && p.opts.Staging != "" {
			staged.atSessionEnd(p.spark)
			return
		}
		ctx, stop := releasing(ctx)
		defer stop()
		if err := staged.release(ctx); err != nil {
			p.warn(err)
		}
	}, nil
}

// take puts the results of some rules into the report. The error is that of the
// checks, or why they could not be made.
func (p *passage) take(report *Report, err error, rules rulePart) error {
	if report != nil {
		for i, result := range report.Results[:min(len(report.Results), len(rules.at))] {
			p.report.Results[rules.at[i]] = result
			p.checked++
		}
		p.report.Passes += report.Passes
		p.report.Duration += report.Duration
	}
	switch {
	case err != nil:
		return err
	case report == nil || len(report.Results) != len(rules.at):
		return errors.New("the checks have no results")
	}
	return report.Err()
}

// verdict is take before the rows are published.
func (p *passage) verdict(report *Report, err error, rules rulePart) error {
	if err := p.take(report, err, rules); err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	return nil
}

// deliver brings the rows to their end.
func (p *passage) deliver(ctx context.Context, rows sql.DataFrame) error {
	if err := p.end.Deliver(ctx, rows); err != nil {
		return err
	}
	p.report.Published = true
	return nil
}

// options are those of the evaluation.
func (p *passage) options() *Options {
	out := Options{}
	if p.opts.Checks != nil {
		out = *p.opts.Checks
	}
	if out.History == nil {
		out.History = p.opts.History
	}
	out.Pipeline, out.Subject = p.report.Pipeline, p.report.Subject
	return &out
}

// tell hands the report to whoever is to have it. An attempt that ended before
// anything was checked has none.
func (p *passage) tell(ctx context.Context) {
	if p.checked < len(p.report.Results) {
		p.fillIn()
	}
	if p.checked == 0 {
		return
	}
	ctx, stop := releasing(ctx)
	defer stop()
	if p.opts.Reporter != nil {
		if err := p.opts.Reporter.Report(aside(ctx), p.report); err != nil {
			p.warn(err)
		}
	}
	if p.opts.History != nil && p.report.Published && p.report.Err() == nil {
		if err := p.opts.History.Add(aside(ctx), p.report); err != nil {
			p.warn(err)
		}
	}
}

// fillIn says of rules that were not reached that nobody knows.
func (p *passage) fillIn() {
	for i := range p.report.Results {
		if r := &p.report.Results[i]; r.Status == "" {
			rule := &p.suite.Rules[i]
			*r = Result{
				Rule: rule.name(), Kind: rule.Check.Kind(), Check: rule.Check.String(), Action: actionOf(rule.Action),
				Status: StatusError, Message: "not checked: something else failed before",
			}
		}
	}
}

func (p *passage) warn(err error) {
	if p.opts.Warn != nil {
		p.opts.Warn(err)
		return
	}
	p.rt.Logger().Warn("a report or staged rows", zap.Error(err))
}
