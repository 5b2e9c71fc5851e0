package dataflow_test

import (
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// tableFormat is a catalog with tables of one format.
type tableFormat struct{ provider, database string }

// TestRealTableFormats shares one server, which takes longer to start than the
// tests to run.
func TestRealTableFormats(t *testing.T) {
	t.Parallel()
	remote := sparktest.Lakehouse(t).Remote()
	spark := sparkAt(t, remote)
	for _, f := range []tableFormat{{"iceberg", "ice.db"}, {"delta", "db"}} {
		require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE "+f.database))
		t.Run(f.provider, func(t *testing.T) {
			t.Run("writes", func(t *testing.T) { testWritesOfTables(t, spark, f) })
			t.Run("overwrites", func(t *testing.T) { testOverwritesOfTables(t, spark, f) })
			t.Run("partitions", func(t *testing.T) { testPartitionsOfTables(t, spark, f) })
			t.Run("evolution of contracts", func(t *testing.T) { testContractEvolution(t, spark, f) })
			t.Run("merge", func(t *testing.T) { testMerge(t, spark, f) })
			t.Run("merge with values", func(t *testing.T) { testMergeWithValues(t, spark, f) })
			t.Run("merge of awkward names", func(t *testing.T) { testMergeOfAwkwardNames(t, spark, f) })
		})
	}
	t.Run("catalogs", func(t *testing.T) { testCatalogs(t, sparkAt(t, remote)) })
	t.Run("checkpoint", func(t *testing.T) { testCheckpoint(t, spark) })
}

func testWritesOfTables(t *testing.T, spark *dataflow.Session, f tableFormat) {
	ctx, table := t.Context(), f.database+".written"
	df := mustSQL(t, spark, "SELECT id, 'a' AS name FROM range(3)")
	swapped := mustSQL(t, spark, "SELECT 'b' AS name, 9L AS id")
	made := dataflow.WriterV2{Provider: f.provider, TableProperties: map[string]string{"made.by": "me"}}
	existing := dataflow.WriterV2{}
	count := func() string { return rows(t, spark, "SELECT count(*), sum(id), max(name) FROM "+table)[0] }

	requireClass(t, "TABLE_OR_VIEW_NOT_FOUND", made.Replace(ctx, spark, df, table))
	requireClass(t, "TABLE_OR_VIEW_NOT_FOUND", existing.Append(ctx, spark, df, table))
	require.NoError(t, made.Create(ctx, spark, df, table))
	requireClass(t, "TABLE_OR_VIEW_ALREADY_EXISTS", made.Create(ctx, spark, df, table))
	require.Equal(t, "3 3 a", count())
	require.Equal(t, []string{"made.by me"}, rows(t, spark, "SHOW TBLPROPERTIES "+table+" ('made.by')"))
	require.NoError(t, existing.Append(ctx, spark, swapped, table))
	require.Equal(t, "4 12 b", count(), "columns go by name")
	require.NoError(t, made.Replace(ctx, spark, swapped, table))
	require.Equal(t, "1 9 b", count())
	require.NoError(t, made.CreateOrReplace(ctx, spark, df, table))
	require.Equal(t, "3 3 a", count())
	require.NoError(t, made.CreateOrReplace(ctx, spark, df, table+"2"))
}

func testOverwritesOfTables(t *testing.T, spark *dataflow.Session, f tableFormat) {
	ctx, table := t.Context(), f.database+".overwritten"
	w := dataflow.WriterV2{}
	require.NoError(t, dataflow.WriterV2{Provider: f.provider, PartitionBy: dataflow.PartitionColumns("g")}.Create(ctx, spark,
		mustSQL(t, spark, "SELECT id, CAST(id % 3 AS STRING) AS g FROM range(9)"), table))
	content := func() []string {
		return rows(t, spark, "SELECT g, count(*), sum(id) FROM "+table+" GROUP BY g ORDER BY g")
	}
	require.Equal(t, []string{"0 3 9", "1 3 12", "2 3 15"}, content())
	one := mustSQL(t, spark, "SELECT 100L AS id, '1' AS g")
	require.NoError(t, w.Overwrite(ctx, spark, one, table, functions.Col("g").Eq(functions.StringLit("1"))))
	require.Equal(t, []string{"0 3 9", "1 1 100", "2 3 15"}, content(), "by a column expression")
	require.NoError(t, w.Overwrite(ctx, spark, one, table, functions.Expr("g IN ('1', '2')")))
	require.Equal(t, []string{"0 3 9", "1 1 100"}, content(), "by SQL")
	requireClass(t, "UNRESOLVED_COLUMN.WITH_SUGGESTION", w.Overwrite(ctx, spark, one, table, functions.Expr("nope = 1")))

	dynamic := mustSQL(t, spark, "SELECT 7L AS id, '0' AS g UNION ALL SELECT 8L, '5'")
	require.NoError(t, w.OverwritePartitions(ctx, spark, dynamic, table))
	require.Equal(t, []string{"0 1 7", "1 1 100", "5 1 8"}, content())
	require.NoError(t, w.Overwrite(ctx, spark, one, table, functions.Expr("true")))
	require.Equal(t, []string{"1 1 100"}, content())
}

func testPartitionsOfTables(t *testing.T, spark *dataflow.Session, f tableFormat) {
	df := mustSQL(t, spark, "SELECT id, named_struct('a', id) AS s, timestamp'2024-01-01 05:00:00' AS at, id AS `x.y` FROM range(4)")
	tests := map[string]struct {
		by      []dataflow.Partition
		iceberg string // the type of the partition, as Iceberg's metadata has it
		delta   bool   // Delta has it too
	}{
		"columns": {dataflow.PartitionColumns("id", "`x.y`"), "struct<id:bigint,x.y:bigint>", true},
		"field":   {[]dataflow.Partition{dataflow.PartitionColumn("s.a")}, "struct<s.a:bigint>", false},
		"years":   {[]dataflow.Partition{dataflow.PartitionYears("at")}, "struct<at_year:int>", false},
		"months":  {[]dataflow.Partition{dataflow.PartitionMonths("at")}, "struct<at_month:int>", false},
		"days":    {[]dataflow.Partition{dataflow.PartitionDays("at")}, "struct<at_day:date>", false},
		"hours":   {[]dataflow.Partition{dataflow.PartitionHours("at")}, "struct<at_hour:int>", false},
		"buckets": {[]dataflow.Partition{dataflow.PartitionBucket(4, "id")}, "struct<id_bucket:int>", false},
		"several": {[]dataflow.Partition{dataflow.PartitionDays("at"), dataflow.PartitionBucket(2, "id")}, "struct<at_day:date,id_bucket:int>", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			table := f.database + ".by_" + name
			err := dataflow.WriterV2{Provider: f.provider, PartitionBy: tt.by}.Create(t.Context(), spark, df, table)
			if f.provider == "delta" && !tt.delta {
				require.ErrorContains(t, err, "[DELTA_OPERATION_NOT_ALLOWED")
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{"4"}, rows(t, spark, "SELECT count(*) FROM "+table))
			if f.provider == "iceberg" {
				require.Equal(t, []string{tt.iceberg}, rows(t, spark, "SELECT typeof(partition) FROM "+table+".files LIMIT 1"))
			}
		})
	}
}

func testCatalogs(t *testing.T, spark *dataflow.Session) {
	ctx, c := t.Context(), spark.Catalog()
	require.NoError(t, c.SetCurrentCatalog(ctx, "ice"))
	require.NoError(t, c.SetCurrentDatabase(ctx, "db"))
	catalogs, err := c.ListCatalogs(ctx, "")
	require.NoError(t, err)
	require.Contains(t, catalogs, dataflow.CatalogInfo{Name: "ice"})
	require.NoError(t, dataflow.WriterV2{}.Create(ctx, spark, mustSQL(t, spark, "SELECT 1 AS a"), "`my-table.1`"))
	tables, err := c.ListTables(ctx, "ice.db", "my-*")
	require.NoError(t, err)
	require.Equal(t, []dataflow.TableInfo{{Name: "my-table.1", Catalog: "ice", Namespace: []string{"db"}, Type: "MANAGED"}}, tables)
	for name, want := range map[string]bool{
		"`my-table.1`": true, "ice.db.`my-table.1`": true, dataflow.QuoteName("ice", "db", "my-table.1"): true,
		"spark_catalog.db.`my-table.1`": false,
	} {
		exists, err := c.TableExists(ctx, name)
		require.NoError(t, err, name)
		require.Equal(t, want, exists, name)
	}
}

func testCheckpoint(t *testing.T, spark *dataflow.Session) {
	ctx := t.Context()
	df, release, err := dataflow.Checkpoint(ctx, mustSQL(t, spark, "SELECT id, rand() AS r FROM range(10)"), true)
	require.NoError(t, err)
	require.Equal(t, rowsOf(t, spark, df), rowsOf(t, spark, df))
	require.NoError(t, release(ctx))
}

// TestRealWriterV2OnTheBuiltInCatalog holds what the catalog of files can do.
func TestRealWriterV2OnTheBuiltInCatalog(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx, db := t.Context(), database(t, spark)
		df := mustSQL(t, spark, "SELECT id, id % 2 AS g FROM range(4)")
		w := dataflow.WriterV2{Provider: "parquet", PartitionBy: dataflow.PartitionColumns("g"), Options: map[string]string{"compression": "zstd"}}
		require.NoError(t, w.Create(ctx, spark, df, db+".t"))
		require.Equal(t, []string{"4"}, rows(t, spark, "SELECT count(*) FROM "+db+".t"))
		requireClass(t, "TABLE_OR_VIEW_ALREADY_EXISTS", w.Create(ctx, spark, df, db+".t"))
		require.Error(t, dataflow.WriterV2{}.Append(ctx, spark, df, db+".t"), "only Writer appends to such a table")
		columns, err := spark.Catalog().ListColumns(ctx, db+".t")
		require.NoError(t, err)
		require.Equal(t, []dataflow.ColumnInfo{
			{Name: "id", DataType: "bigint", Nullable: true}, {Name: "g", DataType: "bigint", Nullable: true, Partition: true},
		}, columns)
	})
}
