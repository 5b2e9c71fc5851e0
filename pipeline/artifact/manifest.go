package artifact

import (
	"maps"
	"slices"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// ManifestFile is the usual name of the file.
const ManifestFile = "manifest.json"

// Manifest tells what a pipeline consists of. Durations are in milliseconds; 0
// is no limit. No setting of a component is in it.
type Manifest struct {
	// SchemaVersion is [ManifestVersion], Kind is [KindManifest].
	SchemaVersion int    `json:"schema_version"`
	Kind          string `json:"kind"`
	// GeneratedAt is when the document was made; GeneratedBy names the program, or
	// is empty.
	GeneratedAt time.Time `json:"generated_at"`
	GeneratedBy string    `json:"generated_by,omitempty"`
	// RunID is the run that the manifest was made for, or empty.
	RunID string `json:"run_id,omitempty"`
	// Pipeline is the name of the pipeline; the others describe it.
	Pipeline    string            `json:"pipeline"`
	Version     string            `json:"version,omitempty"`
	Environment string            `json:"environment,omitempty"`
	Mode        string            `json:"mode,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	// File is the configuration file, or empty.
	File string `json:"file,omitempty"`
	// FailFast, MaxParallel, TimeoutMS and OnDisabled are those of
	// [pipeline.Pipeline].
	FailFast    bool    `json:"fail_fast"`
	MaxParallel int     `json:"max_parallel"`
	TimeoutMS   float64 `json:"timeout_ms"`
	OnDisabled  string  `json:"on_disabled"`
	// Steps are the components in the order of declaration.
	Steps []Step `json:"steps"`
}

// Step is one component of a pipeline.
type Step struct {
	// Name and Type are those of the step; Type may be empty.
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	// DependsOn names the steps whose work it needs, After those that it only comes
	// behind; see [pipeline.Dependencies].
	DependsOn []string `json:"depends_on"`
	After     []string `json:"after,omitempty"`
	// Disabled means that the pipeline says not to run it, Unused that it is a
	// source that nothing reads.
	Disabled bool `json:"disabled"`
	Unused   bool `json:"unused,omitempty"`
	// Inputs and Outputs are what the component reads and makes, as far as it can be
	// told; Opaque means that there may be more.
	Inputs  []Dataset `json:"inputs"`
	Outputs []Dataset `json:"outputs"`
	Opaque  bool      `json:"opaque"`
	// Effect says what a second run does to what the first one left: "unknown",
	// "none", "idempotent" or "repeats".
	Effect string `json:"effect"`
	// TimeoutMS bounds the component with all its attempts.
	TimeoutMS float64 `json:"timeout_ms"`
	// Retry and CircuitBreaker are the policies with their defaults, or nil.
	Retry          *Retry          `json:"retry,omitempty"`
	CircuitBreaker *CircuitBreaker `json:"circuit_breaker,omitempty"`
	// RetryUnsafe lets it be tried again although nobody knows what became of the
	// attempt before.
	RetryUnsafe bool `json:"retry_unsafe,omitempty"`
	// Where is the place in the file, as file:line:column, or empty.
	Where string `json:"where,omitempty"`
}

// Dataset is something that a component reads or makes.
type Dataset struct {
	// Kind is "view", "table", "path" or "relation".
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Retry says how often a component is tried.
type Retry struct {
	MaxAttempts    int     `json:"max_attempts"`
	InitialDelayMS float64 `json:"initial_delay_ms"`
	MaxDelayMS     float64 `json:"max_delay_ms"`
	Multiplier     float64 `json:"backoff_multiplier"`
}

// CircuitBreaker says when a component is not tried any more.
type CircuitBreaker struct {
	// Name is what steps share the breaker by; empty for one of its own.
	Name             string  `json:"name,omitempty"`
	FailureThreshold int     `json:"failure_threshold"`
	SuccessThreshold int     `json:"success_threshold"`
	TimeoutMS        float64 `json:"timeout_ms"`
}

// NewManifest makes the document of a pipeline. Nothing is run and no server is
// asked.
func NewManifest(p *pipeline.Pipeline) *Manifest {
	if p == nil {
		p = &pipeline.Pipeline{}
	}
	out := &Manifest{
		SchemaVersion: ManifestVersion, Kind: KindManifest, GeneratedAt: time.Now().UTC(),
		Pipeline: p.Name, Version: p.Version, Environment: p.Environment, Mode: p.Mode, Tags: maps.Clone(p.Tags), File: p.File,
		FailFast: p.FailFast, MaxParallel: max(1, p.MaxParallel), TimeoutMS: milliseconds(p.Timeout),
		OnDisabled: p.OnDisabled.String(), Steps: make([]Step, len(p.Steps)),
	}
	dependencies, err := p.Dependencies()
	for i := range p.Steps {
		out.Steps[i] = newStep(&p.Steps[i])
		if err == nil { // else what is written must do
			out.Steps[i].DependsOn, out.Steps[i].After = distinct(dependencies[i].DependsOn), dependencies[i].After
		}
	}
	return out
}

func newStep(s *pipeline.Step) Step {
	out := Step{
		Name: s.Name, Type: s.Type, DependsOn: distinct(s.DependsOn),
		Where: s.Where, Disabled: s.Disabled, Unused: s.Unused, TimeoutMS: milliseconds(s.Timeout), RetryUnsafe: s.RetryUnsafe,
	}
	lineage := lineageOf(s)
	out.Inputs, out.Outputs = datasets(lineage.Inputs), datasets(lineage.Outputs)
	out.Opaque, out.Effect = lineage.Opaque, effect(lineage.Effect)
	policies := s.Resilience.WithDefaults()
	if policies.Retry != nil {
		out.Retry = newRetry(policies.Retry.WithDefaults())
	}
	if policies.Breaker != nil {
		out.CircuitBreaker = newCircuitBreaker(policies.Breaker.WithDefaults())
	}
	return out
}

// distinct returns the names without repetitions, never nil.
func distinct(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// lineageOf asks the component, which is code of the user: one that panics has
// said nothing.
func lineageOf(s *pipeline.Step) (found dataflow.Lineage) {
	if s.Component == nil {
		return dataflow.Lineage{Opaque: true}
	}
	defer func() {
		if recover() != nil {
			found = dataflow.Lineage{Opaque: true}
		}
	}()
	return dataflow.LineageOf(s.Component)
}

func datasets(list []dataflow.Dataset) []Dataset {
	out := make([]Dataset, len(list))
	for i, d := range list {
		out[i] = Dataset{Kind: string(d.Kind), Name: d.Name}
	}
	return out
}

func effect(e dataflow.Effect) string {
	switch e {
	case dataflow.EffectNone:
		return "none"
	case dataflow.EffectIdempotent:
		return "idempotent"
	case dataflow.EffectRepeats:
		return "repeats"
	case dataflow.EffectUnknown:
	}
	return "unknown"
}

func newRetry(c resilience.RetryConfig) *Retry {
	return &Retry{
		MaxAttempts: c.MaxAttempts, InitialDelayMS: milliseconds(c.InitialDelay), MaxDelayMS: milliseconds(c.MaxDelay), Multiplier: c.Multiplier,
	}
}

func newCircuitBreaker(c resilience.BreakerConfig) *CircuitBreaker {
	return &CircuitBreaker{
		Name: c.Name, FailureThreshold: c.FailureThreshold, SuccessThreshold: c.SuccessThreshold, TimeoutMS: milliseconds(c.Timeout),
	}
}
