package streaming

import (
	"context"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// IcebergSink writes an Iceberg table. It is exactly once: Iceberg notes the batch
// with the snapshot. The server needs the jar
// org.apache.iceberg:iceberg-spark-runtime-4.0_2.13, and a catalog of Iceberg in
// its settings.
type IcebergSink struct {
	// Table is its name. One with no dot belongs to Catalog.
	Table string `koanf:"table" alias:"table_path,table_name,output_table" required:"true" doc:"name of the table; one with no dot belongs to catalog"`
	// Catalog is the catalog of a Table with no dot; default the session's.
	Catalog string `koanf:"catalog" alias:"catalog_name" doc:"catalog of a table with no dot; by default the session's"`
	// WriteMode is append, or overwrite, which replaces the table with every batch
	// and wants the output mode complete. Default what the output mode says.
	WriteMode string `koanf:"write_mode" doc:"append, or overwrite with the output mode complete; by default what the output mode says"`
	// FanoutEnabled keeps a file open for each partition, so that rows need not come
	// sorted by partition. Partitioned tables want it, unless rows are sorted.
	FanoutEnabled bool `koanf:"fanout_enabled" default:"false" doc:"keep a file open for each partition, so that rows need not come sorted"`
	// PartitionBy are the partition columns of a table that is made.
	PartitionBy []string `koanf:"partition_by" doc:"partition columns of a table that is made"`
	// Options are passed to Iceberg under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Iceberg under its own keys"`
}

var _ TraitedSink = IcebergSink{}

// Traits implements [TraitedSink].
func (s IcebergSink) Traits() SinkTraits { return DeltaSink{WriteMode: s.WriteMode}.Traits() }

// Validate reports everything that is wrong and can be told without the server.
func (s IcebergSink) Validate() error {
	f := &options.Faults{What: "iceberg sink"}
	if s.Table == "" {
		f.Add("table is missing")
	}
	switch strings.ToLower(s.WriteMode) {
	case "upsert", "merge":
		f.Add("write_mode %s: a stream of Iceberg only appends or replaces, and MERGE wants a function on the server (foreachBatch), "+
			"which no client in Go can send; append to a table and merge from it in a batch, or use delta_merge", s.WriteMode)
	case "overwrite_dynamic", "overwritedynamic":
		f.Add("write_mode %s: a stream of Iceberg replaces the whole table or nothing; write overwrite, or overwrite partitions in a batch", s.WriteMode)
	default:
		f.OneOf("write_mode", s.WriteMode, "append", "overwrite")
	}
	for _, column := range s.PartitionBy {
		if column == "" {
			f.Add("partition_by: a column has no name")
		}
	}
	return f.Join()
}

// WriteStream implements [StreamingSink].
func (s IcebergSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	o.Flag("fanout-enabled", s.FanoutEnabled)
	w.Format, w.Table, w.PartitionBy = "iceberg", icebergTable(s.Catalog, s.Table), s.PartitionBy
	w.Options = options.Merge(options.Merge(o, s.Options), w.Options)
	return w.Start(ctx, spark, df)
}

// Lineage implements [dataflow.Describer]. A second run goes on at the checkpoint.
func (s IcebergSink) Lineage() dataflow.Lineage {
	return writesTable(icebergTable(s.Catalog, s.Table))
}
