package quality

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Subject is what [CheckRows] looks at: a view, a table or the rows of a query. One of
// them is set.
type Subject struct {
	// View and Table are names; in Spark they are looked for in the same way.
	View, Table string
	// Query is a SQL query.
	Query string
}

// Validate checks that there is one subject.
func (s Subject) Validate() error {
	set := 0
	for _, text := range []string{s.View, s.Table, s.Query} {
		if strings.TrimSpace(text) != "" {
			set++
		}
	}
	if set != 1 {
		return errors.New("set one of table, view and query: the rows to check")
	}
	return nil
}

// String names the subject, a query by its first line.
func (s Subject) String() string {
	if s.Query == "" {
		return s.View + s.Table
	}
	first, _, more := strings.Cut(strings.TrimSpace(s.Query), "\n")
	if more || len(first) > longestTitle {
		return "query " + strings.ToValidUTF8(shorten(first, longestTitle), "") + "…"
	}
	return "query " + first
}

// longestTitle is how many bytes of a query name it.
const longestTitle = 60

// load gives the rows.
func (s Subject) load(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return dataflow.Input{View: s.View + s.Table, Query: s.Query}.Load(ctx, spark)
}

// CheckOptions are the settings of [CheckRows]. Nil and the zero value are the
// defaults.
type CheckOptions struct {
	// Pipeline, RunID, Component and Attempt say for whom the rows are checked.
	Pipeline, RunID, Component string
	Attempt                    int
	// Moment says when.
	Moment Moment
	// Reporter is told of the report; nil is nobody.
	Reporter Reporter
	// History is given the report when it has passed; nil is none.
	History History
	// Checks are the options of the evaluation; nil is the defaults.
	Checks *Options
	// Warn is told why a report could not be written. By default that is an error of
	// [CheckRows], as if a rule had failed.
	Warn func(err error)
	// Now is the clock; default [time.Now].
	Now func() time.Time

	_ struct{}
}

// CheckRows looks at rows that are in a table, a view or a query, and changes nothing:
// it is for what is there before and after a pipeline or a component. The rows
// that a component makes are checked by a [Gate]. The report has them as published,
// which they are. It blocks for the queries that [Suite.Evaluate] makes.
//
// The error is an [*Error] when a rule failed; the report is there then too. It is
// nil when the rows could not be looked at.
func CheckRows(ctx context.Context, spark *dataflow.Session, suite Suite, subject Subject, opts *CheckOptions) (*Report, error) {
	if opts == nil {
		opts = &CheckOptions{}
	}
	for i := range suite.Rules {
		if rule := &suite.Rules[i]; leavesOut(rule.Action) {
			return nil, fmt.Errorf("quality: rule %q: the action %s leaves rows out while they are written; here they are there already, so write fail or expect", rule.name(), rule.Action)
		}
	}
	rows, err := subject.load(ctx, spark)
	if err != nil {
		return nil, fmt.Errorf("quality: %w", err)
	}
	report, err := suite.Evaluate(ctx, spark, rows, opts.evaluation(subject))
	if err != nil {
		return nil, fmt.Errorf("quality: %w", err)
	}
	report.Pipeline, report.RunID, report.Component, report.Attempt = opts.Pipeline, opts.RunID, opts.Component, opts.Attempt
	report.Subject, report.Moment, report.Published = subject.String(), opts.Moment, true
	if opts.Now != nil {
		report.Started = opts.Now()
	}
	fault := opts.tell(ctx, report)
	if err := report.Err(); err != nil {
		return report, errors.Join(fmt.Errorf("quality: %w", err), fault)
	}
	return report, fault
}

func (o *CheckOptions) evaluation(subject Subject) *Options {
	out := Options{}
	if o.Checks != nil {
		out = *o.Checks
	}
	if out.History == nil {
		out.History = o.History
	}
	out.Pipeline, out.Subject = o.Pipeline, subject.String()
	return &out
}

// tell hands the report to whoever is to have it.
func (o *CheckOptions) tell(ctx context.Context, report *Report) error {
	var faults []error
	if o.Reporter != nil {
		faults = append(faults, o.Reporter.Report(aside(ctx), report))
	}
	if o.History != nil && report.Err() == nil {
		faults = append(faults, o.History.Add(aside(ctx), report))
	}
	fault := errors.Join(faults...)
	if fault != nil && o.Warn != nil {
		o.Warn(fault)
		return nil
	}
	return fault
}
