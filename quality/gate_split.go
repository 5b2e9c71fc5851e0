package quality

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// splitting are rows that have a column with the names of the rules that they
// break.
type splitting struct {
	rules rulePart
	// failed is the name of the column.
	failed string
	// side are the names of the rules whose rows go to the quarantine.
	side []string
	// annotated are the rows with the column.
	annotated sql.DataFrame
}

// split leaves bad rows out. Which rows are bad is decided once, while they are
// staged, so that a row is either good or bad whatever computes it again.
func (p *passage) split(ctx context.Context, rows sql.DataFrame, rest rulePart) error {
	s, err := p.annotate(ctx, rows)
	if err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	observed, pending, err := s.rules.suite.Observe(ctx, p.spark, s.annotated, p.options())
	if err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	defer pending.Close()
	observed, counts, err := dataflow.Observe(ctx, observed, "", s.counts()...)
	if err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	defer counts.Close()
	staged, done, err := p.stage(ctx, observed)
	if err != nil {
		return err
	}
	defer done()
	pending.Fallback = staged.rows
	report, err := pending.Report(ctx)
	if err := p.verdict(report, err, s.rules); err != nil {
		return explainLoss(err)
	}
	return explainLoss(p.publishSplit(ctx, s, staged.rows, counts, rest))
}

// annotate adds the column with the names of the rules that a row breaks.
func (p *passage) annotate(ctx context.Context, rows sql.DataFrame) (*splitting, error) {
	def, err := dataflow.SchemaOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	s := &splitting{rules: p.choose(leavesOut), failed: "_sparkpipe_failed_" + randomName()}
	if p.has(ActionQuarantine) {
		if err := p.opts.Quarantine.checkRows(p.rt.RunID, p.rt.Component, def); err != nil {
			return nil, err
		}
	}
	names := make([]expr, 0, len(s.rules.suite.Rules))
	var faults []error
	for _, rule := range s.rules.suite.Rules {
		good, ok, err := RowCondition(rule, def, p.options())
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("rule %q: %w", rule.name(), err))
			continue
		case !ok:
			faults = append(faults, fmt.Errorf("rule %q: the action is %s, and %s says nothing of single rows", rule.name(), rule.Action, rule.Check.Kind()))
			continue
		}
		isGood := call("coalesce", received(ctx, good), boolean(false)) // what nobody knows is bad
		names = append(names, call("if", isGood, written("CAST(NULL AS STRING)"), text(rule.name())))
		if rule.Action == ActionQuarantine {
			s.side = append(s.side, rule.name())
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	failed := call("array_compact", call("array", names...))
	s.annotated, err = rows.WithColumn(ctx, s.failed, failed.column())
	return s, err
}

// isBad, and isAside, are true of rows that are left out, and of those of them that
// go to the quarantine.
func (s *splitting) isBad() expr { return call(">", call("size", named(s.failed)), integer(0)) }

func (s *splitting) isAside() expr {
	if len(s.side) == 0 {
		return boolean(false)
	}
	names := make([]expr, len(s.side))
	for i, name := range s.side {
		names[i] = text(name)
	}
	return call("arrays_overlap", named(s.failed), call("array", names...))
}

// counts are the numbers of rows that are left out.
func (s *splitting) counts() []column.Convertible {
	return []column.Convertible{
		column.WithAlias("bad", call("count_if", s.isBad()).column()),
		column.WithAlias("aside", call("count_if", s.isAside()).column()),
	}
}

// publishSplit checks the rows that are left and brings both parts to their ends.
func (p *passage) publishSplit(ctx context.Context, s *splitting, staged sql.DataFrame, counts *dataflow.Observation, rest rulePart) error {
	bad, side, err := p.count(ctx, s, staged, counts)
	if err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	good, err := staged.Filter(ctx, not(s.isBad()).column())
	if err == nil {
		good, err = good.DropByName(ctx, s.failed)
	}
	if err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	beside := p.end.Sink != nil && p.publish() == PublishWithChecks && len(rest.at) > 0
	if len(rest.at) > 0 && !beside {
		report, err := rest.suite.Evaluate(ctx, p.spark, good, p.options())
		if err := p.verdict(report, err, rest); err != nil {
			return err
		}
	}
	if err := p.quarantine(ctx, s, staged, side); err != nil {
		return fmt.Errorf("nothing was published: %w", err)
	}
	if beside {
		err = p.publishChecked(ctx, good, rest)
	} else {
		err = p.deliver(ctx, good)
	}
	if p.report.Published {
		p.report.Dropped = bad - side
	}
	return err
}

// count says how many rows are left out and how many of them go aside, in one more
// pass over the staged rows where the server has not said it.
func (p *passage) count(ctx context.Context, s *splitting, staged sql.DataFrame, counts *dataflow.Observation) (bad, side int64, err error) {
	if metrics, err := counts.Metrics(); err == nil {
		bad, ok := metrics["bad"].(int64)
		side, also := metrics["aside"].(int64)
		if ok && also {
			return bad, side, nil
		}
	}
	p.report.Passes++
	df, err := staged.Agg(ctx, s.counts()...)
	if err != nil {
		return 0, 0, err
	}
	row, err := dataflow.One[struct{ Bad, Aside int64 }](ctx, df)
	return row.Bad, row.Aside, err
}

// quarantine writes the rows that go aside. It is written also when there are none:
// an earlier attempt may have left some.
func (p *passage) quarantine(ctx context.Context, s *splitting, staged sql.DataFrame, side int64) error {
	if !p.has(ActionQuarantine) {
		return nil
	}
	rows, err := staged.Filter(ctx, s.isAside().column())
	if err == nil {
		err = p.opts.Quarantine.write(ctx, p.spark, rows, s.failed, p.rt.RunID, p.rt.Component, p.opts.Now())
	}
	if err != nil {
		return settled(ctx, p.spark, err)
	}
	p.report.Quarantined = side
	return nil
}
