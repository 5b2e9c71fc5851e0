package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// changes is what the format tells of a merge: Iceberg nothing.
func changes(f tableFormat, updated, deleted, inserted int64) *dataflow.MergeMetrics {
	if f.provider != "delta" {
		return nil
	}
	return &dataflow.MergeMetrics{Affected: updated + deleted + inserted, Updated: updated, Deleted: deleted, Inserted: inserted}
}

// target makes a table for a merge.
func target(t *testing.T, spark *dataflow.Session, f tableFormat, name, query string) string {
	t.Helper()
	table := f.database + "." + name
	w := dataflow.WriterV2{Provider: f.provider}
	require.NoError(t, w.CreateOrReplace(t.Context(), spark, mustSQL(t, spark, query), table))
	return table
}

func testMerge(t *testing.T, spark *dataflow.Session, f tableFormat) {
	ctx := t.Context()
	table := target(t, spark, f, "merged", "SELECT id, 'old' AS name FROM range(6)")
	m := dataflow.Merge{
		Into: table, Using: mustSQL(t, spark, "SELECT id, 'new' AS name FROM range(3, 8)"), On: "target.id = source.id",
		When: []dataflow.MergeClause{
			dataflow.WhenMatched("source.id = 3 OR false -- a comment").Delete(),
			dataflow.WhenMatched("").UpdateAll(),
			dataflow.WhenNotMatched("source.id < 7").InsertAll(),
			dataflow.WhenNotMatchedBySource("target.id = 0").Delete(),
		},
	}
	changed, err := m.Run(ctx, spark)
	require.NoError(t, err)
	require.Equal(t, changes(f, 2, 2, 1), changed)
	require.Equal(t, []string{"1 old", "2 old", "4 new", "5 new", "6 new"}, rows(t, spark, "SELECT * FROM "+table+" ORDER BY id"))

	m.Into = f.database + ".none"
	_, err = m.Run(ctx, spark)
	requireClass(t, "TABLE_OR_VIEW_NOT_FOUND", err)
	views, err := spark.Catalog().ListTables(ctx, "default", "sparkpipe_merge_*")
	require.NoError(t, err)
	require.Empty(t, views, "no view is left behind")
}

func testMergeWithValues(t *testing.T, spark *dataflow.Session, f tableFormat) {
	ctx := t.Context()
	table := target(t, spark, f, "merged_values", "SELECT id, 'old' AS name, CAST(NULL AS TIMESTAMP) AS at FROM range(3)")
	view := uniqueName("changes")
	require.NoError(t, spark.CreateTempView(ctx, mustSQL(t, spark, "SELECT id, 'new' AS name FROM range(1, 5)"), view))
	m := dataflow.Merge{
		Into: table, UsingTable: view, On: "t.id = s.id AND s.id >= :min", TargetAlias: "t", SourceAlias: "s",
		When: []dataflow.MergeClause{
			dataflow.WhenMatched("").Update(map[string]string{"name": "concat(t.name, :mark, s.name)"}),
			dataflow.WhenNotMatched("s.id < 4").Insert(map[string]string{"id": "s.id", "name": ":mark"}),
			dataflow.WhenNotMatchedBySource("").Update(map[string]string{"name": "NULL"}),
		},
		Args: map[string]any{"min": 2, "mark": "it's; -- "},
	}
	changed, err := m.Run(ctx, spark)
	require.NoError(t, err)
	require.Equal(t, changes(f, 3, 0, 2), changed)
	require.Equal(t, []string{"0 <nil>", "1 <nil>", "1 it's; -- ", "2 oldit's; -- new", "3 it's; -- "},
		rows(t, spark, "SELECT id, name FROM "+table+" ORDER BY id, name"))
}

func testMergeOfAwkwardNames(t *testing.T, spark *dataflow.Session, f tableFormat) {
	ctx := t.Context()
	table := "`awkward`"
	if f.provider == "iceberg" {
		table = "`we-ird``; DROP`" // the built-in catalog takes no such names
	}
	if f.provider == "delta" {
		require.NoError(t, spark.Exec(ctx, "CREATE TABLE "+f.database+"."+table+" (id BIGINT, `a``b.c` STRING, `select` STRING) USING delta TBLPROPERTIES ('delta.columnMapping.mode' = 'name')"))
	} else {
		target(t, spark, f, table, "SELECT 1L AS id, 'x' AS `a``b.c`, 'y' AS `select` WHERE false")
	}
	view := dataflow.QuoteName(uniqueName("in-`put`"))
	require.NoError(t, spark.CreateTempView(ctx, mustSQL(t, spark, "SELECT id, 'v' AS v FROM range(2)"), view))
	_, err := dataflow.Merge{
		Into: f.database + "." + table, UsingTable: view, On: "target.id = source.id",
		When: []dataflow.MergeClause{dataflow.WhenNotMatched("").Insert(map[string]string{"id": "source.id", "`a``b.c`": "source.v", "`select`": "'s'"})},
	}.Run(ctx, spark)
	require.NoError(t, err)
	require.Equal(t, []string{"0 v s", "1 v s"}, rows(t, spark, "SELECT * FROM "+f.database+"."+table+" ORDER BY id"))
}
