package dataflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// BigQuerySource reads a BigQuery table, or the result of a query that BigQuery
// runs. The cluster needs the spark-bigquery connector and credentials.
type BigQuerySource struct {
	// Table is project.dataset.table. A Query wins over it.
	Table string `koanf:"table" doc:"project.dataset.table; a query wins over it"`
	// Query is run by BigQuery.
	Query string `koanf:"query" doc:"SQL that BigQuery runs"`
	// Options are passed to the connector under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the connector under its own keys"`
}

var _ Source = BigQuerySource{}

// Validate checks that there is something to read.
func (s BigQuerySource) Validate() error {
	if s.Table == "" && s.Query == "" {
		return errors.New(`set "table" or "query"`)
	}
	return nil
}

// Load implements [Source].
func (s BigQuerySource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	options := map[string]string{}
	if s.Query != "" {
		options["query"] = s.Query
	} else {
		options["table"] = s.Table
	}
	return Reader{Format: "bigquery", Options: mergeOptions(options, s.Options)}.Load(ctx, spark)
}

// Lineage implements [Describer]: tables of BigQuery, with "bigquery:" before
// them. A query that is not written as Spark would write it is opaque.
func (s BigQuerySource) Lineage() Lineage {
	if query := cmp.Or(option(s.Options, "query"), s.Query); query != "" {
		return bigQueryQuery(query)
	}
	return reads(bigQueryTable(cmp.Or(option(s.Options, "table"), s.Table)))
}
