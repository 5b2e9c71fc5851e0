package dataflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
)

// ContractGate is the [Gate] of a schema contract: it lets rows pass that have the
// columns which were promised, before anything is registered or written. The zero
// value lets all rows pass. It is a plain value, safe for concurrent use.
type ContractGate struct {
	// Component is the name for error texts; it may be empty.
	Component string
	// Output is the contract of the rows; nil is none.
	Output *schema.Contract
	// Inputs are those of the views and tables that are read, by name. They are held
	// against what there is by [ContractGate.CheckInputs].
	Inputs map[string]schema.Contract
	// Evolution says what becomes of rows that the target of the sink has no columns
	// for; default [EvolutionSink].
	Evolution Evolution
	// FailOnWarning takes warnings for errors.
	FailOnWarning bool

	_ struct{}
}

var _ Gate = ContractGate{}

// Pass implements [Gate], with one analysis of the rows, and one of the sink's target
// where Evolution asks for it; no data is read. Rows that break the contract are
// refused with a [*SchemaError] that names every difference. Warnings go to the
// logger of rt.
func (g ContractGate) Pass(ctx context.Context, spark *Session, rt component.Runtime, rows sql.DataFrame, end End) error {
	if err := g.CheckSink(end.Sink); err != nil {
		return err
	}
	if g.Output == nil && (g.Evolution == EvolutionSink || end.Sink == nil) {
		return end.Deliver(ctx, rows)
	}
	got, err := SchemaOf(ctx, rows)
	if err != nil {
		return err
	}
	if g.Output != nil {
		if err := g.judge(rt, theRows, g.Output.Compare(got)); err != nil {
			return err
		}
	}
	rows, err = g.evolve(ctx, spark, rows, got, end.Sink)
	if err != nil {
		return err
	}
	return end.Deliver(ctx, rows)
}

// Transform returns the gate as a transform, for streams, whose rows go to no [End]: it
// refuses and warns as Pass does, and hands on the rows as they are. Evolution is
// not looked at. Warnings go to the logger of rt.
func (g ContractGate) Transform(rt component.Runtime) Transform {
	g.Evolution = EvolutionSink
	return TransformFunc(func(ctx context.Context, spark *Session, rows sql.DataFrame) (sql.DataFrame, error) {
		err := g.Pass(ctx, spark, rt, rows, End{Deliver: func(context.Context, sql.DataFrame) error { return nil }})
		return rows, err
	})
}

// CheckInputs holds the views and tables that the component reads against their
// contracts, with one analysis each; no data is read. Runners call it before the
// component runs. All that is wrong is returned at once, joined, as [*SchemaError].
func (g ContractGate) CheckInputs(ctx context.Context, spark *Session, rt component.Runtime) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(g.Inputs)) {
		got, err := TableSchema(ctx, spark, name)
		if err == nil {
			err = g.judge(rt, "the input "+name, g.Inputs[name].Compare(got))
		}
		if err != nil && cannotCheck(ctx, err) {
			return err
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// judge refuses differences that are errors, and logs the others.
func (g ContractGate) judge(rt component.Runtime, subject string, differences []schema.Difference) error {
	if err := g.verdict(subject, differences); err != nil {
		return err
	}
	if len(differences) > 0 {
		texts := make([]string, len(differences))
		for i, d := range differences {
			texts[i] = d.String()
		}
		rt.Logger().Warn("schema contract", zap.String("component", g.Component), zap.String("subject", subject), zap.Strings("differences", texts))
	}
	return nil
}

// verdict returns an error when a difference is one.
func (g ContractGate) verdict(subject string, differences []schema.Difference) error {
	if len(schema.Errors(differences)) > 0 || g.FailOnWarning && len(differences) > 0 {
		return &SchemaError{Component: g.Component, Subject: subject, Differences: differences}
	}
	return nil
}

// CheckSink reports whether the gate can do for a sink what Evolution says; the sink
// is nil for rows that only become a view. It touches nothing, so that runners can
// tell before a run.
func (g ContractGate) CheckSink(sink Sink) error {
	if g.Evolution > EvolutionIgnore {
		return fmt.Errorf("%s is no evolution", g.Evolution)
	}
	if g.Evolution != EvolutionAddColumns {
		return nil
	}
	switch sink := sink.(type) {
	case ColumnAdder:
		return nil
	case nil:
		return errors.New("evolution add_columns adds columns to the target of a sink, and the rows only become a view")
	case JDBCSink:
		return fmt.Errorf("evolution add_columns: Spark cannot change the table %s of another database; "+
			"add the columns there with ALTER TABLE, or set evolution to fail or ignore", sink.Table)
	}
	return fmt.Errorf("evolution add_columns: a %T has no table that columns can be added to; it goes with the sinks of Delta, Iceberg and tables of the catalog", sink)
}

// ContractsOf returns the contracts that a component gives itself, as a
// [component.SchemaContract]; a [Component] of a flow is asked for those of its flow.
func ContractsOf(c component.PipelineComponent) (inputs map[string]schema.Contract, output *schema.Contract) {
	own, ok := c.(component.SchemaContract)
	if flow, is := FlowOf(c); is {
		own, ok = flow.(component.SchemaContract)
	}
	if !ok {
		return nil, nil
	}
	_ = guarded(func() error {
		inputs, output = own.InputSchema(), own.OutputSchema()
		return nil
	})
	return inputs, output
}

// ContractOf returns the gate of a component: with what it says itself as a
// [component.SchemaContract], and with what is configured, which wins; that may be
// nil. It reports false when there is neither.
func ContractOf(c component.PipelineComponent, name string, configured *ContractGate) (ContractGate, bool) {
	g := ContractGate{}
	if configured != nil {
		g = *configured
	}
	g.Component = name
	inputs, output := ContractsOf(c)
	if g.Output == nil {
		g.Output = output
	}
	all := maps.Clone(inputs)
	if all == nil {
		all = map[string]schema.Contract{}
	}
	maps.Copy(all, g.Inputs)
	g.Inputs = all
	return g, g.Output != nil || len(g.Inputs) > 0 || g.Evolution != EvolutionSink
}
