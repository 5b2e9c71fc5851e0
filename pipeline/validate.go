package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
)

// Validate checks the pipeline without a cluster: names, dependencies, and the
// settings of the components that implement [component.Validator]. Disabled
// components are left out. The error is an [*InvalidError] with every fault.
func (p *Pipeline) Validate() error {
	_, err := p.check()
	return err
}

// check is Validate that keeps the order it found.
func (p *Pipeline) check() (*graph, error) {
	var faults []error
	if p.Name == "" {
		faults = append(faults, ErrNoName)
	}
	if len(p.Steps) == 0 {
		faults = append(faults, ErrNoSteps)
	}
	g, graphFaults := p.graph()
	faults = append(faults, graphFaults...)
	for i := range p.Steps {
		faults = append(faults, p.Steps[i].faults()...)
	}
	faults = append(faults, p.resilienceFaults()...)
	if len(faults) > 0 {
		return nil, &InvalidError{Pipeline: p.Name, Faults: faults}
	}
	p.infer(g)
	if faults := p.contracts(g); len(faults) > 0 {
		return nil, &InvalidError{Pipeline: p.Name, Faults: faults}
	}
	return g, nil
}

// faults checks the component of a step built by hand.
func (s *Step) faults() []error {
	if s.Disabled {
		return nil
	}
	if s.Component == nil {
		return []error{&component.ConfigError{Component: s.Name, Type: s.Type, Err: ErrNoComponent}}
	}
	if s.open {
		return nil
	}
	var faults []error
	found := split(validate(s.Component))
	if s.Quality != nil && isStream(s.Component) {
		found = append(found, split(s.Quality.validate(s.Component))...)
	}
	for _, fault := range found {
		faults = append(faults, &component.ConfigError{Component: s.Name, Type: s.Type, Err: fault})
	}
	return faults
}

// validate calls Validate if there is one; a panic is a fault.
func validate(c component.PipelineComponent) error {
	v, ok := c.(component.Validator)
	if !ok {
		return nil
	}
	if err := guard(v.Validate); err != nil {
		var panicked *component.PanicError
		if errors.As(err, &panicked) {
			return fmt.Errorf("validate: %w", err)
		}
		return err
	}
	return nil
}

// split takes errors apart that do nothing but list others, one a line, so that
// each gets its place in front. Errors that add words stay whole.
func split(err error) []error {
	if err == nil {
		return nil
	}
	var parts []error
	switch list := err.(type) { //nolint:errorlint // an error that wraps the list says more than the list
	case *config.Errors:
		for _, fault := range list.List {
			parts = append(parts, fault)
		}
		return parts
	case interface{ Unwrap() []error }:
		parts = list.Unwrap()
	}
	if len(parts) == 0 || strings.Count(err.Error(), "\n") < len(parts)-1 || err.Error() != lines(parts) {
		return []error{err}
	}
	var flat []error
	for _, part := range parts {
		flat = append(flat, split(part)...)
	}
	return flat
}
