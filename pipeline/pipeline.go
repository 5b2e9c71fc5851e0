package pipeline

import (
	"slices"
	"time"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/resilience"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// Pipeline is what a [Runner] runs. Make one with [New] or [FromConfig], then
// change fields as you like before the first run.
type Pipeline struct {
	// Name labels the pipeline in logs and results; required.
	Name string
	// Version, Environment and Mode describe the pipeline and may be empty.
	Version, Environment, Mode string
	// Tags are free labels.
	Tags map[string]string
	// Spark says where the work runs. The runner does not read it; it is there
	// for [RunnerOptions.OpenSession].
	Spark config.Spark
	// Hooks are the observers that the file asks for. The runner does not read it;
	// it is there for whoever makes [RunnerOptions.Hooks].
	Hooks config.Hooks
	// Audit is the trail that the file asks for, or nil. The runner does not read it;
	// it is there for whoever makes a hook of it with [audit.New].
	Audit *audit.Config
	// Settings is the file as it was understood, without what is not from the file:
	// [config.Pipeline.Snapshot]. Nil for a pipeline that was made in code.
	Settings map[string]any
	// Checkpoint says how the file wants records of the runs to be kept. The runner
	// does not read it; it is there for whoever makes [RunnerOptions.Checkpoint],
	// see [Pipeline.CheckpointOptions].
	Checkpoint config.Checkpoint
	// Quality says what is checked around the pipeline and its steps, and where
	// reports go; nil for the reports in the result alone.
	Quality *Quality
	// SchemaValidation says whether the contracts of the steps are compared with each
	// other before the run, and how strictly.
	SchemaValidation dataflow.SchemaValidation
	// Secrets says where the secrets are that the settings refer to, or is nil.
	Secrets *secrets.Config
	// Steps are the components in the order of declaration; at least one.
	Steps []Step
	// FailFast stops a run at the first failure. [New] sets it to true; false
	// lets the run go on with what does not depend on the failure.
	FailFast bool
	// MaxParallel is how many components may run at the same time; 0 and 1, the
	// default, are one after the other. With more, a component starts as soon as
	// what it depends on is done.
	MaxParallel int
	// WrittenOnly leaves it at the dependencies that are written in
	// [Step.DependsOn]. Without it, steps that have none written depend also on
	// what follows from the views, tables and paths that they and others read and
	// make, see [dataflow.LineageOf].
	WrittenOnly bool
	// Timeout bounds the run, the opening of the session left aside; 0 is no
	// bound. Components that run then are told through their context, and the run
	// has failed with a [*TimeoutError].
	Timeout time.Duration
	// OnDisabled says what becomes of the dependents of a disabled step; the zero
	// value is [DisabledSkip].
	OnDisabled DisabledPolicy
	// File is the configuration file that the pipeline was loaded from, or empty.
	File string
}

// Step is one component of a pipeline and its place in the order.
type Step struct {
	// Name is unique in the pipeline; required. Results, hooks and errors use it.
	Name string
	// Type is the registered type, for results and errors. It may be empty.
	Type string
	// Component does the work. It may be nil only when Disabled is true.
	Component component.PipelineComponent
	// Where is the place of its query or settings as file:line:column, and Path their
	// key path, for messages; both are empty for what does not come from a file.
	Where, Path string
	// DependsOn names the steps that must be done before. Naming one twice is the
	// same as naming it once. What is written here is all there is: only a nil list
	// is completed by what the steps read and make, see [Pipeline.WrittenOnly].
	DependsOn []string
	// Timeout bounds the component with all its attempts; 0 is no bound.
	// It is told through its context, which also ends its work on Spark, and has
	// failed with a [*TimeoutError]. A component that does not listen is waited
	// for.
	Timeout time.Duration
	// Resilience says how often the step is tried and when to stop trying; the
	// zero value is one attempt. Each attempt opens, runs and closes the component
	// anew. The circuit breaker belongs to the runner and lives from run to run;
	// steps that give it the same name share it.
	Resilience resilience.Config
	// RetryUnsafe lets the step be tried again although nobody knows whether the
	// attempt before did its work ([dataflow.ErrOutcomeUnknown]). Steps that say of
	// themselves that they leave the same data when they run twice, such as an
	// overwrite ([dataflow.EffectIdempotent]), need it not.
	RetryUnsafe bool
	// Fingerprint stands for the settings of the component, so that a run with other
	// settings is not resumed as if it were the same. [FromConfig] fills it in, with
	// secrets left out; in Go any text without a secret will do, and empty none.
	Fingerprint string
	// Quality says what the rows of the step are checked for, before they go where the
	// step brings them; nil for nothing.
	Quality *StepQuality
	// Schema says what its rows must look like and what it wants of the views and
	// tables that it reads; nil leaves it at what the component says itself as a
	// [component.SchemaContract].
	Schema *dataflow.ContractGate
	// Remake, if it is set, makes the component anew at the start of each run and for
	// each further attempt, with the secrets that its settings refer to. Component
	// then stands for it wherever nothing runs, with the references in their place.
	// [FromConfig] sets it.
	Remake Remake
	// Disabled keeps the step from being checked and from running.
	Disabled bool
	// Unused keeps the step from running, but not from being checked. It is for
	// sources that nothing reads.
	Unused bool

	// open is true when the settings of Component hold references to secrets where
	// their text matters, so that it cannot be checked.
	open bool
	// secrets stand in the settings of the step themselves.
	secrets []secrets.Value
}

// New returns a pipeline that stops at the first failure. The error is the
// [*InvalidError] of [Pipeline.Validate].
func New(name string, steps ...Step) (*Pipeline, error) {
	p := &Pipeline{Name: name, Steps: slices.Clone(steps), FailFast: true}
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return p, nil
}

// enabled reports whether the pipeline wants the step to run.
func (s *Step) enabled() bool { return !s.Disabled && !s.Unused }

// total counts the steps that are enabled.
func (p *Pipeline) total() int {
	n := 0
	for i := range p.Steps {
		if p.Steps[i].enabled() {
			n++
		}
	}
	return n
}
