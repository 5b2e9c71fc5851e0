package dataflow

import (
	"context"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql/types"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// CatalogInfo is a catalog as Spark lists it.
type CatalogInfo struct {
	Name, Description string
}

// DatabaseInfo is a database as Spark lists it.
type DatabaseInfo struct {
	Name, Catalog, Description string
	// LocationURI is the folder of its tables.
	LocationURI string
}

// TableInfo is a table or a view as Spark lists it.
type TableInfo struct {
	Name string
	// Catalog and Namespace say where it lies, the outermost database first; they
	// are empty for a temporary view.
	Catalog     string
	Namespace   []string
	Description string
	// Type is EXTERNAL, MANAGED, VIEW or TEMPORARY, or what a catalog has beside
	// these.
	Type      string
	Temporary bool
}

// ColumnInfo is a column of a table as Spark lists it. [SchemaOf] tells more of
// its type.
type ColumnInfo struct {
	Name, Description string
	// DataType is its type in the short form of Spark, for example "int" or
	// "array<string>".
	DataType string
	Nullable bool
	// Partition, Bucket and Cluster report whether the rows are partitioned,
	// bucketed or clustered by it.
	Partition, Bucket, Cluster bool
}

// FunctionInfo is a function as Spark lists it.
type FunctionInfo struct {
	Name string
	// Catalog and Namespace say where it lies; they are empty for a temporary
	// one and, up to the catalog, for one that is built in.
	Catalog     string
	Namespace   []string
	Description string
	// ClassName is the class that computes it.
	ClassName string
	Temporary bool
}

// ListCatalogs returns the catalogs that have been used in the session so far,
// by pattern.
func (c Catalog) ListCatalogs(ctx context.Context, pattern string) ([]CatalogInfo, error) {
	return catalogList(ctx, c, "list the catalogs",
		&wire.Catalog{CatType: &wire.Catalog_ListCatalogs{ListCatalogs: &wire.ListCatalogs{Pattern: unlessEmpty(pattern)}}}, catalogInfo)
}

// ListDatabases returns the databases of the current catalog, by pattern.
func (c Catalog) ListDatabases(ctx context.Context, pattern string) ([]DatabaseInfo, error) {
	return catalogList(ctx, c, "list the databases",
		&wire.Catalog{CatType: &wire.Catalog_ListDatabases{ListDatabases: &wire.ListDatabases{Pattern: unlessEmpty(pattern)}}}, databaseInfo)
}

// ListTables returns the tables and views of a database, by pattern, and the
// temporary views of the session. An empty database is the current one. Spark
// looks for a database without its catalog in the built-in catalog first, the
// current one included: name the catalog where both have a database of the name.
func (c Catalog) ListTables(ctx context.Context, database, pattern string) ([]TableInfo, error) {
	return catalogList(ctx, c, "list the tables", &wire.Catalog{CatType: &wire.Catalog_ListTables{
		ListTables: &wire.ListTables{DbName: unlessEmpty(database), Pattern: unlessEmpty(pattern)},
	}}, tableInfo)
}

// ListFunctions returns the functions of a database, by pattern, and those built
// in and temporary. Databases are found as by [Catalog.ListTables].
func (c Catalog) ListFunctions(ctx context.Context, database, pattern string) ([]FunctionInfo, error) {
	return catalogList(ctx, c, "list the functions", &wire.Catalog{CatType: &wire.Catalog_ListFunctions{
		ListFunctions: &wire.ListFunctions{DbName: unlessEmpty(database), Pattern: unlessEmpty(pattern)},
	}}, functionInfo)
}

// ListColumns returns the columns of a table or a view, in its order.
func (c Catalog) ListColumns(ctx context.Context, table string) ([]ColumnInfo, error) {
	return catalogList(ctx, c, "list the columns of "+table,
		&wire.Catalog{CatType: &wire.Catalog_ListColumns{ListColumns: &wire.ListColumns{TableName: table}}}, columnInfo)
}

// Database returns a database by its name.
func (c Catalog) Database(ctx context.Context, name string) (DatabaseInfo, error) {
	return catalogRow(ctx, c, "look up the database "+name,
		&wire.Catalog{CatType: &wire.Catalog_GetDatabase{GetDatabase: &wire.GetDatabase{DbName: name}}}, databaseInfo)
}

// Table returns a table or a view by its name.
func (c Catalog) Table(ctx context.Context, name string) (TableInfo, error) {
	return catalogRow(ctx, c, "look up the table "+name,
		&wire.Catalog{CatType: &wire.Catalog_GetTable{GetTable: &wire.GetTable{TableName: name}}}, tableInfo)
}

// Function returns a function by its name.
func (c Catalog) Function(ctx context.Context, name string) (FunctionInfo, error) {
	return catalogRow(ctx, c, "look up the function "+name,
		&wire.Catalog{CatType: &wire.Catalog_GetFunction{GetFunction: &wire.GetFunction{FunctionName: name}}}, functionInfo)
}

func catalogInfo(r types.Row) CatalogInfo {
	return CatalogInfo{Name: textAt(r, "name"), Description: textAt(r, "description")}
}

func databaseInfo(r types.Row) DatabaseInfo {
	return DatabaseInfo{
		Name: textAt(r, "name"), Catalog: textAt(r, "catalog"), Description: textAt(r, "description"), LocationURI: textAt(r, "locationUri"),
	}
}

func tableInfo(r types.Row) TableInfo {
	return TableInfo{
		Name: textAt(r, "name"), Catalog: textAt(r, "catalog"), Namespace: textsAt(r, "namespace"), Description: textAt(r, "description"),
		Type: textAt(r, "tableType"), Temporary: flagAt(r, "isTemporary"),
	}
}

func columnInfo(r types.Row) ColumnInfo {
	return ColumnInfo{
		Name: textAt(r, "name"), Description: textAt(r, "description"), DataType: textAt(r, "dataType"), Nullable: flagAt(r, "nullable"),
		Partition: flagAt(r, "isPartition"), Bucket: flagAt(r, "isBucket"), Cluster: flagAt(r, "isCluster"),
	}
}

func functionInfo(r types.Row) FunctionInfo {
	return FunctionInfo{
		Name: textAt(r, "name"), Catalog: textAt(r, "catalog"), Namespace: textsAt(r, "namespace"), Description: textAt(r, "description"),
		ClassName: textAt(r, "className"), Temporary: flagAt(r, "isTemporary"),
	}
}

// catalogList runs a request and reads its rows.
func catalogList[T any](ctx context.Context, c Catalog, what string, request *wire.Catalog, read func(types.Row) T) ([]T, error) {
	rows, err := c.collect(ctx, what, request)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = read(row)
	}
	return out, nil
}

// catalogRow is catalogList for a request that is answered by one row.
func catalogRow[T any](ctx context.Context, c Catalog, what string, request *wire.Catalog, read func(types.Row) T) (T, error) {
	found, err := catalogList(ctx, c, what, request, read)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%s: the server sent %d rows where one was due", what, len(found))
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// textAt reads a column by its name, which is the same in all versions of Spark;
// NULL is empty.
func textAt(r types.Row, column string) string {
	value, _ := r.Value(column).(string)
	return value
}

func flagAt(r types.Row, column string) bool {
	value, _ := r.Value(column).(bool)
	return value
}

func textsAt(r types.Row, column string) []string {
	values, _ := r.Value(column).([]any)
	var out []string
	for _, value := range values {
		if name, ok := value.(string); ok {
			out = append(out, name)
		}
	}
	return out
}
