package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
)

// Steps is a flow from a source through transforms to a sink, in Go code.
type Steps struct {
	// Label is what Name returns.
	Label string
	// Source gives the data; required.
	Source Source
	// Transforms are applied in order.
	Transforms []Transform
	// Sink takes the result; required unless View is set.
	Sink Sink
	// View registers the result as a temporary view, before the sink if both
	// are set.
	View string
	// Global makes the view visible to all sessions of the server, as
	// global_temp.View.
	Global bool
}

var (
	_ DataFlow            = Steps{}
	_ component.Validator = Steps{}
)

// Name implements [DataFlow].
func (s Steps) Name() string { return s.Label }

// Validate checks that the flow has a beginning and an end, and what its parts
// check themselves.
func (s Steps) Validate() error {
	var faults []error
	if s.Source == nil {
		faults = append(faults, errors.New("the flow has no source"))
	}
	if s.Sink == nil && s.View == "" {
		faults = append(faults, errors.New("the flow has neither a sink nor a view"))
	}
	faults = append(faults, validate(s.Source))
	for i, t := range s.Transforms {
		if t == nil {
			faults = append(faults, fmt.Errorf("transform %d is nil", i+1))
		}
		if err := validate(t); err != nil {
			faults = append(faults, fmt.Errorf("transform %d: %w", i+1, err))
		}
	}
	return errors.Join(append(faults, validate(s.Sink))...)
}

// validate asks a part that can check itself.
func validate(part any) error {
	if v, ok := part.(component.Validator); ok {
		return v.Validate()
	}
	return nil
}

// Run implements [DataFlow].
func (s Steps) Run(ctx context.Context, spark *Session, rt component.Runtime) error {
	if err := s.Validate(); err != nil {
		return err
	}
	df, err := s.Source.Load(ctx, spark)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	for i, t := range s.Transforms {
		if df, err = t.Transform(ctx, spark, df); err != nil {
			return fmt.Errorf("transform %d: %w", i+1, err)
		}
	}
	return Deliver(ctx, spark, rt, df, End{View: s.View, Sink: s.Sink, Deliver: func(ctx context.Context, rows sql.DataFrame) error {
		if err := s.register(ctx, spark, rows); err != nil || s.Sink == nil {
			return err
		}
		return s.Sink.Write(ctx, spark, rows)
	}})
}

func (s Steps) register(ctx context.Context, spark *Session, df sql.DataFrame) error {
	switch {
	case s.View == "":
		return nil
	case s.Global:
		return spark.CreateGlobalTempView(ctx, df, s.View)
	default:
		return spark.CreateTempView(ctx, df, s.View)
	}
}

// Lineage implements [Describer]. A flow that overwrites what it reads repeats
// its work; one with a source, a transform or a sink that is no Describer is
// opaque.
func (s Steps) Lineage() Lineage {
	l := lineageOf(s.Source)
	for _, t := range s.Transforms {
		l = l.then(lineageOf(t))
	}
	if s.View != "" {
		l = l.makes(viewDataset(s.View, s.Global))
	}
	if s.Sink != nil {
		l = l.then(lineageOf(s.Sink))
	}
	return l
}
