package streaming

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// FileSink writes files to a folder, on any file system or object store that the
// cluster reaches. It is exactly once: the folder has a log of what belongs to it,
// _spark_metadata, which Spark's readers follow; other readers may see files of a
// batch that failed.
type FileSink struct {
	// Path is the folder to write.
	Path string `koanf:"path" required:"true" doc:"folder to write, on the cluster"`
	// Format is parquet, json, csv, orc, text, avro or xml; default parquet.
	Format string `koanf:"format" alias:"file_format" enum:"parquet,json,csv,orc,text,avro,xml" doc:"format of the files; by default parquet"`
	// PartitionBy are the columns that become folders.
	PartitionBy []string `koanf:"partition_by" doc:"columns that become folders"`
	// Compression is the codec, such as zstd; default that of the format.
	Compression string `koanf:"compression" doc:"codec such as zstd, gzip or none; by default that of the format"`
	// Retention is how long files stay in the log of the folder; Spark's readers do
	// not see older ones. Default for ever.
	Retention time.Duration `koanf:"retention" doc:"how long files stay in the log of the folder; by default for ever"`
	// Options are passed to Spark under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the format under Spark's own keys"`
}

var _ TraitedSink = FileSink{}

// Traits implements [TraitedSink].
func (FileSink) Traits() SinkTraits {
	return SinkTraits{OutputModes: []OutputMode{OutputModeAppend}, Triggers: batchTriggers(), NeedsCheckpoint: true, ExactlyOnce: true}
}

// batchTriggers are all but continuous, which wants a sink of single rows.
func batchTriggers() []TriggerKind {
	return []TriggerKind{TriggerDefault, TriggerProcessingTime, TriggerOnce, TriggerAvailableNow}
}

// Validate reports what is missing or unknown.
func (s FileSink) Validate() error {
	f := &options.Faults{What: "file sink"}
	if s.Path == "" {
		f.Add("path is missing")
	}
	f.OneOf("format", s.Format, fileFormats...)
	if slices.Contains(s.PartitionBy, "") {
		f.Add("partition_by: a column has no name")
	}
	f.WholeMillis("retention", s.Retention)
	return f.Join()
}

// WriteStream implements [StreamingSink].
func (s FileSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	o.Text("compression", s.Compression)
	o.Millis("retention", s.Retention)
	w.Format, w.Path, w.PartitionBy = strings.ToLower(cmp.Or(s.Format, "parquet")), s.Path, s.PartitionBy
	w.Options = options.Merge(options.Merge(o, s.Options), w.Options)
	return w.Start(ctx, spark, df)
}

// Lineage implements [dataflow.Describer]. A second run goes on at the checkpoint.
func (s FileSink) Lineage() dataflow.Lineage { return writesPath(s.Path) }
