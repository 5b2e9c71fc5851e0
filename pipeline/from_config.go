package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
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
	_, graphFaults := p.graph()
	faults = append(faults, graphFaults...)
	if faults = append(faults, p.resilienceFaults()...); len(faults) > 0 {
		return nil, &InvalidError{Pipeline: p.Name, Faults: faults}
	}
	return p, nil
}

// stepFromConfig builds and checks one component.
func stepFromConfig(cfg *config.Component, registry *component.Registry) (Step, []error) {
	step := Step{
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
	step.Component, err = build(factory, cfg)
	if err != nil {
		return step, faultsOf(err, cfg, step.Type)
	}
	step.Fingerprint = fingerprint(cfg.Config)
	return step, faultsOf(validate(step.Component), cfg, step.Type)
}

// bareError is a fault of a file without its place, which stands before it.
type bareError struct{ fault *config.Error }

func (e bareError) Error() string { return e.fault.Text() }
func (e bareError) Unwrap() error { return e.fault }

// build makes the component of cfg.
func build(factory component.Factory, cfg *config.Component) (component.PipelineComponent, error) {
	c, err := factory.New(cfg.Name, cfg.Config.Decode)
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
		faults = append(faults, located)
	}
	return faults
}
