package quality

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Publish says when rows go to their end.
type Publish string

// The moments of publishing.
const (
	// PublishAfterChecks: the rows are staged and checked, and only then published.
	// It is the default when a rule has the action fail.
	PublishAfterChecks Publish = "after_checks"
	// PublishWithChecks: the checks are computed on the side while the rows are
	// written. A rule of the action fail then fails the component when the rows are
	// published already. It is the default when no rule has the action fail.
	PublishWithChecks Publish = "with_checks"
)

// GateOptions are the settings of [NewGate]. Nil and the zero value are the
// defaults.
type GateOptions struct {
	// Publish says when rows that go to a sink are published; default
	// [PublishAfterChecks] when a rule has the action fail, else
	// [PublishWithChecks].
	Publish Publish
	// Stage has the rows of a flow that only makes a view computed once, checked and
	// kept for the view. Default false: the checks are a pass over the rows, and
	// those who read the view compute them again, unless rows have to be left out.
	Stage bool
	// Staging is a folder on the cluster for rows that are kept between their
	// checks and their end, as Parquet; a database of the catalog spark_catalog
	// stands for it meanwhile. Default empty: the executors keep them.
	Staging string
	// StorageLevel is where the executors keep rows; default Spark's,
	// [dataflow.StorageLevelMemoryAndDisk].
	StorageLevel dataflow.StorageLevel
	// Quarantine is where bad rows of the action quarantine go; required when a rule
	// has it, and else left alone.
	Quarantine Quarantine
	// Reporter is told of every report, also of those of failed attempts; nil is
	// nobody.
	Reporter Reporter
	// History is given the reports of rows that were published and passed; nil is
	// none.
	History History
	// Checks are the options of the evaluation; nil is the defaults. Its History is
	// the one above unless it has one.
	Checks *Options
	// Warn is told why a report could not be written, which changes nothing else;
	// by default the logger of the component is.
	Warn func(err error)
	// Now is the clock; default [time.Now].
	Now func() time.Time

	_ struct{}
}

// Gate checks the rows of one component before, or while, they go to their end. A
// runner makes a new one for each attempt and hands it out with
// [dataflow.WithGate]; it keeps nothing from one attempt for the next. It is safe
// for concurrent use.
type Gate struct {
	suite  Suite
	opts   GateOptions
	passed atomic.Bool
}

var _ dataflow.Gate = (*Gate)(nil)

// NewGate returns a gate for the rows of one attempt. It touches nothing and
// reports everything that cannot work whatever the rows are.
func NewGate(suite Suite, opts *GateOptions) (*Gate, error) {
	if opts == nil {
		opts = &GateOptions{}
	}
	g := &Gate{suite: suite, opts: *opts}
	if g.opts.Now == nil {
		g.opts.Now = time.Now
	}
	if err := g.validate(); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *Gate) validate() error {
	faults := []error{g.suite.Validate()}
	switch g.opts.Publish {
	case "", PublishAfterChecks, PublishWithChecks:
	default:
		faults = append(faults, fmt.Errorf("publish is %q; write %s or %s", g.opts.Publish, PublishAfterChecks, PublishWithChecks))
	}
	if g.opts.Stage && g.opts.Publish == PublishWithChecks {
		faults = append(faults, fmt.Errorf("stage keeps the rows until they are checked; publish %s does not go with it", PublishWithChecks))
	}
	if g.opts.Staging != "" {
		faults = append(faults, stagingFolder(g.opts.Staging))
	}
	if g.opts.Staging != "" && g.opts.StorageLevel != "" {
		faults = append(faults, errors.New("staging keeps the rows in a folder; storage_level is for rows that the executors keep"))
	}
	if g.has(ActionQuarantine) {
		if g.opts.Quarantine.IsZero() {
			faults = append(faults, errors.New("a rule has the action quarantine; say with quarantine where its rows go"))
		} else {
			faults = append(faults, g.opts.Quarantine.Validate())
		}
	} else if !g.opts.Quarantine.IsZero() {
		faults = append(faults, errors.New("quarantine is set, and no rule has the action quarantine"))
	}
	return errors.Join(faults...)
}

// has reports whether a rule has the action.
func (g *Gate) has(action Action) bool {
	for i := range g.suite.Rules {
		if actionOf(g.suite.Rules[i].Action) == action {
			return true
		}
	}
	return false
}

// splits reports whether rows are left out.
func (g *Gate) splits() bool { return g.has(ActionDrop) || g.has(ActionQuarantine) }

// publish is when the rows are published.
func (g *Gate) publish() Publish {
	switch {
	case g.opts.Publish != "":
		return g.opts.Publish
	case g.has(ActionFail):
		return PublishAfterChecks
	}
	return PublishWithChecks
}

// Passed reports whether a flow has handed its rows to the gate. A component of a
// type that knows no gates never does, and its rows are not checked.
func (g *Gate) Passed() bool { return g.passed.Load() }

// Pass implements [dataflow.Gate].
func (g *Gate) Pass(ctx context.Context, spark *dataflow.Session, rt component.Runtime, rows sql.DataFrame, end dataflow.End) error {
	g.passed.Store(true)
	if len(g.suite.Rules) == 0 {
		return end.Deliver(ctx, rows)
	}
	p := &passage{
		Gate: g, spark: spark, rt: rt, end: end,
		report: &Report{
			Pipeline: rt.Pipeline, RunID: rt.RunID, Component: rt.Component, Attempt: rt.Attempt,
			Subject: subjectOf(rt, end), Moment: MomentAfterComponent, Started: g.opts.Now(),
			Results: make([]Result, len(g.suite.Rules)),
		},
	}
	err := p.run(ctx, rows)
	p.tell(ctx)
	if err != nil {
		return fmt.Errorf("quality: %w", err)
	}
	return nil
}

// subjectOf names where the rows go.
func subjectOf(rt component.Runtime, end dataflow.End) string {
	if end.View != "" {
		return end.View
	}
	if d, ok := end.Sink.(dataflow.Describer); ok {
		if out := d.Lineage().Outputs; len(out) == 1 && strings.TrimSpace(out[0].Name) != "" {
			return withoutUser(out[0].Name)
		}
	}
	return rt.Component
}
