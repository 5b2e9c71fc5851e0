package streaming

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Watermark says how late data may come: rows whose event time lies more than
// Delay behind the latest that was seen may be dropped, and the state of what is
// older is given up. It is a [dataflow.Transform], for joins of streams in which
// each side has one. The zero value is none.
type Watermark struct {
	// Column is the column of event time, a timestamp; a path into a struct has
	// dots.
	Column string
	// Delay is how late data may come, in whole milliseconds; zero and more.
	Delay time.Duration
}

var _ dataflow.Transform = Watermark{}

// IsZero reports whether there is no watermark.
func (w Watermark) IsZero() bool { return w == Watermark{} }

// Validate refuses a watermark with no column, and a delay that Spark does not
// have.
func (w Watermark) Validate() error {
	switch {
	case w.IsZero():
		return nil
	case w.Column == "":
		return errors.New("watermark: the column of event time is missing")
	case w.Delay < 0:
		return fmt.Errorf("watermark on %s: the delay %s is negative", w.Column, w.Delay)
	case w.Delay%time.Millisecond != 0:
		return fmt.Errorf("watermark on %s: the delay %s is not a whole number of milliseconds, which is the finest that Spark has", w.Column, w.Delay)
	}
	return nil
}

// Transform implements [dataflow.Transform], with no round trip. A zero watermark
// changes nothing.
func (w Watermark) Transform(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
	if err := w.Validate(); err != nil || w.IsZero() {
		return in, err
	}
	input, err := spark.Export(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("watermark on %s: %w", w.Column, err)
	}
	return relation(spark, &wire.Relation{RelType: &wire.Relation_WithWatermark{
		WithWatermark: &wire.WithWatermark{Input: input, EventTime: w.Column, DelayThreshold: sparkText(w.Delay)},
	}})
}

// Lineage implements [dataflow.Describer].
func (w Watermark) Lineage() dataflow.Lineage { return dataflow.Lineage{Effect: dataflow.EffectNone} }

// relation makes a DataFrame of a relation of ours.
func relation(spark *dataflow.Session, rel *wire.Relation) (sql.DataFrame, error) {
	data, err := proto.Marshal(rel)
	if err != nil {
		return nil, fmt.Errorf("marshal a relation: %w", err)
	}
	return spark.Import(data)
}
