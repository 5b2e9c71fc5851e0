package dataflow_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// requireClass asserts on the error class of the server.
func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var failed *component.SparkError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, class, failed.Class, "%v", err)
}

func TestRealCatalogOfTables(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx, c, db := t.Context(), spark.Catalog(), database(t, spark)
		catalog, err := c.CurrentCatalog(ctx)
		require.NoError(t, err)
		require.Equal(t, "spark_catalog", catalog)
		require.NoError(t, c.SetCurrentCatalog(ctx, "spark_catalog"))
		catalogs, err := c.ListCatalogs(ctx, "spark*")
		require.NoError(t, err)
		require.Equal(t, []dataflow.CatalogInfo{{Name: "spark_catalog"}}, catalogs)

		exists, err := c.DatabaseExists(ctx, db)
		require.NoError(t, err)
		require.True(t, exists)
		exists, err = c.DatabaseExists(ctx, uniqueName("none"))
		require.NoError(t, err)
		require.False(t, exists)
		databases, err := c.ListDatabases(ctx, db+"|none_*")
		require.NoError(t, err)
		require.Len(t, databases, 1)
		found, err := c.Database(ctx, db)
		require.NoError(t, err)
		require.Equal(t, databases[0], found)
		require.Equal(t, "spark_catalog", found.Catalog)
		require.Contains(t, found.LocationURI, "file:")
		_, err = c.Database(ctx, uniqueName("none"))
		requireClass(t, "SCHEMA_NOT_FOUND", err)

		require.NoError(t, c.SetCurrentDatabase(ctx, db))
		current, err := c.CurrentDatabase(ctx)
		require.NoError(t, err)
		require.Equal(t, db, current)
		tables, err := c.ListTables(ctx, "", "t*")
		require.NoError(t, err)
		require.Empty(t, tables)

		tags := schema.Field{Name: "tags", Type: schema.ArrayOf(schema.String(), true), Nullable: true}
		price := schema.Field{Name: "unit price", Type: schema.Decimal(10, 2), Nullable: true, Metadata: `{"comment":"net"}`}
		require.NoError(t, c.CreateTable(ctx, "t1", &dataflow.NewTable{
			Format: "parquet", Description: "all of it",
			Schema: schema.Definition{Fields: []schema.Field{{Name: "id", Type: schema.Long(), Nullable: true}, tags, price}},
		}))
		requireClass(t, "TABLE_OR_VIEW_ALREADY_EXISTS", c.CreateTable(ctx, db+".t1", &dataflow.NewTable{
			Format: "parquet", Schema: schema.Definition{Fields: []schema.Field{tags}},
		}))
		view := uniqueName("t_view")
		require.NoError(t, spark.Exec(ctx, "CREATE TEMPORARY VIEW "+view+" AS SELECT 1 AS a"))
		tables, err = c.ListTables(ctx, db, "t*")
		require.NoError(t, err)
		require.ElementsMatch(t, []dataflow.TableInfo{
			{Name: "t1", Catalog: "spark_catalog", Namespace: []string{db}, Description: "all of it", Type: "MANAGED"},
			{Name: view, Type: "TEMPORARY", Temporary: true},
		}, slices.DeleteFunc(tables, func(t dataflow.TableInfo) bool { return t.Temporary && t.Name != view }))
		info, err := c.Table(ctx, "spark_catalog."+db+".`t1`")
		require.NoError(t, err)
		require.Equal(t, "t1", info.Name)
		columns, err := c.ListColumns(ctx, db+".t1")
		require.NoError(t, err)
		require.Equal(t, []dataflow.ColumnInfo{
			{Name: "id", DataType: "bigint", Nullable: true}, {Name: "tags", DataType: "array<string>", Nullable: true},
			{Name: "unit price", Description: "net", DataType: "decimal(10,2)", Nullable: true},
		}, columns)
		for name, want := range map[string]bool{"t1": true, db + ".t1": true, view: true, db + ".t2": false, "none.t1": false} {
			exists, err := c.TableExists(ctx, name)
			require.NoError(t, err, name)
			require.Equal(t, want, exists, name)
		}
		_, err = c.Table(ctx, db+".t2")
		requireClass(t, "TABLE_OR_VIEW_NOT_FOUND", err)
		_, err = c.ListColumns(ctx, db+".t2")
		requireClass(t, "TABLE_OR_VIEW_NOT_FOUND", err)
	})
}

func TestRealCatalogOfFunctionsAndViews(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx, c := t.Context(), spark.Catalog()
		functions, err := c.ListFunctions(ctx, "default", "bit_coun*")
		require.NoError(t, err)
		require.Len(t, functions, 1)
		require.Equal(t, "bit_count", functions[0].Name)
		found, err := c.Function(ctx, "bit_count")
		require.NoError(t, err)
		require.Equal(t, functions[0].ClassName, found.ClassName)
		require.NotEmpty(t, found.ClassName)
		exists, err := c.FunctionExists(ctx, "bit_count")
		require.NoError(t, err)
		require.True(t, exists)
		exists, err = c.FunctionExists(ctx, uniqueName("none"))
		require.NoError(t, err)
		require.False(t, exists)

		df, err := spark.SQL(ctx, "SELECT 1 AS a")
		require.NoError(t, err)
		local, global := uniqueName("v"), uniqueName("g")
		require.NoError(t, spark.CreateTempView(ctx, df, local))
		require.NoError(t, spark.CreateGlobalTempView(ctx, df, global))
		for _, want := range []bool{true, false} { // the second time there is none
			dropped, err := c.DropTempView(ctx, local)
			require.NoError(t, err)
			require.Equal(t, want, dropped)
			dropped, err = c.DropGlobalTempView(ctx, global)
			require.NoError(t, err)
			require.Equal(t, want, dropped)
		}
	})
}

func TestRealCatalogOfDataAndCache(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx, c, db := t.Context(), spark.Catalog(), database(t, spark)
		table, dir := db+".t", t.TempDir()
		df, err := spark.SQL(ctx, "SELECT id, id % 2 AS part FROM range(10)")
		require.NoError(t, err)
		require.NoError(t, dataflow.Writer{Format: "parquet", Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"part"}}.Save(ctx, spark, df, dir))
		require.NoError(t, spark.Exec(ctx, "CREATE TABLE "+table+" (id BIGINT, part BIGINT) USING parquet PARTITIONED BY (part) LOCATION '"+dir+"'"))
		count := func() string { return rows(t, spark, "SELECT count(*) FROM "+table)[0] }
		require.Equal(t, "0", count(), "the catalog knows no partition")
		require.NoError(t, c.RecoverPartitions(ctx, table))
		require.Equal(t, "10", count())

		cached := func() bool {
			yes, err := c.IsCached(ctx, table)
			require.NoError(t, err)
			return yes
		}
		require.False(t, cached())
		require.NoError(t, c.CacheTable(ctx, table, dataflow.StorageLevelMemoryOnly))
		require.True(t, cached())
		require.Equal(t, "10", count())
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "part=1")))
		require.Equal(t, "10", count(), "from the cache")
		require.NoError(t, c.RefreshTable(ctx, table))
		require.NoError(t, c.RefreshByPath(ctx, dir))
		require.Equal(t, "5", count())
		require.NoError(t, c.UncacheTable(ctx, table))
		require.False(t, cached())
		require.NoError(t, c.UncacheTable(ctx, table))
		_, err = c.IsCached(ctx, db+".none")
		requireClass(t, "TABLE_OR_VIEW_NOT_FOUND", err)

		require.NoError(t, c.CreateTable(ctx, db+".outside", &dataflow.NewTable{Format: "parquet", Path: dir}))
		info, err := c.Table(ctx, db+".outside")
		require.NoError(t, err)
		require.Equal(t, "EXTERNAL", info.Type)
		columns, err := c.ListColumns(ctx, db+".outside")
		require.NoError(t, err)
		require.Len(t, columns, 2, "from the data")
	})
}

func TestRealCreateTableOfEveryColumnType(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		table := database(t, spark) + ".t"
		def, err := schema.Parse("a INTERVAL DAY TO SECOND, b INTERVAL YEAR, c ARRAY<INTERVAL HOUR>, d VARIANT, e TIMESTAMP_NTZ, f MAP<INTERVAL MONTH, STRING>")
		require.NoError(t, err)
		require.NoError(t, spark.Catalog().CreateTable(t.Context(), table, &dataflow.NewTable{Format: "parquet", Schema: def}))
		df, err := spark.Table(table)
		require.NoError(t, err)
		got, err := dataflow.SchemaOf(t.Context(), df)
		require.NoError(t, err)
		require.Equal(t, def.String(), got.String())
		require.NoError(t, spark.Catalog().RefreshTable(t.Context(), table))
	})
}
