package streaming

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// StreamingPipeline is a streaming query from a source through transforms to a
// sink. It is a plain value and a [dataflow.DataFlow], so that
// [dataflow.Component] makes it a step of any pipeline: Run starts the query and
// waits for its end. Start is for programs that want to hold the query themselves.
type StreamingPipeline struct {
	// Label is what Name returns; default QueryName.
	Label string
	// Source gives the stream; required.
	Source StreamingSource
	// Watermark is put on the stream of the source, before the transforms. Default
	// none.
	Watermark Watermark
	// Transforms are applied in order.
	Transforms []dataflow.Transform
	// Sink takes the result; required.
	Sink StreamingSink
	// Trigger says when the query processes data; default as soon as there is some.
	Trigger Trigger
	// OutputMode says which rows of the result are written; default
	// [OutputModeAppend].
	OutputMode OutputMode
	// QueryName is the name of the query on the server. It is unique among the
	// running queries of a session. Default none.
	QueryName string
	// CheckpointLocation is the folder in which Spark keeps what the query has
	// done, on the cluster. A query that is started again with it goes on where it
	// was. It belongs to this query alone, for ever. Most sinks want one.
	CheckpointLocation string
	// StopTimeout bounds how long Run waits for the current batch when its context
	// ends, before it abandons the batch. Default [DefaultStopTimeout]; a negative
	// one abandons it at once.
	StopTimeout time.Duration
}

var (
	_ dataflow.DataFlow   = StreamingPipeline{}
	_ dataflow.Describer  = StreamingPipeline{}
	_ component.Validator = StreamingPipeline{}
)

// Name implements [dataflow.DataFlow].
func (p StreamingPipeline) Name() string { return cmp.Or(p.Label, p.QueryName) }

// writer is what the sink gets.
func (p StreamingPipeline) writer() Writer {
	return Writer{OutputMode: p.OutputMode, Trigger: p.Trigger, QueryName: p.QueryName, CheckpointLocation: p.CheckpointLocation}
}

// Validate reports everything that is missing or does not go together, with no
// cluster: what the parts say of themselves, and what the sink needs and can do.
func (p StreamingPipeline) Validate() error {
	var faults []error
	fault := func(prefix string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s%w", prefix, err))
		}
	}
	if p.Source == nil {
		fault("", errors.New("the stream has no source"))
	} else {
		fault("source: ", validate(p.Source))
	}
	fault("", p.Watermark.Validate())
	for i, t := range p.Transforms {
		prefix := fmt.Sprintf("transform %d: ", i+1)
		if t == nil {
			fault(prefix, errors.New("it is nil"))
			continue
		}
		fault(prefix, validate(t))
	}
	fault("", p.checkWatchers())
	fault("", p.writer().Validate())
	if p.Sink == nil {
		fault("", errors.New("the stream has no sink"))
	} else {
		fault("sink: ", validate(p.Sink))
		fault("sink: ", p.checkTraits())
	}
	return errors.Join(faults...)
}

// validate asks a part that can check itself.
func validate(part any) error {
	if v, ok := part.(component.Validator); ok {
		return v.Validate()
	}
	return nil
}

// checkTraits compares the settings with what the sink says of itself.
func (p StreamingPipeline) checkTraits() error {
	sink, ok := p.Sink.(TraitedSink)
	if !ok {
		return nil
	}
	traits := sink.Traits()
	var faults []error
	if mode := p.OutputMode.effective(); len(traits.OutputModes) > 0 && !slices.Contains(traits.OutputModes, mode) {
		faults = append(faults, fmt.Errorf("it cannot do the output mode %s, only %s", mode, list(traits.OutputModes)))
	}
	if kind := p.Trigger.Kind(); len(traits.Triggers) > 0 && !slices.Contains(traits.Triggers, kind) {
		faults = append(faults, fmt.Errorf("it cannot do the trigger %s, only %s", kind, list(traits.Triggers)))
	}
	if traits.NeedsCheckpoint && p.CheckpointLocation == "" {
		faults = append(faults, errors.New("it needs a checkpoint location (checkpoint_location in a file): a folder on the cluster "+
			"that belongs to this query alone, in which Spark keeps how far the query is"))
	}
	if traits.NeedsQueryName && p.QueryName == "" {
		faults = append(faults, errors.New("it needs a query name (query_name in a file)"))
	}
	return errors.Join(faults...)
}

func list[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}

// Start builds the stream and starts the query. It blocks until Spark has checked
// the plan and begun, see [Writer.Start].
func (p StreamingPipeline) Start(ctx context.Context, spark *dataflow.Session) (*Query, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	df, err := p.build(ctx, spark)
	if err != nil {
		return nil, err
	}
	q, err := p.Sink.WriteStream(ctx, spark, df, p.writer())
	if err != nil {
		return nil, spark.Error(ctx, err)
	}
	if q == nil {
		return nil, errors.New("start a streaming query: the sink returned none")
	}
	return q, nil
}

func (p StreamingPipeline) build(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	df, err := p.Source.ReadStream(ctx, spark)
	if err != nil {
		return nil, fmt.Errorf("read the stream: %w", spark.Error(ctx, err))
	}
	if df, err = p.Watermark.Transform(ctx, spark, df); err != nil {
		return nil, err
	}
	for i, t := range p.Transforms {
		if df, err = t.Transform(ctx, spark, df); err != nil {
			return nil, fmt.Errorf("transform %d: %w", i+1, spark.Error(ctx, err))
		}
	}
	return df, nil
}
