package streaming

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// ReadStreamView is a flow that registers a stream as a temporary view, for SQL
// over it. It starts nothing.
type ReadStreamView struct {
	// Source gives the stream; required.
	Source StreamingSource
	// Watermark is put on the stream; default none.
	Watermark Watermark
	// Filter is a SQL condition on its rows; empty keeps all.
	Filter string
	// View is the name of the view; required.
	View string
}

var (
	_ dataflow.DataFlow   = ReadStreamView{}
	_ dataflow.Describer  = ReadStreamView{}
	_ component.Validator = ReadStreamView{}
)

// Name implements [dataflow.DataFlow].
func (r ReadStreamView) Name() string { return "read stream " + r.View }

// Validate checks the source, the watermark and the name of the view.
func (r ReadStreamView) Validate() error {
	faults := []error{r.Watermark.Validate()}
	if r.Source == nil {
		faults = append(faults, errors.New("the stream has no source"))
	} else {
		faults = append(faults, validate(r.Source))
	}
	if r.View == "" {
		faults = append(faults, errors.New("the view has no name"))
	}
	return errors.Join(faults...)
}

// Run implements [dataflow.DataFlow]. It blocks until Spark has looked at the
// source.
func (r ReadStreamView) Run(ctx context.Context, spark *dataflow.Session, _ component.Runtime) error {
	if err := r.Validate(); err != nil {
		return err
	}
	df, err := r.Source.ReadStream(ctx, spark)
	if err != nil {
		return fmt.Errorf("read the stream: %w", err)
	}
	if df, err = r.Watermark.Transform(ctx, spark, df); err != nil {
		return err
	}
	if r.Filter != "" {
		if df, err = df.FilterByString(ctx, r.Filter); err != nil {
			return fmt.Errorf("filter: %w", err)
		}
	}
	return spark.CreateTempView(ctx, df, r.View)
}

// Lineage implements [dataflow.Describer].
func (r ReadStreamView) Lineage() dataflow.Lineage {
	l := lineageOf(r.Source)
	l.Outputs = merge(l.Outputs, []dataflow.Dataset{{Kind: dataflow.DatasetView, Name: r.View}})
	return l
}

// FromView is the stream behind a view, or that of a query over such views.
type FromView dataflow.Input

var _ StreamingSource = FromView{}

// Validate checks that there is one of the two.
func (f FromView) Validate() error { return dataflow.Input(f).Validate() }

// ReadStream implements [StreamingSource].
func (f FromView) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	return dataflow.Input(f).Load(ctx, spark)
}

// Lineage implements [dataflow.Describer].
func (f FromView) Lineage() dataflow.Lineage { return dataflow.Input(f).Lineage() }

// SQL is a transform that registers its input as a temporary view and gives the
// result of a query over it.
type SQL struct {
	// View is the name under which the query finds the input; required. Streams that
	// run in one session use names of their own.
	View string
	// Query is one SQL query; required.
	Query string
}

var _ dataflow.Transform = SQL{}

// Validate refuses a missing view or query.
func (s SQL) Validate() error {
	switch {
	case s.Query == "":
		return errors.New("the query is empty")
	case s.View == "":
		return errors.New("the view that the query reads has no name")
	}
	return nil
}

// Transform implements [dataflow.Transform].
func (s SQL) Transform(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := spark.CreateTempView(ctx, in, s.View); err != nil {
		return nil, err
	}
	return spark.SQL(ctx, s.Query)
}

// Lineage implements [dataflow.Describer]: what the query reads beside its view.
func (s SQL) Lineage() dataflow.Lineage {
	l := dataflow.Input{Query: s.Query}.Lineage()
	own := dataflow.Dataset{Kind: dataflow.DatasetView, Name: s.View}
	var others []dataflow.Dataset
	for _, in := range l.Inputs {
		if !in.Same(own) {
			others = append(others, in)
		}
	}
	l.Inputs = others
	return l
}

// PipelineOf returns the stream that a component runs, if it is the
// [dataflow.Component] of a [StreamingPipeline].
func PipelineOf(c component.PipelineComponent) (StreamingPipeline, bool) {
	flow, ok := dataflow.FlowOf(c)
	if !ok {
		return StreamingPipeline{}, false
	}
	p, ok := flow.(StreamingPipeline)
	return p, ok
}
