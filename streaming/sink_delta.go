package streaming

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// DeltaSink writes a Delta table. It is exactly once: the table notes the batch
// with the rows. The server needs the jar io.delta:delta-spark_2.13. To update
// rows there is [DeltaMergeSink].
type DeltaSink struct {
	// Path is the folder of the table, Table its name; one of them is set.
	Path  string `koanf:"path" doc:"folder of the table, on the cluster"`
	Table string `koanf:"table" alias:"output_table,table_name" doc:"name of the table, instead of path"`
	// WriteMode is append, or overwrite, which replaces the table with every batch
	// and wants the output mode complete. Default what the output mode says.
	WriteMode string `koanf:"write_mode" doc:"append, or overwrite with the output mode complete; by default what the output mode says"`
	// MergeSchema adds new columns to the table, OverwriteSchema replaces its schema
	// in the output mode complete.
	MergeSchema     bool `koanf:"merge_schema" default:"false" doc:"add new columns to the table"`
	OverwriteSchema bool `koanf:"overwrite_schema" default:"false" doc:"replace the schema of the table, in the output mode complete"`
	// PartitionBy are the partition columns of a table that is made.
	PartitionBy []string `koanf:"partition_by" doc:"partition columns of a table that is made"`
	// Options are passed to Delta under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Delta under its own keys"`
}

var _ TraitedSink = DeltaSink{}

// Traits implements [TraitedSink].
func (s DeltaSink) Traits() SinkTraits {
	traits := SinkTraits{
		OutputModes: []OutputMode{OutputModeAppend, OutputModeComplete}, Triggers: batchTriggers(),
		NeedsCheckpoint: true, ExactlyOnce: true,
	}
	switch strings.ToLower(s.WriteMode) {
	case "append":
		traits.OutputModes = []OutputMode{OutputModeAppend}
	case "overwrite":
		traits.OutputModes = []OutputMode{OutputModeComplete}
	}
	return traits
}

// Validate reports everything that is wrong and can be told without the server.
func (s DeltaSink) Validate() error {
	f := &options.Faults{What: "delta sink"}
	f.ExactlyOne("path", s.Path, "table", s.Table)
	if strings.EqualFold(s.WriteMode, "merge") {
		f.Add("write_mode merge is a sink of its own, delta_merge (streaming.DeltaMergeSink)")
	} else {
		f.OneOf("write_mode", s.WriteMode, "append", "overwrite")
	}
	if s.OverwriteSchema && strings.EqualFold(s.WriteMode, "append") {
		f.Add("overwrite_schema wants write_mode overwrite")
	}
	if slices.Contains(s.PartitionBy, "") {
		f.Add("partition_by: a column has no name")
	}
	if _, ok := options.Lookup(s.Options, "replaceWhere"); ok {
		f.Add("the option replaceWhere is one of batches; Delta takes no notice of it in a stream")
	}
	return f.Join()
}

// WriteStream implements [StreamingSink].
func (s DeltaSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	o.Flag("mergeSchema", s.MergeSchema)
	o.Flag("overwriteSchema", s.OverwriteSchema)
	w.Format, w.Path, w.Table, w.PartitionBy = "delta", s.Path, s.Table, s.PartitionBy
	w.Options = options.Merge(options.Merge(o, s.Options), w.Options)
	return w.Start(ctx, spark, df)
}

// Lineage implements [dataflow.Describer]. A second run goes on at the checkpoint.
func (s DeltaSink) Lineage() dataflow.Lineage {
	if s.Table != "" {
		return writesTable(s.Table)
	}
	return writesPath(s.Path)
}
