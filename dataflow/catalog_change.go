package dataflow

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// NewTable says how [Catalog.CreateTable] makes a table. The zero value makes a
// table without columns in the server's default format.
type NewTable struct {
	// Format is the data source; empty is the server's default.
	Format string
	// Schema are the columns. It may be empty where the data at Path tells them.
	Schema schema.Definition
	// Path is where the data lies, on the cluster; a relative one lies in the
	// working directory of this process when the server is on this machine. Empty
	// leaves the place to the catalog, and such data goes with the table.
	Path string
	// Description is kept with the table.
	Description string
	// Options are passed to the data source under its own keys.
	Options map[string]string
}

// CreateTable makes a table and fails when it exists. Nil is the zero value of
// [NewTable]. Partitions and clusters need [Writer], [WriterV2] or SQL.
func (c Catalog) CreateTable(ctx context.Context, name string, table *NewTable) error {
	if table == nil {
		table = &NewTable{}
	}
	create := &wire.CreateTable{
		TableName: name, Path: unlessEmpty(c.spark.outputPath(table.Path)), Source: unlessEmpty(table.Format),
		Description: unlessEmpty(table.Description), Options: table.Options,
	}
	if len(table.Schema.Fields) > 0 {
		typ := schema.StructOf(table.Schema.Fields...)
		create.Schema = wireType(typ)
	}
	return c.run(ctx, "create the table "+name, &wire.Catalog{CatType: &wire.Catalog_CreateTable{CreateTable: create}})
}

// DropTempView removes a temporary view of the session and reports whether there
// was one. The name is taken as it is, without backquotes.
func (c Catalog) DropTempView(ctx context.Context, name string) (bool, error) {
	return catalogValue[bool](ctx, c, "drop the view "+name,
		&wire.Catalog{CatType: &wire.Catalog_DropTempView{DropTempView: &wire.DropTempView{ViewName: name}}})
}

// DropGlobalTempView removes a temporary view that all sessions see, by its name
// without global_temp, and reports whether there was one.
func (c Catalog) DropGlobalTempView(ctx context.Context, name string) (bool, error) {
	return catalogValue[bool](ctx, c, "drop the global view "+name,
		&wire.Catalog{CatType: &wire.Catalog_DropGlobalTempView{DropGlobalTempView: &wire.DropGlobalTempView{ViewName: name}}})
}

// RecoverPartitions registers the partitions that lie in the folder of a
// partitioned table and that the catalog does not know.
func (c Catalog) RecoverPartitions(ctx context.Context, table string) error {
	return c.run(ctx, "recover the partitions of "+table,
		&wire.Catalog{CatType: &wire.Catalog_RecoverPartitions{RecoverPartitions: &wire.RecoverPartitions{TableName: table}}})
}

// IsCached reports whether the cluster keeps the rows of a table or a view.
func (c Catalog) IsCached(ctx context.Context, table string) (bool, error) {
	return catalogValue[bool](ctx, c, "look for "+table+" in the cache",
		&wire.Catalog{CatType: &wire.Catalog_IsCached{IsCached: &wire.IsCached{TableName: table}}})
}

// CacheTable has the cluster keep the rows of a table or a view once they have
// been read, for all sessions. The empty level is Spark's default.
func (c Catalog) CacheTable(ctx context.Context, table string, level StorageLevel) error {
	stored, err := level.wire()
	if err != nil {
		return fmt.Errorf("cache %s: %w", table, err)
	}
	return c.run(ctx, "cache "+table,
		&wire.Catalog{CatType: &wire.Catalog_CacheTable{CacheTable: &wire.CacheTable{TableName: table, StorageLevel: stored}}})
}

// UncacheTable has the cluster drop the rows that it keeps of a table or a view.
// One that is not cached is no error.
func (c Catalog) UncacheTable(ctx context.Context, table string) error {
	return c.run(ctx, "uncache "+table,
		&wire.Catalog{CatType: &wire.Catalog_UncacheTable{UncacheTable: &wire.UncacheTable{TableName: table}}})
}

// ClearCache has the cluster drop all rows that it keeps, of all sessions.
func (c Catalog) ClearCache(ctx context.Context) error {
	return c.run(ctx, "clear the cache", &wire.Catalog{CatType: &wire.Catalog_ClearCache{ClearCache: &wire.ClearCache{}}})
}

// RefreshTable has the server forget what it knows of the files of a table,
// which others have changed, and read a cached one again.
func (c Catalog) RefreshTable(ctx context.Context, table string) error {
	return c.run(ctx, "refresh "+table,
		&wire.Catalog{CatType: &wire.Catalog_RefreshTable{RefreshTable: &wire.RefreshTable{TableName: table}}})
}

// RefreshByPath is [Catalog.RefreshTable] for all that is read from files below
// a path. A relative one lies in the working directory of this process when the
// server is on this machine.
func (c Catalog) RefreshByPath(ctx context.Context, path string) error {
	return c.run(ctx, "refresh "+path,
		&wire.Catalog{CatType: &wire.Catalog_RefreshByPath{RefreshByPath: &wire.RefreshByPath{Path: c.spark.outputPath(path)}}})
}
