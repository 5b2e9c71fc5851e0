package dataflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// Evolution says what becomes of rows that the target of a sink has no columns for,
// or columns of other types. It is about sinks that keep the columns of a target
// which is there, [SinkTarget].
type Evolution uint8

const (
	// EvolutionSink does not look at the target: the settings of the sink hold.
	EvolutionSink Evolution = iota
	// EvolutionFail refuses the rows before anything is written. Columns that the sink
	// adds itself, with merge_schema, are fine.
	EvolutionFail
	// EvolutionAddColumns adds the columns and the fields of structs that the target
	// lacks to it, and refuses types that do not fit.
	EvolutionAddColumns
	// EvolutionIgnore leaves out what the target has no columns for, and refuses types
	// that do not fit. Where there is no target yet, the contract of the output says
	// what is left out, and what is missing is filled with nulls.
	EvolutionIgnore
)

func evolutionNames() []string { return []string{"sink", "fail", "add_columns", "ignore"} }

// String returns "sink", "fail", "add_columns" or "ignore".
func (e Evolution) String() string {
	if names := evolutionNames(); int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("Evolution(%d)", uint8(e))
}

// UnmarshalText reads what String returns, in any case.
func (e *Evolution) UnmarshalText(text []byte) error {
	for i, name := range evolutionNames() {
		if strings.EqualFold(name, string(text)) {
			*e = Evolution(i)
			return nil
		}
	}
	return fmt.Errorf("unknown evolution %q; there are %s", text, strings.Join(evolutionNames(), ", "))
}

// evolve makes rows and target fit each other, as far as Evolution allows that.
func (g ContractGate) evolve(ctx context.Context, spark *Session, rows sql.DataFrame, got schema.Definition, sink Sink) (sql.DataFrame, error) {
	if g.Evolution == EvolutionSink {
		return rows, nil
	}
	sinkTarget, ok := sink.(SinkTarget)
	var have schema.Definition
	if ok {
		var err error
		if have, ok, err = sinkTarget.TargetSchema(ctx, spark); err != nil {
			return nil, fmt.Errorf("look at the target: %w", err)
		}
	}
	if !ok {
		return g.toContract(ctx, spark, rows, got)
	}
	e := evolution{gate: g, sink: sink, got: got, have: have}
	if err := e.check(); err != nil {
		return nil, err
	}
	switch g.Evolution {
	case EvolutionAddColumns:
		return e.addColumns(ctx, spark, rows)
	case EvolutionIgnore:
		return conform(ctx, spark, rows, got, have, e.fills())
	}
	return rows, nil
}

// toContract leaves out what the contract of the output does not want, where there is
// no target.
func (g ContractGate) toContract(ctx context.Context, spark *Session, rows sql.DataFrame, got schema.Definition) (sql.DataFrame, error) {
	if g.Evolution != EvolutionIgnore || g.Output == nil {
		return rows, nil
	}
	columns := g.Output.Columns
	if g.Output.Rules != nil && g.Output.Rules.Names == schema.NamesLoose {
		columns = schema.Align(columns, got, schema.NamesLoose)
	}
	return conform(ctx, spark, rows, got, columns, true)
}

// evolution is what one write does about its target.
type evolution struct {
	gate      ContractGate
	sink      Sink
	got, have schema.Definition
}

// targetRules are those under which Spark and the formats take rows for a table.
func targetRules() *schema.Rules {
	return &schema.Rules{
		Types: schema.TypesUpCast, Missing: schema.MissingAllow, Nullability: schema.NullabilityIgnore, Names: schema.NamesIgnoreCase, AnyOrder: true,
	}
}

// check refuses what Evolution does not allow.
func (e evolution) check() error {
	refused := schema.Errors(e.differences())
	if len(refused) == 0 {
		return nil
	}
	return &SchemaError{Component: e.gate.Component, Subject: "the target" + e.name(), Differences: refused, Hint: e.hint(refused)}
}

// differences are those between the target and the rows, seen from the target: an
// extra column is one that the rows have.
func (e evolution) differences() []schema.Difference {
	got := e.got
	if table, ok := e.sink.(TableSink); ok && table.Insert && e.gate.Evolution == EvolutionFail {
		got = byPlace(got, e.have)
	}
	var out []schema.Difference
	for _, d := range schema.Compare(e.have, got, targetRules()) {
		if d.Kind == schema.DifferenceExtra && !d.Breaking {
			if e.gate.Evolution != EvolutionFail || growsItself(e.sink) {
				continue
			}
			d.Message = "the target has no such column, the rows have " + d.Got
		}
		if d.Kind == schema.DifferenceType {
			d.Message = "is " + d.Got + " in the rows and " + d.Want + " in the target"
		}
		out = append(out, d)
	}
	return out
}

// byPlace gives columns the names of those in whose places they are written.
func byPlace(got, have schema.Definition) schema.Definition {
	fields := make([]schema.Field, len(got.Fields))
	for i, f := range got.Fields {
		if i < len(have.Fields) {
			f.Name = have.Fields[i].Name
		}
		fields[i] = f
	}
	return schema.Definition{Fields: fields}
}

// name is that of the target, as far as the lineage of the sink tells it.
func (e evolution) name() string {
	for _, d := range lineageOf(e.sink).Outputs {
		return " " + d.Name
	}
	return ""
}

func (e evolution) hint(refused []schema.Difference) string {
	for _, d := range refused {
		switch {
		case d.Kind == schema.DifferenceType:
			return "cast the columns, or change their types in the target"
		case d.Kind == schema.DifferenceExtra && !d.Breaking:
			return "set evolution to add_columns or ignore, or leave the columns out"
		}
	}
	return ""
}
