package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// StreamChecksOptions are the settings of [NewStreamChecks]. Nil and the zero value
// are the defaults.
type StreamChecksOptions struct {
	// RunID goes into the reports; by default it is made up.
	RunID string
	// Reporter is told of every report, beside quality.reports of the pipeline; nil
	// is nobody.
	Reporter quality.Reporter
	// Logger gets the reports unless quality.reports says otherwise, and what goes
	// wrong with them; nil is silent.
	Logger *zap.Logger

	_ struct{}
}

// StreamChecks are the schema contracts and the checks of streams that no runner runs
// but a streaming.Supervisor. They are safe for concurrent use.
type StreamChecks struct {
	gates map[string][]dataflow.Transform // by component

	mu      sync.Mutex
	session *dataflow.Session
}

// NewStreamChecks makes the checks of the blocks schema and quality of the streams of
// p. It touches nothing.
func NewStreamChecks(p *Pipeline, opts *StreamChecksOptions) (*StreamChecks, error) {
	if opts == nil {
		opts = &StreamChecksOptions{}
	}
	c, logger := &StreamChecks{gates: map[string][]dataflow.Transform{}}, cmp.Or(opts.Logger, zap.NewNop())
	reports := quality.ReportsConfig{Log: true}
	if p.Quality != nil {
		reports = p.Quality.Reports
	}
	reporter, err := reports.Reporter(c.provide, logger)
	if err != nil {
		return nil, fmt.Errorf("quality.reports: %w", err)
	}
	runID := cmp.Or(opts.RunID, uuid.NewString())
	for i := range p.Steps {
		step := &p.Steps[i]
		if step.Disabled || !isStream(step.Component) {
			continue
		}
		if contract, ok := step.contract(p); ok {
			c.gates[step.Name] = append(c.gates[step.Name], contract.Transform(component.Runtime{}.WithLogger(logger)))
		}
		if step.Quality == nil {
			continue
		}
		gate := step.streamOptions()
		gate.Pipeline, gate.RunID = p.Name, runID
		gate.Reporter = quality.JoinReporters(reporter, gate.Reporter, opts.Reporter)
		if gate.Warn == nil {
			gate.Warn = func(err error) { logger.Warn("a report on checks", zap.Error(err)) }
		}
		checks, err := quality.NewStreamGate(step.Quality.Suite, &gate)
		if err != nil {
			return nil, fmt.Errorf("component %q: quality: %w", step.Name, err)
		}
		c.gates[step.Name] = append(c.gates[step.Name], checks)
	}
	return c, nil
}

// Guard returns the queries with the contracts and checks of the components of their
// names, behind their transforms.
func (c *StreamChecks) Guard(queries []streaming.SupervisedQuery) []streaming.SupervisedQuery {
	out := slices.Clone(queries)
	for i := range out {
		gates, build := c.gates[out[i].Name], out[i].Build
		if len(gates) == 0 {
			continue
		}
		out[i].Pipeline = guarded(out[i].Pipeline, gates...)
		if build != nil {
			out[i].Build = func(ctx context.Context, spark *dataflow.Session) (streaming.StreamingPipeline, error) {
				p, err := build(ctx, spark)
				return guarded(p, gates...), err
			}
		}
	}
	return out
}

// guarded is a stream whose rows are checked before they go to the sink.
func guarded(p streaming.StreamingPipeline, gates ...dataflow.Transform) streaming.StreamingPipeline {
	p.Transforms = slices.Concat(p.Transforms, gates)
	return p
}

// Use says which session writes the reports that go to a table, from now on.
func (c *StreamChecks) Use(session *dataflow.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = session
}

func (c *StreamChecks) provide(context.Context) (*dataflow.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil {
		return nil, errors.New("there is no Spark session")
	}
	return c.session, nil
}
