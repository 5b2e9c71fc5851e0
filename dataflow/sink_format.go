package dataflow

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Bucketing spreads the rows of a table over files by the hash of columns.
type Bucketing struct {
	// Columns are hashed, Count is the number of buckets; both are set or none.
	Columns []string `koanf:"columns" doc:"columns whose hash chooses the bucket"`
	Count   int      `koanf:"count" min:"0" doc:"number of buckets"`
}

// FormatSink writes any data source that the server knows, to a path, to a table
// of the catalog, or to what the options name.
type FormatSink struct {
	// Format is the short name or class of the data source. Empty, for a Table or a
	// path, is the server's default.
	Format string `koanf:"format" doc:"short name or class of the data source, such as mongodb; with path or table by default the server's"`
	// Path is the folder to write, Table a table of the catalog; at most one is set,
	// and none where the options name the target.
	Path  string `koanf:"path" doc:"folder to write, where the data source has files"`
	Table string `koanf:"table" alias:"output_table,table_name" doc:"table of the catalog, instead of path"`
	// Mode says what becomes of existing data. In Go the default is
	// SaveModeErrorIfExists; in configuration files it is overwrite.
	Mode SaveMode `koanf:"mode" default:"overwrite" enum:"overwrite,append,errorifexists,error,default,ignore" doc:"what becomes of existing data"`
	// PartitionBy are the partition columns, ClusterBy the clustering columns of a
	// table; they exclude each other.
	PartitionBy []string `koanf:"partition_by" doc:"partition columns"`
	ClusterBy   []string `koanf:"cluster_by" doc:"clustering columns of a table, instead of partition_by"`
	// BucketBy buckets a table, and SortBy sorts each bucket.
	BucketBy Bucketing `koanf:"bucket_by" doc:"buckets of a table"`
	SortBy   []string  `koanf:"sort_by" doc:"columns by which each bucket is sorted"`
	// PartitionOverwrite is that of [FileSink].
	PartitionOverwrite string `koanf:"partition_overwrite" enum:"static,dynamic" doc:"what overwrite replaces: static everything, dynamic only partitions for which there are rows; by default what the session says, static"`
	FormatOptions      `koanf:",squash"`
}

var (
	_ Sink                = FormatSink{}
	_ SinkChecker         = FormatSink{}
	_ component.Validator = FormatSink{}
)

// readOnly are formats that Spark does not write.
var readOnly = []string{"binaryfile"}

// Validate reports what is missing or does not go together.
func (s FormatSink) Validate() error {
	f := &options.Faults{What: "write"}
	f.AtMostOne("path", s.Path, "table", s.Table)
	f.Err("table", options.WrittenTable(s.Table))
	if s.Format == "" && s.Path == "" && s.Table == "" {
		f.Add("set format, with path or table where the data source has them")
	}
	if slices.Contains(readOnly, strings.ToLower(s.Format)) {
		f.Add("Spark reads the format %s and does not write it", s.Format)
	}
	if s.Table == "" && (len(s.BucketBy.Columns) > 0 || s.BucketBy.Count != 0) {
		f.Add("bucket_by wants table: only a catalog keeps what the buckets are")
	}
	if s.Table == "" && len(s.ClusterBy) > 0 {
		f.Add("cluster_by wants table: only a catalog keeps what the clusters are")
	}
	if (s.Path != "" || s.Table != "") && !v2Formats[strings.ToLower(s.Format)] {
		checkPartitionOverwrite(f, s.PartitionOverwrite, s.Mode, s.PartitionBy)
		if s.Table != "" && strings.EqualFold(s.PartitionOverwrite, "dynamic") {
			f.Add("partition_overwrite dynamic wants path: overwriting a table of this format makes it anew; write_table with insert replaces partitions")
		}
	} else if s.PartitionOverwrite != "" && s.Mode != SaveModeOverwrite {
		f.Add("partition_overwrite says what mode overwrite replaces, and the mode is %s", s.Mode)
	}
	s.checkReplaceWhere(f)
	f.Names("partition_by", s.PartitionBy)
	f.Names("cluster_by", s.ClusterBy)
	f.Names("bucket_by", s.BucketBy.Columns)
	f.Names("sort_by", s.SortBy)
	s.checkOptions(f)
	f.Append(s.writer().check())
	return f.Join()
}

// checkReplaceWhere refuses the option of Delta where nothing would heed it.
func (s FormatSink) checkReplaceWhere(f *options.Faults) {
	if _, ok := options.Lookup(s.Options, "replaceWhere"); !ok {
		return
	}
	switch {
	case !strings.EqualFold(s.Format, "delta"):
		f.Add("the option replaceWhere is one of Delta, and the format is %s", cmp.Or(s.Format, "the server's default"))
	case s.Mode != SaveModeOverwrite:
		f.Add("the option replaceWhere says what mode overwrite replaces, and the mode is %s", s.Mode)
	}
}

func (s FormatSink) writer() Writer {
	o := options.Set{}
	o.Text(partitionOverwriteMode, strings.ToLower(s.PartitionOverwrite))
	return Writer{
		Format: s.Format, Mode: s.Mode, Options: s.all(o), PartitionBy: s.PartitionBy, ClusterBy: s.ClusterBy,
		Buckets: s.BucketBy.Count, BucketBy: s.BucketBy.Columns, SortBy: s.SortBy,
	}
}

// Write implements [Sink].
func (s FormatSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	s.concealSecrets(spark)
	if s.Table != "" {
		return s.writer().SaveAsTable(ctx, spark, df, s.Table)
	}
	return s.writer().Save(ctx, spark, df, s.Path)
}

// CheckWrite implements [SinkChecker]. Of a target that the options name nothing
// is known here.
func (s FormatSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	if err := s.Validate(); err != nil {
		return err
	}
	switch {
	case s.Table != "":
		return s.table().CheckWrite(ctx, scope, in)
	case s.Path != "":
		header := strings.EqualFold(option(s.Options, "header"), "true")
		return scope.files(ctx, FileSink{
			Path: s.Path, Mode: s.Mode, PartitionBy: s.PartitionBy, PartitionOverwrite: s.PartitionOverwrite,
		}, in, strings.ToLower(cmp.Or(s.Format, scope.checks.conf["spark.sql.sources.default"], "parquet")), header)
	}
	scope.twins("the format "+s.Format, in)
	return nil
}

func (s FormatSink) table() TableSink {
	return TableSink{
		Table: s.Table, Mode: s.Mode, Format: s.Format, PartitionBy: s.PartitionBy, Options: s.Options,
		Buckets: s.BucketBy.Count, BucketBy: s.BucketBy.Columns, SortBy: s.SortBy,
	}
}

// Lineage implements [Describer]: the path or the table. A data source whose
// options name the target is opaque. An append in the format delta is idempotent
// when the options txnAppId and txnVersion are set.
func (s FormatSink) Lineage() Lineage {
	effect := writeEffect(s.Mode, s.Format, s.Options)
	switch {
	case s.Table != "":
		return writes(tableDataset(s.Table), effect)
	case s.Path != "":
		return writes(Dataset{DatasetPath, s.Path}, effect)
	}
	return Lineage{Effect: effect, Opaque: true, Partial: effect == EffectRepeats}
}

// String names the sink without its options, some of which are secret.
func (s FormatSink) String() string { return fmt.Sprintf("sink of the format %s", s.Format) }
