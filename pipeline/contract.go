package pipeline

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// stepSchema reads the block "schema" of a component.
func stepSchema(section *config.Section, c component.PipelineComponent) (*dataflow.ContractGate, error) {
	if section == nil {
		return nil, nil
	}
	var cfg dataflow.SchemaConfig
	if err := section.Decode(&cfg); err != nil {
		return nil, err
	}
	gate, err := cfg.Contract()
	if err == nil && isStream(c) && (gate.Evolution == dataflow.EvolutionAddColumns || gate.Evolution == dataflow.EvolutionIgnore) {
		err = fmt.Errorf("evolution %s does not go with a stream: the columns of its target are left to its sink; leave it out", gate.Evolution)
	}
	if flow, ok := dataflow.FlowOf(c); ok && err == nil {
		if w, ok := flow.(dataflow.WriteView); ok {
			err = gate.CheckSink(w.Sink)
		}
	}
	if err != nil {
		return nil, placed(*section, err)
	}
	return &gate, nil
}

// ContractMismatchError is what a step wants of another and does not get, by the
// contracts of both.
type ContractMismatchError struct{ dataflow.ContractFinding }

// Error implements error.
func (e *ContractMismatchError) Error() string { return e.Message }

// contract is what the rows of a step must look like: what its component says
// itself and what is configured, which wins. It reports false when there is
// neither.
func (s *Step) contract(p *Pipeline) (dataflow.ContractGate, bool) {
	gate, ok := dataflow.ContractOf(s.Component, s.Name, s.Schema)
	gate.FailOnWarning = gate.FailOnWarning || p.SchemaValidation.FailOnWarning
	return gate, ok
}

// withContract puts a contract before the end of the step's rows, for one attempt.
func withContract(rt component.Runtime, step *Step, contract dataflow.ContractGate) component.Runtime {
	if isStream(step.Component) {
		return streaming.WithTransform(rt, contract.Transform(rt))
	}
	return dataflow.WithGate(rt, contract)
}

// contracts compares what the steps promise with what those after them want. It
// returns the faults and leaves the rest in the graph.
func (p *Pipeline) contracts(g *graph) []error {
	g.contracts = nil
	if !p.SchemaValidation.Enabled {
		return nil
	}
	var steps []dataflow.ContractStep
	for _, i := range g.order {
		if step := &p.Steps[i]; step.enabled() {
			gate, _ := step.contract(p)
			steps = append(steps, dataflow.ContractStepOf(step.Name, step.Component, gate))
		}
	}
	var faults []error
	for _, found := range dataflow.ComparePipeline(steps, p.SchemaValidation) {
		if found.Severity != dataflow.CheckError {
			g.contracts = append(g.contracts, found)
			continue
		}
		step := p.step(found.Consumer)
		faults = append(faults, &component.ConfigError{
			Component: step.Name, Type: step.Type, Where: step.Where, Path: step.Path, Err: &ContractMismatchError{found},
		})
	}
	return faults
}

// step returns the step of that name, which there is.
func (p *Pipeline) step(name string) *Step {
	for i := range p.Steps {
		if p.Steps[i].Name == name {
			return &p.Steps[i]
		}
	}
	return &Step{Name: name}
}
