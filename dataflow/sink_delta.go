package dataflow

import (
	"context"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// DeltaSink writes a Delta table and makes it when it does not exist, unless the
// mode is merge. The server needs the jar io.delta:delta-spark_2.13 and Delta's
// settings.
type DeltaSink struct {
	// Path is the folder of the table, Table its name; one of them is set.
	Path  string `koanf:"path" doc:"folder of the table, on the cluster"`
	Table string `koanf:"table" alias:"output_table,table_name" doc:"name of the table, instead of path"`
	// Mode is one of create, append, overwrite, ignore and merge. In Go the default
	// is TableModeCreate; in configuration files it is overwrite.
	Mode TableMode `koanf:"mode" default:"overwrite" enum:"overwrite,append,merge,upsert,create,errorifexists,error,default,ignore" doc:"what becomes of the table: append adds rows, overwrite replaces them, merge updates those that match, create fails when the table exists, ignore leaves it alone"`
	// ReplaceWhere is a condition: overwrite replaces the rows of the table that it
	// holds for, and every row that is written must fulfil it.
	ReplaceWhere string `koanf:"replace_where" doc:"condition: overwrite replaces only rows that it holds for, and rows that are written must fulfil it"`
	// PartitionOverwrite says what overwrite replaces: with static all rows, with
	// dynamic those of partitions for which there are rows. Default what the session
	// says, static.
	PartitionOverwrite string `koanf:"partition_overwrite" enum:"static,dynamic" doc:"what overwrite replaces: static everything, dynamic only partitions for which there are rows; by default what the session says, static"`
	// PartitionBy are the partition columns and ClusterBy the clustering columns of a
	// table that is made; they exclude each other. ClusterBy wants Table.
	PartitionBy []string `koanf:"partition_by" doc:"partition columns of a table that is made"`
	ClusterBy   []string `koanf:"cluster_by" doc:"clustering columns of a table that is made, instead of partition_by; wants table"`
	// MergeSchema adds new columns to the table. OverwriteSchema replaces its schema
	// and partitions with overwrite.
	MergeSchema     bool `koanf:"merge_schema" default:"false" doc:"add new columns to the table"`
	OverwriteSchema bool `koanf:"overwrite_schema" default:"false" doc:"with mode overwrite, replace the schema and the partitions of the table"`
	// TxnAppID and TxnVersion name a write: Delta leaves out one of an application
	// whose version it has seen, or a later one. Both are set or none.
	TxnAppID   string `koanf:"txn_app_id" doc:"name of the writer; with txn_version, a write that the table has seen is left out"`
	TxnVersion *int64 `koanf:"txn_version" min:"0" doc:"number of the write, which grows"`
	MergeBy    `koanf:",squash"`
	// Options are passed to Delta under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Delta under its own keys"`
}

var (
	_ Sink                = DeltaSink{}
	_ component.Validator = DeltaSink{}
)

// Validate reports everything that Delta would refuse and that can be told without
// it.
func (s DeltaSink) Validate() error {
	f := &options.Faults{What: "delta sink"}
	f.ExactlyOne("path", s.Path, "table", s.Table)
	f.Err("table", options.WrittenTable(s.Table))
	_, saves := s.Mode.saveMode()
	switch {
	case s.Mode == TableModeOverwritePartitions:
		f.Add("mode overwrite_partitions: write overwrite, with partition_overwrite dynamic")
	case s.Mode == TableModeReplace, s.Mode == TableModeCreateOrReplace:
		f.Add("mode %s: write overwrite, with overwrite_schema", s.Mode)
	case !saves && s.Mode != TableModeMerge:
		f.Add("%s is no mode", s.Mode)
	}
	s.checkMerge(f, s.Mode)
	s.checkOverwrite(f)
	s.checkLayout(f)
	if (s.TxnAppID == "") != (s.TxnVersion == nil) {
		f.Add("txn_app_id and txn_version want each other")
	}
	f.Version("txn_version", s.TxnVersion)
	return f.Join()
}

// checkOverwrite refuses the settings of an overwrite where nothing heeds them.
func (s DeltaSink) checkOverwrite(f *options.Faults) {
	dynamic := strings.EqualFold(s.PartitionOverwrite, "dynamic")
	f.OneOf("partition_overwrite", s.PartitionOverwrite, "static", "dynamic")
	for _, setting := range []struct {
		key string
		set bool
	}{{"replace_where", s.ReplaceWhere != ""}, {"partition_overwrite", s.PartitionOverwrite != ""}, {"overwrite_schema", s.OverwriteSchema}} {
		if setting.set && s.Mode != TableModeOverwrite {
			f.Add("%s says what mode overwrite replaces, and the mode is %s", setting.key, s.Mode)
		}
	}
	if s.ReplaceWhere != "" && dynamic {
		f.Add("replace_where and partition_overwrite dynamic exclude each other")
	}
	if s.OverwriteSchema && (s.ReplaceWhere != "" || dynamic) {
		f.Add("overwrite_schema replaces the whole table; replace_where and partition_overwrite dynamic do not go with it")
	}
}

// checkLayout refuses the layout of a table that is not made.
func (s DeltaSink) checkLayout(f *options.Faults) {
	f.Names("partition_by", s.PartitionBy)
	f.Names("cluster_by", s.ClusterBy)
	if len(s.ClusterBy) > 0 && s.Table == "" {
		f.Add("cluster_by wants table")
	}
	if len(s.ClusterBy) > 0 && len(s.PartitionBy) > 0 {
		f.Add("cluster_by and partition_by exclude each other")
	}
	if s.Mode != TableModeMerge {
		return
	}
	if len(s.ClusterBy)+len(s.PartitionBy) > 0 {
		f.Add("mode merge writes into a table that exists; partition_by and cluster_by do not go with it")
	}
	if s.TxnAppID != "" || s.TxnVersion != nil || len(s.Options) > 0 {
		f.Add("mode merge is a statement, which has no options; txn_app_id, txn_version and options do not go with it")
	}
	f.Err("path", noSubstitution(s.Path))
}

func (s DeltaSink) writer() Writer {
	o := options.Set{}
	o.Text("replaceWhere", s.ReplaceWhere)
	o.Text(partitionOverwriteMode, strings.ToLower(s.PartitionOverwrite))
	o.Flag("mergeSchema", s.MergeSchema)
	o.Flag("overwriteSchema", s.OverwriteSchema)
	o.Text("txnAppId", s.TxnAppID)
	o.Version("txnVersion", s.TxnVersion)
	mode, _ := s.Mode.saveMode() // checked by Validate
	return Writer{Format: "delta", Mode: mode, Options: mergeOptions(o, s.Options), PartitionBy: s.PartitionBy, ClusterBy: s.ClusterBy}
}

// Write implements [Sink], in one round trip, three with the mode merge.
func (s DeltaSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	switch {
	case s.Mode == TableModeMerge && s.Table != "":
		return s.runMerge(ctx, spark, df, s.Table, s.MergeSchema)
	case s.Mode == TableModeMerge:
		return s.runMerge(ctx, spark, df, QuoteName("delta", spark.outputPath(s.Path)), s.MergeSchema)
	case s.Table != "":
		return s.writer().SaveAsTable(ctx, spark, df, s.Table)
	}
	return s.writer().Save(ctx, spark, df, s.Path)
}

// Lineage implements [Describer]. A merge is idempotent, and so is an append with
// a transaction.
func (s DeltaSink) Lineage() Lineage {
	effect := s.Mode.effect()
	if mode, ok := s.Mode.saveMode(); ok {
		effect = writeEffect(mode, "delta", s.writer().Options)
	}
	if s.Table != "" {
		return writes(tableDataset(s.Table), effect)
	}
	return writes(Dataset{DatasetPath, s.Path}, effect)
}
