package dataflow

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
)

// CheckContract holds what the check of a component found against its contracts, and
// returns it with what is wrong added. Call it after [CheckSession.Check] of the same
// component, with its result, and before that of the next. It costs an analysis for
// each input that no component makes, and one for the target of a sink where the
// evolution asks for it; nothing is executed. The error says that the check could not
// go on.
func (c *CheckSession) CheckContract(ctx context.Context, part component.PipelineComponent, gate ContractGate, result CheckResult) (CheckResult, error) {
	if c.opts.Sample > 0 {
		return result, nil // the columns of a sample are not known
	}
	result.Findings = slices.Clone(result.Findings)
	report := func(subject string, differences []schema.Difference) {
		result.add(gate.found(subject, differences))
	}
	for _, name := range slices.Sorted(maps.Keys(gate.Inputs)) {
		got, err := c.columnsOf(ctx, name)
		switch {
		case err == nil:
			report("the input "+name, gate.Inputs[name].Compare(got))
		case cannotCheck(ctx, err):
			return result, err
		default:
			result.addError(err)
		}
	}
	if result.Rows == nil {
		if gate.Output != nil {
			result.addError(notAnalysed("the columns of its output are not known, and so not held against the contract"))
		}
		return result, nil
	}
	if gate.Output != nil {
		report(theRows, gate.Output.Compare(*result.Rows))
	}
	err := c.checkEvolution(ctx, sinkOf(part), gate, &result)
	return result, err
}

// found makes findings of differences: one that is an error, and one of warnings.
func (g ContractGate) found(subject string, differences []schema.Difference) []CheckFinding {
	var out []CheckFinding
	for severity, list := range map[CheckSeverity][]schema.Difference{
		CheckError: schema.Errors(differences), CheckWarning: schema.Warnings(differences),
	} {
		if len(list) == 0 {
			continue
		}
		if g.FailOnWarning {
			severity = CheckError
		}
		out = append(out, CheckFinding{Severity: severity, Err: &SchemaError{Subject: subject, Differences: list}})
	}
	slices.SortStableFunc(out, func(a, b CheckFinding) int { return int(a.Severity) - int(b.Severity) })
	return out
}

func (r *CheckResult) add(findings []CheckFinding) { r.Findings = append(r.Findings, findings...) }

// addError adds an error, as what it is.
func (r *CheckResult) addError(err error) {
	severity := CheckError
	var skipped *NotAnalysedError
	if errors.As(err, &skipped) {
		severity = CheckNote
	}
	r.Findings = append(r.Findings, CheckFinding{Severity: severity, Err: err})
}

// columnsOf gives the columns of a view or table, as a component before makes it or as
// the catalog has it.
func (c *CheckSession) columnsOf(ctx context.Context, name string) (schema.Definition, error) {
	parts, err := splitName(name)
	if err != nil {
		return schema.Definition{}, err
	}
	if m := c.find(parts); m != nil {
		if m.why != "" {
			return schema.Definition{}, notAnalysed("the input %s is not held against its contract: %s", name, m.why)
		}
		return m.def, nil
	}
	if len(parts) == 1 {
		if err := c.importView(ctx, parts[0]); err != nil {
			return schema.Definition{}, err
		}
	}
	df, err := TableSource{Table: QuoteName(parts...)}.Load(ctx, c.spark)
	if err != nil {
		return schema.Definition{}, err
	}
	return c.analyze(ctx, df)
}

// checkEvolution tells whether a write would be refused for its target.
func (c *CheckSession) checkEvolution(ctx context.Context, sink Sink, gate ContractGate, result *CheckResult) error {
	if err := gate.CheckSink(sink); err != nil {
		result.addError(err)
		return nil
	}
	target, ok := sink.(SinkTarget)
	if !ok || gate.Evolution == EvolutionSink {
		return nil
	}
	settles := gate.settles(sink)
	if slices.ContainsFunc(result.Findings, func(f CheckFinding) bool {
		return f.Severity == CheckError && !slices.Contains(settles, classOf(f.Err))
	}) {
		return nil // the target may be none that can be written
	}
	have, there, err := c.targetOf(ctx, sink, target)
	if err != nil || !there {
		return err
	}
	e := evolution{gate: gate, sink: sink, got: *result.Rows, have: have}
	e.gate.Component = "" // a finding is one of its component
	err = e.check()
	if err == nil && gate.Evolution == EvolutionAddColumns {
		c.grow(gate.Component, sink, e)
	}
	result.Findings = slices.DeleteFunc(result.Findings, func(f CheckFinding) bool { return slices.Contains(settles, classOf(f.Err)) })
	if err != nil {
		result.addError(err)
	}
	return nil
}

// settles are the error classes of what the evolution says better: columns that the
// table lacks, and where rows get the columns of the table, their number and order.
func (g ContractGate) settles(sink Sink) []string {
	classes := []string{"DELTA_METADATA_MISMATCH", "INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS"}
	if table, ok := sink.(TableSink); ok && g.Evolution != EvolutionFail {
		classes = append(classes, "_LEGACY_ERROR_TEMP_1161", "_LEGACY_ERROR_TEMP_1162",
			"INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS", "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS")
		if table.Insert {
			classes = append(classes, "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST")
		}
	}
	return classes
}

// grow lets components that come after see the columns that a target gets.
func (c *CheckSession) grow(name string, sink Sink, e evolution) {
	if len(newColumns(nil, e.have.Fields, e.got.Fields)) == 0 {
		return
	}
	for _, d := range lineageOf(sink).Outputs {
		m := &madeData{by: name, def: schema.Definition{Fields: grownFields(e.have.Fields, e.got.Fields)}}
		if old := c.findKey(c.keyOf(d)); old != nil {
			m.format, m.partitions = old.format, old.partitions
		}
		c.put(c.keyOf(d), m)
	}
}

// targetOf gives the columns of a target: those that a component before gives it, or
// those that it has.
func (c *CheckSession) targetOf(ctx context.Context, sink Sink, target SinkTarget) (schema.Definition, bool, error) {
	for _, d := range lineageOf(sink).Outputs {
		if m := c.findKey(c.keyOf(d)); m != nil && m.by != "" {
			return m.def, m.why == "", nil
		}
	}
	c.analyses.Add(1)
	return target.TargetSchema(ctx, c.spark)
}

// sinkOf gives the sink of a component, nil when it has none that is known.
func sinkOf(part component.PipelineComponent) Sink {
	flow, _ := FlowOf(part)
	switch f := flow.(type) {
	case WriteView:
		return f.Sink
	case Steps:
		return f.Sink
	}
	return nil
}
