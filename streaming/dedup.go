package streaming

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// DropDuplicates keeps the first row of those that have the same values in some
// columns, and remembers what it has seen only as long as the watermark says:
// Spark's dropDuplicatesWithinWatermark. The DataFrame must have a watermark
// ([Watermark]) and be a stream.
type DropDuplicates struct {
	// Columns are those that are compared; none means all.
	Columns []string
}

var _ dataflow.Transform = DropDuplicates{}

// Validate refuses a column without a name.
func (d DropDuplicates) Validate() error {
	if slices.Contains(d.Columns, "") {
		return errors.New("drop duplicates: a column has no name")
	}
	return nil
}

// Transform implements [dataflow.Transform], with no round trip.
func (d DropDuplicates) Transform(ctx context.Context, spark *dataflow.Session, in sql.DataFrame) (sql.DataFrame, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	input, err := spark.Export(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("drop duplicates: %w", err)
	}
	all, within := len(d.Columns) == 0, true
	return relation(spark, &wire.Relation{RelType: &wire.Relation_Deduplicate{
		Deduplicate: &wire.Deduplicate{Input: input, ColumnNames: d.Columns, AllColumnsAsKeys: &all, WithinWatermark: &within},
	}})
}

// Lineage implements [dataflow.Describer].
func (d DropDuplicates) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
