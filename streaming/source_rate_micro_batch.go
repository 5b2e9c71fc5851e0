package streaming

import (
	"context"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// RateMicroBatchSource makes the same number of rows for each batch, however long
// that takes: a timestamp and a value that counts from 0. Unlike [RateSource] it
// gives the same rows for the same batch whenever it runs.
type RateMicroBatchSource struct {
	// RowsPerBatch is how many rows a batch has; required.
	RowsPerBatch int64 `koanf:"rows_per_batch" required:"true" min:"1" doc:"rows of a batch"`
	// NumPartitions is into how many partitions they are spread; default as many as
	// the cluster has cores.
	NumPartitions int `koanf:"num_partitions" min:"0" doc:"partitions of the rows; by default as many as there are cores"`
	// StartTimestamp is the timestamp of the first batch: RFC 3339 or milliseconds
	// since 1970. Default 1970.
	StartTimestamp string `koanf:"start_timestamp" doc:"timestamp of the first batch: RFC 3339 or milliseconds since 1970; by default 1970"`
	// AdvancePerBatch is how much later the timestamp of the next batch is; default
	// 1s.
	AdvancePerBatch time.Duration `koanf:"advance_per_batch" doc:"how much later the timestamp of the next batch is; by default 1s"`
	// Options are passed to Spark under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the source under Spark's own keys"`
}

var _ StreamingSource = RateMicroBatchSource{}

// Validate reports what Spark would refuse.
func (s RateMicroBatchSource) Validate() error {
	f := &options.Faults{What: "rate-micro-batch"}
	if s.RowsPerBatch < 1 {
		f.Add("rows_per_batch is %d; write one from 1 on", s.RowsPerBatch)
	}
	f.NotNegative("num_partitions", int64(s.NumPartitions))
	f.WholeMillis("advance_per_batch", s.AdvancePerBatch)
	_, err := options.Instant(s.StartTimestamp)
	f.Err("start_timestamp", err)
	return f.Join()
}

// ReadStream implements [StreamingSource], with no round trip.
func (s RateMicroBatchSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	o.Number("rowsPerBatch", s.RowsPerBatch)
	o.Number("numPartitions", int64(s.NumPartitions))
	start, _ := options.Instant(s.StartTimestamp) // checked by Validate
	o.Text("startTimestamp", start)
	o.Number("advanceMillisPerBatch", s.AdvancePerBatch.Milliseconds())
	return Reader{Format: "rate-micro-batch", Options: options.Merge(o, s.Options)}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer]: it reads nothing.
func (s RateMicroBatchSource) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Effect: dataflow.EffectNone}
}
