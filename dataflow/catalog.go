package dataflow

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql/types"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Catalog tells of the catalogs, databases, tables and functions that a session
// sees. It is safe for concurrent use. Each method blocks for one round trip.
//
// Names are read as in SQL, with dots between their parts: "t", "db.t",
// "catalog.db.t". A part that holds anything but letters, digits and underscores
// stands in backquotes, as in "db.`my-table`", and a backquote within is
// doubled. What is not qualified is looked for in the current catalog and
// database, temporary views first. [QuoteName] writes such names.
//
// Patterns are those of SQL's SHOW: "*" stands for any characters, "|" parts
// alternatives, and case does not matter. An empty pattern is for all.
//
// What is not there is a [component.SparkError] of a class such as
// TABLE_OR_VIEW_NOT_FOUND.
type Catalog struct{ spark *Session }

// Catalog returns the catalog of the session.
func (s *Session) Catalog() Catalog { return Catalog{s} }

// CurrentCatalog returns the name of the catalog in which names are looked for.
func (c Catalog) CurrentCatalog(ctx context.Context) (string, error) {
	return catalogValue[string](ctx, c, "read the current catalog",
		&wire.Catalog{CatType: &wire.Catalog_CurrentCatalog{CurrentCatalog: &wire.CurrentCatalog{}}})
}

// SetCurrentCatalog makes names be looked for in another catalog.
func (c Catalog) SetCurrentCatalog(ctx context.Context, name string) error {
	return c.run(ctx, "set the current catalog to "+name,
		&wire.Catalog{CatType: &wire.Catalog_SetCurrentCatalog{SetCurrentCatalog: &wire.SetCurrentCatalog{CatalogName: name}}})
}

// CurrentDatabase returns the name of the database in which names are looked
// for, without its catalog.
func (c Catalog) CurrentDatabase(ctx context.Context) (string, error) {
	return catalogValue[string](ctx, c, "read the current database",
		&wire.Catalog{CatType: &wire.Catalog_CurrentDatabase{CurrentDatabase: &wire.CurrentDatabase{}}})
}

// SetCurrentDatabase makes names be looked for in another database of the
// current catalog.
func (c Catalog) SetCurrentDatabase(ctx context.Context, name string) error {
	return c.run(ctx, "set the current database to "+name,
		&wire.Catalog{CatType: &wire.Catalog_SetCurrentDatabase{SetCurrentDatabase: &wire.SetCurrentDatabase{DbName: name}}})
}

// DatabaseExists reports whether there is a database of that name.
func (c Catalog) DatabaseExists(ctx context.Context, name string) (bool, error) {
	return catalogValue[bool](ctx, c, "look for the database "+name,
		&wire.Catalog{CatType: &wire.Catalog_DatabaseExists{DatabaseExists: &wire.DatabaseExists{DbName: name}}})
}

// TableExists reports whether there is a table or a view of that name, a
// temporary one included.
func (c Catalog) TableExists(ctx context.Context, name string) (bool, error) {
	return catalogValue[bool](ctx, c, "look for the table "+name,
		&wire.Catalog{CatType: &wire.Catalog_TableExists{TableExists: &wire.TableExists{TableName: name}}})
}

// FunctionExists reports whether there is a function of that name, those built
// in and temporary ones included.
func (c Catalog) FunctionExists(ctx context.Context, name string) (bool, error) {
	return catalogValue[bool](ctx, c, "look for the function "+name,
		&wire.Catalog{CatType: &wire.Catalog_FunctionExists{FunctionExists: &wire.FunctionExists{FunctionName: name}}})
}

// collect runs a request and returns its rows.
func (c Catalog) collect(ctx context.Context, what string, request *wire.Catalog) ([]types.Row, error) {
	df, err := c.spark.relation(&wire.Relation{RelType: &wire.Relation_Catalog{Catalog: request}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	rows, err := df.Collect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, c.spark.Error(ctx, err))
	}
	return rows, nil
}

// run runs a request for its effect. The server acts while it makes the plan and
// may answer with the rows of a table: none of them are asked for, and what comes
// is not looked at, since the columns may be of any type.
func (c Catalog) run(ctx context.Context, what string, request *wire.Catalog) error {
	input, err := proto.Marshal(&wire.Relation{RelType: &wire.Relation_Catalog{Catalog: request}})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	df, err := c.spark.relation(&wire.Relation{RelType: &wire.Relation_Limit{Limit: &wire.Limit{Input: input}}})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	plan, err := c.spark.Export(ctx, df)
	if err == nil {
		err = c.spark.conn.Query(ctx, plan, func(*wire.ExecutePlanResponse) error { return nil })
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// catalogValue runs a request that is answered by one value.
func catalogValue[T any](ctx context.Context, c Catalog, what string, request *wire.Catalog) (T, error) {
	var value T
	rows, err := c.collect(ctx, what, request)
	if err != nil {
		return value, err
	}
	if len(rows) != 1 || rows[0].Len() != 1 {
		return value, fmt.Errorf("%s: the server sent %d rows where one value was due", what, len(rows))
	}
	value, ok := rows[0].At(0).(T)
	if !ok {
		return value, fmt.Errorf("%s: the server sent a %T", what, rows[0].At(0))
	}
	return value, nil
}

// unlessEmpty is the pattern or name, or nil for none.
func unlessEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
