package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// pass checks the components on the server, side by side where none reads what
// another makes.
func (c *check) pass(ctx context.Context, spark *dataflow.Session, sample int) error {
	session, err := dataflow.NewCheckSession(ctx, spark, &dataflow.CheckSessionOptions{
		Inherit: c.runner.spark != nil, Infer: c.opts.Infer, Sample: sample,
	})
	if err != nil {
		return err
	}
	results := make([]*dataflow.CheckResult, len(c.graph.order))
	err = c.each(ctx, func(ctx context.Context, at int) error {
		step := &c.pipeline.Steps[c.graph.order[at]]
		result, err := session.Check(ctx, step.Name, step.checkedComponent())
		if err != nil {
			return &ComponentError{Component: step.Name, Type: step.Type, Err: err}
		}
		if contract, ok := step.contract(c.pipeline); ok {
			if result, err = session.CheckContract(ctx, step.Component, contract, result); err != nil {
				return &ComponentError{Component: step.Name, Type: step.Type, Err: err}
			}
		}
		if step.Quality != nil && result.Rows != nil && !isStream(step.Component) { // a stream has its checks in it
			for _, fault := range step.Quality.Suite.Fit(*result.Rows) {
				result.Findings = append(result.Findings, dataflow.CheckFinding{Severity: dataflow.CheckError, Err: fmt.Errorf("quality: %w", fault)})
			}
		}
		results[at] = &result
		return nil
	})
	closeCtx, cancel := closing(ctx)
	defer cancel()
	if closed := session.Close(closeCtx); closed != nil {
		c.report.Warnings = append(c.report.Warnings, &SessionError{Op: "close", Err: closed})
	}
	c.report.Analyses += session.Analyses()
	if err != nil {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		return err
	}
	for at, result := range results {
		if result != nil {
			c.take(at, result, sample > 0)
		}
	}
	return nil
}

// each calls f for the places in the order of the steps that are checked, each
// when those are done whose data it reads or changes.
func (c *check) each(ctx context.Context, f func(ctx context.Context, at int) error) error {
	waits := c.waits()
	done := make([]chan struct{}, len(waits))
	for at := range done {
		done[at] = make(chan struct{})
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(max(0, c.opts.MaxParallel), DefaultCheckParallel))
	for at := range waits { // in order: the first that is not done waits for nobody
		group.Go(func() error {
			for _, before := range waits[at] {
				select {
				case <-done[before]:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			if c.off[c.graph.order[at]] == "" {
				if err := f(ctx, at); err != nil {
					return err
				}
			}
			close(done[at])
			return nil
		})
	}
	return group.Wait()
}

// waits are, for each place in the order, the places before it whose data it
// reads or changes. Whatever is not known of a component counts as all data.
func (c *check) waits() [][]int {
	h := hazards{writers: map[string]int{}, readers: map[string][]int{}, barrier: -1}
	waits := make([][]int, len(c.graph.order))
	place := make([]int, len(c.graph.order))
	for at, i := range c.graph.order {
		place[i] = at
		waits[at] = h.step(at, c.lineage[i], c.pipeline.Steps[i].Component)
		for _, dep := range c.graph.before(i) {
			waits[at] = append(waits[at], place[dep])
		}
	}
	return waits
}

// hazards are who has written and read what, so far.
type hazards struct {
	writers map[string]int
	readers map[string][]int
	since   []int // the places since the barrier
	barrier int   // the last place behind which all wait, or -1
}

func (h *hazards) step(at int, lineage dataflow.Lineage, part component.PipelineComponent) []int {
	if part == nil {
		return nil
	}
	if lineage.Opaque || len(lineage.Inputs)+len(lineage.Outputs) == 0 { // such as SET and USE
		waits := h.since
		if h.barrier >= 0 {
			waits = append(waits, h.barrier)
		}
		*h = hazards{writers: map[string]int{}, readers: map[string][]int{}, barrier: at}
		return waits
	}
	var waits []int
	if h.barrier >= 0 {
		waits = append(waits, h.barrier)
	}
	for _, in := range lineage.Inputs {
		if writer, ok := h.writers[hazardKey(in)]; ok {
			waits = append(waits, writer)
		}
		h.readers[hazardKey(in)] = append(h.readers[hazardKey(in)], at)
	}
	for _, out := range lineage.Outputs {
		key := hazardKey(out)
		if writer, ok := h.writers[key]; ok {
			waits = append(waits, writer)
		}
		for _, reader := range h.readers[key] {
			if reader != at {
				waits = append(waits, reader)
			}
		}
		h.writers[key], h.readers[key] = at, nil
	}
	h.since = append(h.since, at)
	return waits
}

// hazardKey is the same for all names of one thing, and for some things that are
// not the same: the last part of a name, and one for all paths.
func hazardKey(d dataflow.Dataset) string {
	if d.Kind == dataflow.DatasetPath {
		return "/"
	}
	name := bareName(d.Name)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// take puts the result of a component into the report.
func (c *check) take(at int, result *dataflow.CheckResult, sample bool) {
	i := c.graph.order[at]
	step := &c.pipeline.Steps[i]
	told := map[string]bool{}
	for _, f := range c.report.Findings {
		told[f.Component+"\x00"+f.Err.Error()] = true
	}
	for _, found := range result.Findings {
		found.Err = c.vault.hide(found.Err)
		if told[step.Name+"\x00"+found.Err.Error()] {
			continue
		}
		c.report.Findings = append(c.report.Findings, Finding{
			Component: step.Name, Type: step.Type, Where: step.Where, Path: step.Path, Severity: found.Severity,
			Err: c.hint(at, found.Err), Sample: sample,
		})
	}
	if sample {
		return
	}
	out := &c.report.Components[at]
	out.Analysed = result.Analysed
	if len(result.Outputs) > 0 {
		out.Makes = result.Outputs
	}
}
