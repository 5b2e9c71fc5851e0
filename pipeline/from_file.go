package pipeline

import (
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
)

// FileError tells why a configuration file is no pipeline.
type FileError struct {
	// File is the path as it was given.
	File string
	// Faults are all that is wrong, at least one: [*config.Error],
	// [*component.ConfigError] and what the order of the components gives.
	Faults []error
}

// Error implements error, with one fault a line, each with its place in front.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s is not valid:\n%s", e.File, lines(e.Faults))
}

// Unwrap returns the faults.
func (e *FileError) Unwrap() []error { return e.Faults }

// FromFile loads a configuration file and builds its pipeline, with the
// component types of registry; see [config.Load] and [FromConfig]. It needs no
// cluster. The error is a [*FileError] with every fault of the file at once,
// those of the file itself before those of the components.
func FromFile(path string, registry *component.Registry, opts *config.Options) (*Pipeline, error) {
	cfg, err := config.Load(path, opts)
	var faults []error
	var known *config.Errors
	if errors.As(err, &known) {
		for _, fault := range known.List {
			faults = append(faults, fault)
		}
		if known.Partial == nil {
			return nil, &FileError{File: path, Faults: faults}
		}
		cfg = known.Partial
	} else if err != nil {
		return nil, &FileError{File: path, Faults: []error{err}}
	}
	p, err := FromConfig(cfg, registry)
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		faults = append(faults, more(invalid.Faults, known != nil)...)
	}
	if len(faults) > 0 {
		return nil, &FileError{File: path, Faults: faults}
	}
	return p, err
}

// more leaves out what package config has told already: with faults of the file,
// only those in the settings of components are new.
func more(faults []error, told bool) []error {
	if !told {
		return faults
	}
	var out []error
	for _, fault := range faults {
		var inComponent *component.ConfigError
		if errors.As(fault, &inComponent) && inComponent.Where != "" {
			out = append(out, fault)
		}
	}
	return out
}
