package quality

import (
	"fmt"
	"strings"
)

// streamSum is what the batches gave for a rule.
type streamSum struct {
	rows, bad       int64
	failed, unknown int64  // batches
	why             string // the last message of a batch
}

// sum adds the report on so many batches to the totals.
func (g *StreamGate) sum(report *Report, batches int64) {
	if g.total == nil {
		g.total = g.report(Batch{ID: -1})
		g.total.Published = true
		g.total.Started = report.Started
	}
	if report.Batch.ID >= 0 {
		sum := g.total.Batch.Sum
		*g.total.Batch = *report.Batch
		g.total.Batch.Sum = sum
	}
	g.total.Batch.Sum += batches
	g.total.Dropped += report.Dropped
	for i, result := range report.Results {
		sum := &g.sums[i]
		switch result.Status {
		case StatusPassed:
		case StatusFailed:
			sum.failed += batches
			sum.why = result.Message
		default:
			if !report.Published { // the batch that was refused has no counts
				continue
			}
			sum.unknown += batches
			sum.why = strings.TrimPrefix(result.Message, "unknown: ")
		}
		sum.rows += result.Rows
		sum.bad += result.Bad
	}
}

// totals is a copy of the totals.
func (g *StreamGate) totals() *Report {
	if g.total == nil {
		return nil
	}
	out, batch := *g.total, *g.total.Batch
	out.Batch, out.Results = &batch, make([]Result, len(g.suite.Rules))
	for i, rule := range g.suite.Rules {
		out.Results[i] = g.sums[i].result(rule, batch.Sum)
	}
	return &out
}

// result is the result over all batches: failed when it failed in one, unknown when it
// is in one.
func (s streamSum) result(rule Rule, batches int64) Result {
	r := Result{
		Rule: rule.name(), Kind: rule.Check.Kind(), Check: rule.Check.String(), Action: rule.action(),
		Status: StatusPassed, Rows: s.rows, Bad: s.bad,
	}
	of := func(n int64) string {
		if batches == 1 {
			return "the batch"
		}
		return fmt.Sprintf("%d of %d batches", n, batches)
	}
	switch {
	case s.failed > 0:
		r.Status, r.Message = StatusFailed, fmt.Sprintf("failed in %s, at last: %s", of(s.failed), s.why)
		if s.unknown > 0 {
			r.Message = fmt.Sprintf("failed in %s and unknown in %d, at last: %s", of(s.failed), s.unknown, s.why)
		}
	case s.unknown > 0:
		r.Status, r.Message = StatusError, fmt.Sprintf("unknown in %s, at last: %s", of(s.unknown), s.why)
	}
	return r
}
