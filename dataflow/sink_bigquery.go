package dataflow

import (
	"cmp"
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// BigQuerySink writes a BigQuery table. The cluster needs the spark-bigquery
// connector and credentials.
type BigQuerySink struct {
	// Table is project.dataset.table.
	Table string `koanf:"table" required:"true" doc:"project.dataset.table"`
	// Mode says what becomes of existing data. In Go the default is
	// SaveModeErrorIfExists; in configuration files it is overwrite.
	Mode SaveMode `koanf:"mode" default:"overwrite" enum:"overwrite,append,errorifexists,error,default,ignore" doc:"what becomes of existing data"`
	// Options are passed to the connector under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the connector under its own keys"`
}

var _ Sink = BigQuerySink{}

// Write implements [Sink].
func (s BigQuerySink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	options := mergeOptions(map[string]string{"table": s.Table}, s.Options)
	return Writer{Format: "bigquery", Mode: s.Mode, Options: options}.Save(ctx, spark, df, "")
}

// Lineage implements [Describer]: a table of BigQuery, with "bigquery:" before it.
func (s BigQuerySink) Lineage() Lineage {
	return writes(bigQueryTable(cmp.Or(option(s.Options, "table"), s.Table)), s.Mode.effect())
}
