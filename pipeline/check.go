package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// CheckOptions are the settings of [SimplePipelineRunner.Check]. Nil and the zero
// value are the defaults.
type CheckOptions struct {
	// Static leaves the server out: only names, dependencies, settings and types
	// are checked.
	Static bool
	// Infer lets Spark read data to find the columns of JSON and CSV files that
	// have no schema. Without it they are not known, and what depends on them is
	// not analysed.
	Infer bool
	// Sample, if it is positive, also runs the queries on that many rows of each
	// source, when nothing else was found. The results are thrown away; nothing is
	// written outside the session of the check.
	Sample int
	// MaxParallel is how many components are checked at the same time; default
	// [DefaultCheckParallel].
	MaxParallel int

	_ struct{}
}

// DefaultCheckParallel is how many components are checked at the same time.
const DefaultCheckParallel = 8

// Check finds out what is wrong with p before it runs. First it does what
// [Pipeline.Validate] does. Then it opens a session of its own on the server and
// has Spark analyse the queries of the components in the order of the run, each
// on the columns that the ones before make: what is missing, ambiguous, unknown
// or of a type that a sink does not take is found without reading data.
//
// Nothing is executed. Spark up to 4.0 runs a statement that it is asked to
// analyse; so only what is provably a query is sent at all, and everything else
// becomes a note in the report. It reads metadata: the catalog, the footers of
// Parquet and ORC files, the first line of CSV files without a schema, the columns
// of a database table. CheckOptions.Infer and Sample let it read more.
//
// A component written in Go takes part if it is a [dataflow.Checker]; of others,
// and of what depends on them, a note says that they were not analysed. A fault is
// told once: what depends on a faulty component is not analysed either.
//
// The report is never nil. The error is nil when no fault was found, a
// [*CheckError] when there are some, and anything else when the check could not
// be done: the server does not answer, or ctx has ended. It blocks until the
// check is done, for about one round trip a component.
func (r *SimplePipelineRunner) Check(ctx context.Context, p *Pipeline, opts *CheckOptions) (*CheckReport, error) {
	c := &check{runner: r, pipeline: p, report: &CheckReport{}}
	if opts != nil {
		c.opts = *opts
	}
	started := r.now()
	err := c.run(ctx)
	if c.vault != nil {
		c.vault.hideNames(c.report.Components)
	}
	c.report.Duration = r.now().Sub(started)
	if err != nil {
		return c.report, err
	}
	return c.report, c.report.Err()
}

// check is the state of one check.
type check struct {
	runner   *SimplePipelineRunner
	pipeline *Pipeline
	opts     CheckOptions
	report   *CheckReport
	graph    *graph
	vault    *vault
	// lineage is that of each step, off why it does not run, or empty.
	lineage []dataflow.Lineage
	off     []string
}

func (c *check) run(ctx context.Context) error {
	if c.pipeline == nil {
		return ErrNoPipeline
	}
	c.report.Pipeline = c.pipeline.Name
	c.vault = c.runner.vaultFor(c.pipeline)
	defer func() { _ = c.vault.close(ctx) }() // nothing of the check depends on it
	g, err := c.pipeline.check()
	if err != nil {
		c.static(err)
		return nil
	}
	c.graph = g
	c.plan()
	for _, found := range g.contracts {
		step := c.pipeline.step(found.Consumer)
		c.report.Findings = append(c.report.Findings, Finding{
			Component: step.Name, Type: step.Type, Where: step.Where, Path: step.Path, Severity: found.Severity, Err: &ContractMismatchError{found},
		})
	}
	if c.opts.Static || !c.needsServer() {
		return nil
	}
	if err := c.unlock(ctx); err != nil {
		c.static(err)
		return nil
	}
	session := c.runner.sessionFor(c.pipeline, c.vault)
	defer func() {
		if err := session.close(ctx); err != nil {
			c.report.Warnings = append(c.report.Warnings, &SessionError{Op: "close", Err: err})
		}
	}()
	spark, err := session.provide(ctx)
	if err != nil {
		return &SessionError{Op: "open", Err: err}
	}
	c.report.Spark, c.report.Checked = spark.ServerVersion(), true
	err = c.pass(ctx, spark, 0)
	if err == nil {
		err = c.requirements(ctx, spark)
	}
	if err != nil || c.opts.Sample <= 0 || c.report.Err() != nil {
		return err
	}
	return c.pass(ctx, spark, c.opts.Sample)
}

// unlock gives the components their secrets, since Spark asks databases for their
// columns.
func (c *check) unlock(ctx context.Context) error {
	unlocked, err := c.vault.unlock(ctx, c.pipeline)
	if err != nil || unlocked == c.pipeline {
		return err
	}
	c.pipeline = unlocked
	c.graph, err = unlocked.check()
	return c.vault.hide(err)
}

// static makes findings of the faults of a pipeline.
func (c *check) static(err error) {
	faults := []error{err}
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		faults = invalid.Faults
	}
	for _, fault := range faults {
		f := Finding{Severity: dataflow.CheckError, Err: fault}
		var placed *component.ConfigError
		if errors.As(fault, &placed) {
			f.Component, f.Type, f.Where, f.Path, f.Err = placed.Component, placed.Type, placed.Where, placed.Path, placed.Err
		}
		c.report.Findings = append(c.report.Findings, f)
	}
}

// plan says what would run, in which order.
func (c *check) plan() {
	p := c.pipeline
	c.lineage, c.off = make([]dataflow.Lineage, len(p.Steps)), make([]string, len(p.Steps))
	stages := c.graph.stages()
	stage := make([]int, len(p.Steps))
	for at, steps := range stages {
		for _, i := range steps {
			stage[i] = at + 1
		}
	}
	for _, i := range c.graph.order {
		step := &p.Steps[i]
		c.off[i] = c.offReason(i)
		if step.Component != nil {
			c.lineage[i] = safeLineage(step.Component)
		}
		c.report.Components = append(c.report.Components, CheckedComponent{
			Name: step.Name, Type: step.Type, Stage: stage[i], After: stepNames(p, c.graph.before(i)), Off: c.off[i],
			Reads: c.lineage[i].Inputs, Makes: dataOf(c.lineage[i].Outputs), Effect: c.lineage[i].Effect, Opaque: c.lineage[i].Opaque,
		})
	}
}

// safeLineage is the lineage of a component; code of users that panics says
// nothing.
func safeLineage(part component.PipelineComponent) dataflow.Lineage {
	lineage := dataflow.Lineage{Opaque: true}
	_ = guard(func() error {
		lineage = dataflow.LineageOf(part)
		return nil
	})
	return lineage
}

func stepNames(p *Pipeline, steps []int) []string {
	var names []string
	for _, i := range steps {
		names = append(names, p.Steps[i].Name)
	}
	return names
}

func dataOf(sets []dataflow.Dataset) []dataflow.CheckedData {
	var out []dataflow.CheckedData
	for _, d := range sets {
		out = append(out, dataflow.CheckedData{Dataset: d})
	}
	return out
}

// offReason says why a step does not run, or nothing. Those that it depends on
// come before it.
func (c *check) offReason(i int) string {
	step := &c.pipeline.Steps[i]
	if !step.enabled() {
		return disabledReason(step)
	}
	if c.pipeline.OnDisabled == DisabledRun {
		return ""
	}
	for _, dep := range c.graph.deps[i] {
		if c.off[dep] != "" {
			return fmt.Sprintf("depends on %q, which does not run", c.pipeline.Steps[dep].Name)
		}
	}
	return ""
}

func (c *check) needsServer() bool {
	return slices.ContainsFunc(c.graph.order, func(i int) bool {
		return c.off[i] == "" && dataflow.NeedsSession(c.pipeline.Steps[i].Component)
	})
}

// hint adds to a fault what the order of the components tells of it.
func (c *check) hint(at int, err error) error {
	var spark *component.SparkError
	if !errors.As(err, &spark) || spark.Class != "TABLE_OR_VIEW_NOT_FOUND" {
		return err
	}
	missing := bareName(spark.Parameters["relationName"])
	if missing == "" {
		return err
	}
	for later, i := range c.graph.order {
		if i == c.graph.order[at] || !slices.ContainsFunc(c.lineage[i].Outputs, func(d dataflow.Dataset) bool { return bareName(d.Name) == missing }) {
			continue
		}
		name := c.pipeline.Steps[i].Name
		switch {
		case c.off[i] != "":
			return fmt.Errorf("%w; component %q makes it, but does not run: %s", err, name, c.off[i])
		case later > at:
			return fmt.Errorf("%w; component %q makes it, but only later: let this one depend on it", err, name)
		}
	}
	return err
}

// bareName writes a name without backquotes, in lower case.
func bareName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "`", "")) }
