package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.uber.org/zap"
)

// Target is a sink of a [Composite].
type Target struct {
	// Name names it in errors; by default it is its position.
	Name string
	// Sink stores the events.
	Sink Sink
	// Required tells that the event counts as stored when this sink has stored it.
	Required bool
}

// Composite hands each event to several sinks. They do not disturb each other: one
// that fails or panics keeps no event from the others.
//
// An event is stored when at least one of the required targets has stored it, and
// when none is required, when any has. What went wrong besides is logged.
type Composite struct {
	targets  []Target
	required bool
	logger   *zap.Logger
}

var (
	_ Sink    = (*Composite)(nil)
	_ Flusher = (*Composite)(nil)
)

// NewComposite returns a sink for the targets. A nil logger is silent.
func NewComposite(logger *zap.Logger, targets ...Target) (*Composite, error) {
	if logger == nil {
		logger = zap.NewNop()
	}
	c := &Composite{logger: logger}
	for i, target := range targets {
		if target.Sink == nil {
			return nil, fmt.Errorf("new composite audit sink: target %d has no sink", i)
		}
		if target.Name == "" {
			target.Name = strconv.Itoa(i)
		}
		c.required = c.required || target.Required
		c.targets = append(c.targets, target)
	}
	if len(targets) == 0 {
		return nil, errors.New("new composite audit sink: there is no target")
	}
	return c, nil
}

// Write implements [Sink]. The targets are asked one after the other.
func (c *Composite) Write(ctx context.Context, e Event) error {
	return c.each("audit event not stored by a sink", func(s Sink) error { return s.Write(ctx, e) })
}

// Flush implements [Flusher].
func (c *Composite) Flush(ctx context.Context) error {
	return c.each("audit sink not flushed", func(s Sink) error { return flush(ctx, s) })
}

// Close implements [Sink]. It closes every target and returns what went wrong.
func (c *Composite) Close(ctx context.Context) error {
	var faults []error
	for _, target := range c.targets {
		if err := guard(func() error { return target.Sink.Close(ctx) }); err != nil {
			faults = append(faults, fmt.Errorf("sink %q: %w", target.Name, err))
		}
	}
	return errors.Join(faults...)
}

// each calls all targets and judges the outcome.
func (c *Composite) each(what string, call func(Sink) error) error {
	var faults []error
	stored := false
	for _, target := range c.targets {
		err := guard(func() error { return call(target.Sink) })
		counts := target.Required || !c.required
		stored = stored || err == nil && counts
		if err == nil {
			continue
		}
		err = fmt.Errorf("sink %q: %w", target.Name, err)
		if counts {
			faults = append(faults, err)
			continue
		}
		c.logger.Warn(what, zap.Error(err))
	}
	if !stored {
		return errors.Join(faults...)
	}
	for _, fault := range faults {
		c.logger.Warn(what, zap.Error(fault))
	}
	return nil
}
