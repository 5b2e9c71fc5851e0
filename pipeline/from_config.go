package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// FromConfig builds the pipeline that a configuration file describes, with the
// component types of registry; a nil registry knows none. It needs no cluster.
// The error is an [*InvalidError] with every fault of the file at once: types
// that are not known, config blocks that do not fit, settings that the components
// refuse, and faults of the order.
//
// A component that is not enabled is not built: its type and its config block
// are not looked at.
func FromConfig(cfg *config.Pipeline, registry *component.Registry) (*Pipeline, error) {
	if cfg == nil {
		return nil, fmt.Errorf("build a pipeline: %w: the configuration is nil", ErrNoPipeline)
	}
	registry = cmp.Or(registry, &component.Registry{})
	p := &Pipeline{
		Name: cfg.Name, Version: cfg.Version, Environment: cfg.Environment, Mode: cfg.Mode,
		Tags: maps.Clone(cfg.Tags), Spark: cfg.Spark, FailFast: cfg.Runner.FailFast,
		MaxParallel: cfg.Runner.MaxParallel, Timeout: cfg.Runner.Timeout, WrittenOnly: cfg.Runner.WrittenOnly,
		Steps: make([]Step, len(cfg.Components)), File: cfg.File, Hooks: cfg.Hooks, Checkpoint: cfg.Checkpoint,
		Secrets: cfg.Secrets, Settings: cfg.Snapshot(),
	}
	var faults []error
	if p.Name == "" {
		faults = append(faults, ErrNoName)
	}
	if len(p.Steps) == 0 {
		faults = append(faults, ErrNoSteps)
	}
	if err := p.OnDisabled.UnmarshalText([]byte(cfg.Runner.OnDisabled)); err != nil {
		faults = append(faults, fmt.Errorf("runner.on_disabled: %w", err))
	}
	faults = append(faults, sparkFaults(cfg.Spark)...)
	for i := range cfg.Components {
		step, stepFaults := stepFromConfig(&cfg.Components[i], registry)
		p.Steps[i] = step
		faults = append(faults, stepFaults...)
	}
	quality, err := rootQuality(cfg.Quality, p.Steps)
	faults = append(faults, split(err)...)
	p.Quality = quality
	p.Audit, err = auditOf(cfg.Hooks.Audit)
	faults = append(faults, split(err)...)
	if cfg.SchemaValidation != nil {
		faults = append(faults, split(cfg.SchemaValidation.Decode(&p.SchemaValidation))...)
	}
	_, graphFaults := p.graph()
	faults = append(faults, graphFaults...)
	if faults = append(faults, p.resilienceFaults()...); len(faults) > 0 {
		return nil, &InvalidError{Pipeline: p.Name, Faults: faults}
	}
	return p, nil
}

// stepFromConfig builds and checks one component.
func stepFromConfig(cfg *config.Component, registry *component.Registry) (step Step, faults []error) {
	defer func() { faults = hideFaults(faults, step.secrets) }()
	step = Step{
		Name: cfg.Name, Type: cfg.Type, DependsOn: slices.Clone(cfg.DependsOn), Timeout: cfg.Timeout,
		Resilience: cfg.Resilience, RetryUnsafe: cfg.RetryUnsafe,
		Disabled: !cfg.Enabled, Unused: cfg.Unused,
	}
	if step.Disabled {
		return step, nil
	}
	factory, err := registry.Lookup(cfg.Type)
	if err != nil {
		return step, []error{&component.ConfigError{Component: cfg.Name, Where: cfg.Where, Path: cfg.Path, Err: err}}
	}
	step.Type = factory.Info().Type
	step.Where, step.Path = cfg.Config.Place("sql", "query")
	watched, open := cfg.Config.Watch()
	first := *cfg
	first.Config = watched
	step.Component, err = build(factory, &first, &step.secrets)
	if err != nil {
		return step, faultsOf(err, cfg, step.Type)
	}
	step.Fingerprint = fingerprint(cfg)
	quality, err := stepQuality(cfg.Quality, step.Component)
	faults = faultsOf(err, cfg, step.Type)
	step.Quality = quality
	step.Schema, err = stepSchema(cfg.Schema, step.Component)
	faults = append(faults, faultsOf(err, cfg, step.Type)...)
	if len(cfg.Config.References()) > 0 {
		step.Remake, step.open = remake(cfg, factory), open()
	}
	if step.open {
		return step, faults // its own checks would judge the references
	}
	return step, append(faults, faultsOf(validate(step.Component), cfg, step.Type)...)
}

// bareError is a fault of a file without its place, which stands before it.
type bareError struct{ fault *config.Error }

func (e bareError) Error() string { return e.fault.Text() }
func (e bareError) Unwrap() error { return e.fault }

// build makes the component of cfg and remembers the secrets of its settings.
func build(factory component.Factory, cfg *config.Component, known *[]secrets.Value) (component.PipelineComponent, error) {
	c, err := factory.New(cfg.Name, noting(cfg.Config, known))
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, component.ErrNoComponent
	}
	return c, nil
}

// faultsOf gives each fault of a component its name and its place.
func faultsOf(err error, cfg *config.Component, typ string) []error {
	if err == nil {
		return nil
	}
	var named *component.ConfigError
	if errors.As(err, &named) && named.Component == cfg.Name {
		err = named.Err
	}
	var faults []error
	for _, fault := range split(err) {
		located := &component.ConfigError{
			Component: cfg.Name, Type: typ, Where: cfg.Config.Where(), Path: cfg.Config.Path(), Err: fault,
		}
		var own *config.Error
		if errors.As(fault, &own) {
			located.Where, located.Path, located.Err = own.Where(), own.Path, bareError{own}
		}
		var block *blockError
		if errors.As(fault, &block) {
			located.Where, located.Path, located.Err = block.where, block.path, block.err
		}
		faults = append(faults, located)
	}
	return faults
}
