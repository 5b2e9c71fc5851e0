package quality

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
)

// classRaised is the class of errors that a query raises itself.
const classRaised = "USER_RAISED_EXCEPTION"

// StreamError says that a streaming query was stopped by a row that breaks a rule of
// the action fail. Nothing of the batch was written. A restart meets the same row, so
// it is not retryable: mend the data or the rule, and start the query again, which
// then goes on with this batch. It is an [*Error] too, and what the query failed with.
type StreamError struct {
	// Report is on the batch. Of the rules that the row does not break nothing is
	// known.
	Report *Report
	// Err is how the query failed.
	Err error
}

// Error implements error: a line for each rule that the row breaks.
func (e *StreamError) Error() string {
	var b strings.Builder
	b.WriteString("quality: nothing of the batch")
	if id := e.Report.Batch.ID; id >= 0 {
		fmt.Fprintf(&b, " %d", id)
	}
	fmt.Fprintf(&b, " was written to %s:", e.Report.Subject)
	for _, r := range e.Report.Results {
		if r.Status != StatusFailed {
			continue
		}
		fmt.Fprintf(&b, "\n  %s: %s", r.Rule, r.Message)
		if r.Rule != r.Check {
			fmt.Fprintf(&b, " (%s)", r.Check)
		}
	}
	return b.String()
}

// Unwrap returns the error of the report and that of the query.
func (e *StreamError) Unwrap() []error { return []error{&Error{Report: e.Report}, e.Err} }

// Retryable reports that another attempt meets the same rows.
func (*StreamError) Retryable() bool { return false }

// RunEnded takes the end of a run of the query. When a rule of the action fail ended
// it, the error is a [*StreamError], and otherwise err. Reporters are told of the batch
// that was refused, and of all batches so far. It may ask the server for what caused
// err.
func (g *StreamGate) RunEnded(ctx context.Context, err error) error {
	if len(g.suite.Rules) == 0 {
		return err
	}
	refused, err := g.refused(ctx, err)
	if refused != nil {
		g.tell(ctx, refused)
	}
	if totals := g.Totals(); totals != nil {
		g.tell(ctx, totals)
	}
	return err
}

// refused makes the report on the batch that a rule has refused, if that is what err
// says.
func (g *StreamGate) refused(ctx context.Context, err error) (*Report, error) {
	texts := raised(ctx, err)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.plan == nil {
		return nil, err
	}
	for _, text := range texts {
		broken, ok := g.plan.rest.broken(text)
		if !ok {
			continue
		}
		batch := g.last
		batch.QueryRunID = ""
		if batch.ID >= 0 {
			batch.ID++
		}
		report := g.report(batch)
		for i, rule := range g.suite.Rules {
			report.Results[i] = unknownResult(rule, "")
			report.Results[i].Message = "unknown: the batch was refused before it was counted"
		}
		for _, at := range broken {
			r := &report.Results[at]
			r.Status, r.Rows, r.Bad, r.Message = StatusFailed, 1, 1, "some rows of the batch "+whyOf(g.suite.Rules[at])
		}
		report.Notes = append(report.Notes, "the batch was refused at the first row that breaks a rule of the action fail; nobody counted further")
		g.sum(report, 1)
		return report, &StreamError{Report: report, Err: err}
	}
	return nil, err
}

func whyOf(rule Rule) string {
	if c, ok := rule.Check.(rowCheck); ok {
		return c.why()
	}
	return "are bad"
}

// causesTimeout bounds the call that asks what has caused an error.
const causesTimeout = 5 * time.Second

// raised are the texts of the errors that a query has raised itself.
func raised(ctx context.Context, err error) (texts []string) {
	var spark *component.SparkError
	if !errors.As(err, &spark) {
		return nil
	}
	if spark.Class == classRaised {
		texts = append(texts, spark.Message)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), causesTimeout)
	defer cancel()
	causes, _ := spark.Causes(ctx) // what cannot be had says nothing
	for _, cause := range causes {
		if cause.ErrorClass == classRaised {
			texts = append(texts, cause.Message)
		}
	}
	return texts
}
