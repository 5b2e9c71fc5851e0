package dataflow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
)

// ContractStep is what a component of a pipeline says of data: see [ContractStepOf].
type ContractStep struct {
	// Name is that of the component in its pipeline.
	Name string
	// Inputs are the contracts of what it reads, by the names of views and tables.
	Inputs map[string]schema.Contract
	// Output is the contract of the rows that it makes, nil when it gives none.
	Output *schema.Contract
	// Makes and Reads are the views and tables that it makes and reads, as far as that
	// is known.
	Makes, Reads []Dataset
}

// ContractStepOf returns what a component says of data, with the contracts of its
// gate, which [ContractOf] gives, and what it reads and makes by its lineage.
func ContractStepOf(name string, part component.PipelineComponent, gate ContractGate) ContractStep {
	lineage := safeLineage(part)
	return ContractStep{Name: name, Inputs: gate.Inputs, Output: gate.Output, Makes: lineage.Outputs, Reads: lineage.Inputs}
}

// ContractFinding is what a consumer wants of a producer and does not get.
type ContractFinding struct {
	// Producer and Consumer are the names of the components. Producer is empty where a
	// contract is missing whose data no component makes.
	Producer, Consumer string
	// Data is the view or table.
	Data string
	// Severity is CheckError or CheckWarning.
	Severity CheckSeverity
	// Differences are those of the contracts, none where one is missing.
	Differences []schema.Difference
	// Message says it in words.
	Message string
}

// String returns the message.
func (f ContractFinding) String() string { return f.Message }

// ComparePipeline compares what components promise with what those after them want,
// with no server. The steps stand in the order in which they run; what several make,
// the last one before the reader counts.
//
// Where only one of the two has a contract, that is a warning, and an error with
// Strict. Where neither has one for data that one makes and the other reads, it is an
// error with Strict only. With FailOnWarning every warning is an error.
func ComparePipeline(steps []ContractStep, rules SchemaValidation) []ContractFinding {
	var out []ContractFinding
	for i, consumer := range steps {
		for _, data := range consumer.wanted() {
			if f, ok := compareStep(steps[:i], consumer, data, rules.Strict); ok {
				if rules.FailOnWarning {
					f.Severity = CheckError
				}
				out = append(out, f)
			}
		}
	}
	return out
}

// wanted are the names of what the step reads, those with a contract first.
func (s ContractStep) wanted() []string {
	names := slices.Sorted(maps.Keys(s.Inputs))
	for _, d := range s.Reads {
		if d.Kind != DatasetPath && !slices.ContainsFunc(names, func(name string) bool { return calledSo(d, name) }) {
			names = append(names, d.Name)
		}
	}
	return names
}

// calledSo reports whether a dataset may be the view or table of that name.
func calledSo(d Dataset, name string) bool {
	if other, err := splitName(name); err == nil {
		own, err := splitName(d.Name)
		return d.Kind != DatasetPath && err == nil && strings.EqualFold(shortName(QuoteName(own...)), shortName(QuoteName(other...)))
	}
	return false
}

func compareStep(before []ContractStep, consumer ContractStep, data string, strict bool) (ContractFinding, bool) {
	f := ContractFinding{Consumer: consumer.Name, Data: data, Severity: CheckWarning}
	if strict {
		f.Severity = CheckError
	}
	at := -1
	for i, s := range slices.Backward(before) {
		if slices.ContainsFunc(s.Makes, func(d Dataset) bool { return calledSo(d, data) }) {
			at = i
			break
		}
	}
	if at < 0 {
		return f, false // nobody here makes it: it is held against what is there
	}
	producer := before[at]
	f.Producer = producer.Name
	want, wants := consumer.input(data)
	where := fmt.Sprintf("%s, which %s makes and %s reads", data, label(producer.Name), label(consumer.Name))
	switch {
	case wants && producer.Output != nil:
		f.Differences = want.Compare(producer.Output.Columns)
		f.Severity = severityOf(f.Differences)
		f.Message = where + ": " + schema.Describe(f.Differences)
		return f, len(f.Differences) > 0
	case wants:
		f.Message = where + ", has a contract of its reader alone"
		return f, true
	case producer.Output != nil:
		f.Message = where + ", has a contract of its maker alone"
		return f, true
	}
	f.Message = where + ", has no contract"
	return f, strict
}

func (s ContractStep) input(data string) (schema.Contract, bool) {
	if c, ok := s.Inputs[data]; ok {
		return c, true
	}
	return schema.Contract{}, false
}

func severityOf(differences []schema.Difference) CheckSeverity {
	if len(schema.Errors(differences)) > 0 {
		return CheckError
	}
	return CheckWarning
}
