package streaming

import (
	"context"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// TableSink appends to a table of the catalog. Spark makes the table when it does
// not exist.
type TableSink struct {
	// Table is its name, with catalog and database where they are needed.
	Table string `koanf:"table" alias:"output_table,table_name" required:"true" doc:"name of the table, with its database where needed"`
	// Format is the data source of a table that is made; default the server's.
	Format string `koanf:"format" doc:"format of a table that is made; by default the server's"`
	// PartitionBy are the partition columns of a table that is made.
	PartitionBy []string `koanf:"partition_by" doc:"partition columns of a table that is made"`
	// ClusterBy are the clustering columns of a table that is made.
	ClusterBy []string `koanf:"cluster_by" doc:"clustering columns of a table that is made"`
	// Options are passed to the data source under Spark's own keys.
	Options map[string]string `koanf:"options" doc:"options of the table's data source under Spark's own keys"`
}

var _ TraitedSink = TableSink{}

// Traits implements [TraitedSink]. Which output modes a table can do depends on its
// format.
func (TableSink) Traits() SinkTraits {
	return SinkTraits{Triggers: batchTriggers(), NeedsCheckpoint: true, ExactlyOnce: true}
}

// Validate reports what is missing or does not go together.
func (s TableSink) Validate() error {
	f := &options.Faults{What: "table sink"}
	if s.Table == "" {
		f.Add("table is missing")
	}
	f.Err("table", options.WrittenTable(s.Table))
	if slices.Contains(s.PartitionBy, "") || slices.Contains(s.ClusterBy, "") {
		f.Add("a column of partition_by or cluster_by has no name")
	}
	if len(s.PartitionBy) > 0 && len(s.ClusterBy) > 0 {
		f.Add("partition_by and cluster_by exclude each other")
	}
	return f.Join()
}

// WriteStream implements [StreamingSink].
func (s TableSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	w.Format, w.Table, w.PartitionBy, w.ClusterBy = s.Format, s.Table, s.PartitionBy, s.ClusterBy
	w.Options = options.Merge(options.Merge(options.Set{}, s.Options), w.Options)
	return w.Start(ctx, spark, df)
}

// Lineage implements [dataflow.Describer]. A second run goes on at the checkpoint.
func (s TableSink) Lineage() dataflow.Lineage {
	return writesTable(s.Table)
}
