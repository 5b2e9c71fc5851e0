package dataflow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// TableSource reads a table or a view of the catalog.
type TableSource struct {
	// Table is its name, with catalog and database where they are needed.
	Table string `koanf:"table_name" alias:"table" required:"true" doc:"name of the table or view, with its database where needed"`
	// Options are passed to the data source of the table.
	Options map[string]string `koanf:"options" doc:"options of the table's data source under Spark's own keys"`
}

var (
	_ Source              = TableSource{}
	_ component.Validator = TableSource{}
)

// Validate refuses a name that Spark would not read as it is.
func (s TableSource) Validate() error {
	if strings.TrimSpace(s.Table) == "" {
		return errors.New("read: the table has no name")
	}
	if err := options.Verbatim(s.Table); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	return nil
}

// Load implements [Source], with no round trip but those of
// [Session.ConcealOptions].
func (s TableSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := spark.ConcealOptions(ctx, s.Options); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	table := &wire.Read_NamedTable{UnparsedIdentifier: s.Table, Options: s.Options}
	return spark.relation(&wire.Relation{RelType: &wire.Relation_Read{
		Read: &wire.Read{ReadType: &wire.Read_NamedTable_{NamedTable: table}},
	}})
}

// Lineage implements [Describer].
func (s TableSource) Lineage() Lineage { return reads(relationDataset(s.Table)) }
