package streaming

import (
	"context"
	"errors"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// TableSource reads a table of the catalog whose format can stream, such as Delta
// and Iceberg, and what is appended to it.
type TableSource struct {
	// Table is its name, with catalog and database where they are needed.
	Table string `koanf:"table" alias:"table_name" required:"true" doc:"name of the table, with its database where needed"`
	// Options are passed to the data source of the table.
	Options map[string]string `koanf:"options" doc:"options of the table's data source under Spark's own keys"`
}

var _ StreamingSource = TableSource{}

// Validate refuses a table with no name.
func (s TableSource) Validate() error {
	if s.Table == "" {
		return errors.New("table source: table is missing")
	}
	return Reader{Table: s.Table}.Validate()
}

// ReadStream implements [StreamingSource], with no round trip.
func (s TableSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return Reader{Table: s.Table, Options: s.Options}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer].
func (s TableSource) Lineage() dataflow.Lineage { return readsTable(s.Table) }
