package pipeline

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// hide returns err, or when its text has a secret of the run an error that does
// not show it.
func (v *vault) hide(err error) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); v.mask.Text(text) != text || hasSpark(err, &v.mask) {
		return &maskedError{err: err, mask: &v.mask}
	}
	return err
}

// hasSpark reports whether the error of a server in err has a secret in a field
// that its text leaves out.
func hasSpark(err error, mask *secrets.Mask) bool {
	var spark *component.SparkError
	if !errors.As(err, &spark) {
		return false
	}
	masked := maskSpark(spark, mask)
	if masked.Message != spark.Message {
		return true
	}
	for key, value := range spark.Parameters {
		if masked.Parameters[key] != value {
			return true
		}
	}
	return spark.Fetch != nil && !mask.Empty()
}

// maskedError is an error without the secrets of the run. It is not unwrapped:
// [errors.Is] works as on the error itself, and [errors.As] finds what has no
// secret in its text, and errors of the server without them.
type maskedError struct {
	err  error
	mask *secrets.Mask
}

// Error implements error.
func (e *maskedError) Error() string { return e.mask.Text(e.err.Error()) }

// Is serves [errors.Is].
func (e *maskedError) Is(target error) bool { return errors.Is(e.err, target) }

// As serves [errors.As].
func (e *maskedError) As(target any) bool {
	if spark, ok := target.(**component.SparkError); ok {
		var found *component.SparkError
		if !errors.As(e.err, &found) {
			return false
		}
		*spark = maskSpark(found, e.mask)
		return true
	}
	return e.clean(e.err, target)
}

// clean looks for an error that target takes and that has no secret in its text.
func (e *maskedError) clean(err error, target any) bool {
	if err == nil {
		return false
	}
	if text := err.Error(); e.mask.Text(text) == text {
		return errors.As(err, target)
	}
	switch inner := err.(type) { //nolint:errorlint // the chain is walked here
	case interface{ Unwrap() error }:
		return e.clean(inner.Unwrap(), target)
	case interface{ Unwrap() []error }:
		for _, one := range inner.Unwrap() {
			if e.clean(one, target) {
				return true
			}
		}
	}
	return false
}

// maskSpark returns a copy of the error without secrets.
func maskSpark(e *component.SparkError, mask *secrets.Mask) *component.SparkError {
	out := *e
	out.Message, out.Hint = mask.Text(e.Message), mask.Text(e.Hint)
	if e.Parameters != nil {
		out.Parameters = make(map[string]string, len(e.Parameters))
		for key, value := range e.Parameters {
			out.Parameters[key] = mask.Text(value)
		}
	}
	if e.Fetch != nil {
		out.Fetch = func(ctx context.Context) ([]component.SparkCause, error) {
			causes, err := e.Fetch(ctx)
			masked := make([]component.SparkCause, len(causes))
			for i, cause := range causes {
				cause.Message = mask.Text(cause.Message)
				cause.Stack = strings.Split(mask.Text(strings.Join(cause.Stack, "\n")), "\n")
				masked[i] = cause
			}
			return masked, err
		}
	}
	return &out
}

// hideNames hides the secrets of the run in the names of what components read and
// make, and in those of its columns.
func (v *vault) hideNames(components []CheckedComponent) {
	if v.mask.Empty() {
		return
	}
	for i := range components {
		c := &components[i]
		c.Reads, c.Makes = slices.Clone(c.Reads), slices.Clone(c.Makes)
		for j := range c.Reads {
			c.Reads[j].Name = v.mask.Text(c.Reads[j].Name)
		}
		for j := range c.Makes {
			made := &c.Makes[j]
			made.Dataset.Name = v.mask.Text(made.Dataset.Name)
			if made.Schema == nil {
				continue
			}
			columns := *made.Schema
			columns.Fields = slices.Clone(columns.Fields)
			for k := range columns.Fields {
				columns.Fields[k].Name = v.mask.Text(columns.Fields[k].Name)
			}
			made.Schema = &columns
		}
	}
}
