package dataflow

import (
	"cmp"
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// IcebergSink writes an Iceberg table, as [WriterV2] does. The server needs the jar
// org.apache.iceberg:iceberg-spark-runtime-4.0_2.13, and a catalog of Iceberg in
// its settings.
type IcebergSink struct {
	// Table is its name. One with no dot belongs to Catalog.
	Table string `koanf:"table" alias:"table_path,table_name,output_table" required:"true" doc:"name of the table; one with no dot belongs to catalog"`
	// Catalog is the catalog of a Table with no dot; default the session's.
	Catalog string `koanf:"catalog" alias:"catalog_name" doc:"catalog of a table with no dot; by default the session's"`
	// Mode is any but TableModeIgnore. Create and replace make the table; append,
	// overwrite, overwrite_partitions and merge write into one that exists. In Go the
	// default is TableModeCreate; in configuration files it is create_or_replace.
	Mode TableMode `koanf:"mode" default:"create_or_replace" enum:"create_or_replace,create,replace,append,overwrite,overwrite_partitions,merge,upsert,errorifexists,error,default" doc:"what becomes of the table: create, replace and create_or_replace make it; append, overwrite, overwrite_partitions and merge write into one that exists"`
	// ReplaceWhere is a condition: overwrite replaces the rows of the table that it
	// holds for, in whole files. Default all rows.
	ReplaceWhere string `koanf:"replace_where" doc:"condition: overwrite replaces only rows that it holds for, in whole files; by default all"`
	// PartitionBy is how a table that is made is partitioned: columns, or transforms
	// such as days(at), months(at) and bucket(16, id).
	PartitionBy []string `koanf:"partition_by" doc:"partitions of a table that is made: columns, or transforms such as days(at) and bucket(16, id)"`
	// TableProperties are kept with a table that is made.
	TableProperties map[string]string `koanf:"table_properties" doc:"properties of a table that is made, under Iceberg's own keys"`
	// Branch writes to a branch, which exists.
	Branch string `koanf:"branch" doc:"branch to write to, which exists; by default main"`
	// FanoutEnabled keeps a file open for each partition, so that rows need not come
	// sorted by partition.
	FanoutEnabled bool `koanf:"fanout_enabled" default:"false" doc:"keep a file open for each partition, so that rows need not be sorted"`
	// MergeSchema adds new columns to the table, which wants the property
	// write.spark.accept-any-schema for it.
	MergeSchema bool `koanf:"merge_schema" default:"false" doc:"add new columns to the table; it wants the property write.spark.accept-any-schema"`
	MergeBy     `koanf:",squash"`
	// Options are passed to Iceberg under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Iceberg under its own keys"`
}

var (
	_ Sink                = IcebergSink{}
	_ component.Validator = IcebergSink{}
)

// makes reports whether the mode makes a table.
func (s IcebergSink) makes() bool {
	return s.Mode == TableModeCreate || s.Mode == TableModeReplace || s.Mode == TableModeCreateOrReplace
}

// Validate reports everything that is wrong and can be told without the server.
func (s IcebergSink) Validate() error {
	f := &options.Faults{What: "iceberg sink"}
	if s.Table == "" {
		f.Add("table is missing")
	}
	switch {
	case s.Mode == TableModeIgnore:
		f.Add("mode ignore: Iceberg has none; write create, which fails when the table exists")
	case s.Mode.effect() == EffectUnknown:
		f.Add("%s is no mode", s.Mode)
	}
	if s.ReplaceWhere != "" && s.Mode != TableModeOverwrite {
		f.Add("replace_where says what mode overwrite replaces, and the mode is %s", s.Mode)
	}
	if !s.makes() && len(s.PartitionBy)+len(s.TableProperties) > 0 {
		f.Add("mode %s writes into a table that exists and keeps its partitions and properties; partition_by and table_properties do not go with it", s.Mode)
	}
	if s.makes() && s.Branch != "" {
		f.Add("mode %s makes a table; branch does not go with it", s.Mode)
	}
	if s.Mode == TableModeMerge && (s.FanoutEnabled || s.MergeSchema || len(s.Options) > 0) {
		f.Add("mode merge is a statement, which has no options; fanout_enabled, merge_schema and options do not go with it")
	}
	_, err := s.partitions()
	f.Err("partition_by", err)
	s.checkMerge(f, s.Mode)
	f.Err("table", options.WrittenTable(s.table()))
	return f.Join()
}

func (s IcebergSink) partitions() ([]Partition, error) {
	var out []Partition
	for _, text := range s.PartitionBy {
		p, err := ParsePartition(text)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// table is the name with the catalog and the branch, as Iceberg reads it.
func (s IcebergSink) table() string {
	name := icebergTable(s.Catalog, s.Table)
	if s.Branch != "" {
		name += "." + QuoteName("branch_"+s.Branch)
	}
	return name
}

func (s IcebergSink) writer() (WriterV2, error) {
	o := options.Set{}
	o.Flag("fanout-enabled", s.FanoutEnabled)
	o.Flag("mergeSchema", s.MergeSchema)
	w := WriterV2{Options: mergeOptions(o, s.Options)}
	if !s.makes() {
		return w, nil
	}
	var err error
	w.Provider, w.TableProperties = "iceberg", s.TableProperties
	w.PartitionBy, err = s.partitions()
	return w, err
}

// Write implements [Sink], in one round trip, three with the mode merge.
func (s IcebergSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	w, err := s.writer()
	if err != nil {
		return err
	}
	switch s.Mode {
	case TableModeAppend:
		return w.Append(ctx, spark, df, s.table())
	case TableModeOverwrite:
		return w.Overwrite(ctx, spark, df, s.table(), functions.Expr(cmp.Or(s.ReplaceWhere, "true")))
	case TableModeOverwritePartitions:
		return w.OverwritePartitions(ctx, spark, df, s.table())
	case TableModeReplace:
		return w.Replace(ctx, spark, df, s.table())
	case TableModeCreateOrReplace:
		return w.CreateOrReplace(ctx, spark, df, s.table())
	case TableModeMerge:
		return s.runMerge(ctx, spark, df, s.table(), false)
	}
	return w.Create(ctx, spark, df, s.table())
}

// Lineage implements [Describer]. Everything but an append is idempotent.
func (s IcebergSink) Lineage() Lineage {
	return writes(tableDataset(icebergTable(s.Catalog, s.Table)), s.Mode.effect())
}
