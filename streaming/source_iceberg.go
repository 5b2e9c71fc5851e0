package streaming

import (
	"context"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// IcebergSource reads what is appended to an Iceberg table. A snapshot that
// overwrites or deletes rows fails the query unless it is skipped. The server needs
// the jar org.apache.iceberg:iceberg-spark-runtime-4.0_2.13, and a catalog of
// Iceberg in its settings.
type IcebergSource struct {
	// Table is its name. One with no dot belongs to Catalog.
	Table string `koanf:"table" alias:"table_path,table_name" required:"true" doc:"name of the table; one with no dot belongs to catalog"`
	// Catalog is the catalog of a Table with no dot; default the session's.
	Catalog string `koanf:"catalog" alias:"catalog_name" doc:"catalog of a table with no dot; by default the session's"`
	// StreamFromTimestamp begins with the snapshots from then on: RFC 3339 or
	// milliseconds since 1970. Default all.
	StreamFromTimestamp string `koanf:"stream_from_timestamp" doc:"begin with the snapshots from then on: RFC 3339 or milliseconds since 1970"`
	// SkipDeleteSnapshots and SkipOverwriteSnapshots leave such snapshots out.
	SkipDeleteSnapshots    bool `koanf:"skip_delete_snapshots" default:"false" doc:"leave out snapshots that delete rows"`
	SkipOverwriteSnapshots bool `koanf:"skip_overwrite_snapshots" default:"false" doc:"leave out snapshots that overwrite rows"`
	// MaxFilesPerBatch and MaxRowsPerBatch bound a batch.
	MaxFilesPerBatch int   `koanf:"max_files_per_batch" alias:"max_files_per_micro_batch" min:"0" doc:"most files of a batch; by default all"`
	MaxRowsPerBatch  int64 `koanf:"max_rows_per_batch" alias:"max_rows_per_micro_batch" min:"0" doc:"about as many rows a batch, in whole files; by default all"`
	// Options are passed to Iceberg under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Iceberg under its own keys"`
}

var _ StreamingSource = IcebergSource{}

// Validate reports what is missing or malformed.
func (s IcebergSource) Validate() error {
	f := &options.Faults{What: "iceberg source"}
	if s.Table == "" {
		f.Add("table is missing")
	}
	_, err := options.Instant(s.StreamFromTimestamp)
	f.Err("stream_from_timestamp", err)
	f.NotNegative("max_files_per_batch", int64(s.MaxFilesPerBatch))
	f.NotNegative("max_rows_per_batch", s.MaxRowsPerBatch)
	return f.Join()
}

// icebergTable is the name with its catalog.
func icebergTable(catalog, table string) string {
	if catalog == "" || strings.Contains(table, ".") {
		return table
	}
	return catalog + "." + table
}

// ReadStream implements [StreamingSource], with no round trip.
func (s IcebergSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	from, _ := options.Instant(s.StreamFromTimestamp) // checked by Validate
	o.Text("stream-from-timestamp", from)
	o.Flag("streaming-skip-delete-snapshots", s.SkipDeleteSnapshots)
	o.Flag("streaming-skip-overwrite-snapshots", s.SkipOverwriteSnapshots)
	o.Number("streaming-max-files-per-micro-batch", int64(s.MaxFilesPerBatch))
	o.Number("streaming-max-rows-per-micro-batch", s.MaxRowsPerBatch)
	return Reader{Table: icebergTable(s.Catalog, s.Table), Options: options.Merge(o, s.Options)}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer].
func (s IcebergSource) Lineage() dataflow.Lineage {
	return readsTable(icebergTable(s.Catalog, s.Table))
}
