package dataflow_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// hostileTexts do harm where they are read as SQL, or have something replaced in
// them.
var hostileTexts = []string{
	"a'b", `a"b`, "a`b", "a;DROP TABLE x", "a--b", "a/*b", "a\nb", "grün🚀", "${spark.app.name}", "a b", "a.b", `a\b`, "$(x)", "%s", "*", "a,b", "(a)", "",
}

// testHostileNames puts such texts where paths, columns and values of partitions
// are.
func testHostileNames(t *testing.T, spark *dataflow.Session) {
	dir := t.TempDir()
	for i, text := range hostileTexts {
		if text == "" {
			continue
		}
		t.Run(text, func(t *testing.T) {
			source := hostileRow(t, spark, text)
			// A glob is no name: Spark reads paths with these characters as patterns.
			path := filepath.Join(dir, string(rune('a'+i))+strings.NewReplacer("*", "x", "{", "(", "}", ")", `\`, "_", "\n", "_", ":", "_", ",", "_").Replace(text))
			for _, format := range []string{"orc", "parquet", "json"} {
				at := path + "." + format
				sink := dataflow.FormatSink{Format: format, Path: at, PartitionBy: []string{"part"}}
				require.NoError(t, sink.Write(t.Context(), spark, source))
				if format == "orc" && (strings.Contains(text, "`") || strings.Contains(text, "${")) {
					continue // Spark reads nulls from such a column of ORC
				}
				read := dataflow.FormatSource{Format: format, Path: at}
				_, got := load(t, spark, read)
				require.Equal(t, []string{"v " + text}, got, format)
			}
			if strings.ContainsAny(text, " ,;{}()\n\t=%$*") {
				return // Delta takes no such columns without a property of the table, and each takes seconds
			}
			delta := dataflow.DeltaSink{Path: path + ".delta", PartitionBy: []string{"part"}}
			require.NoError(t, delta.Write(t.Context(), spark, source))
			_, got := load(t, spark, dataflow.DeltaSource{Path: delta.Path})
			require.Equal(t, []string{"v " + text}, got)
			if strings.Contains(text, "`") {
				return // Delta refuses it
			}
			delta.PartitionBy, delta.Mode, delta.Keys = nil, dataflow.TableModeMerge, []string{text, "part"}
			require.NoError(t, delta.Write(t.Context(), spark, source))
			_, got = load(t, spark, dataflow.DeltaSource{Path: delta.Path})
			require.Equal(t, []string{"v " + text}, got, "the row matched")
		})
	}
}

// testHostileTables puts them where names of tables, branches and columns are.
func testHostileTables(t *testing.T, spark *dataflow.Session) {
	db := "ice." + uniqueName("db")
	require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE "+db))
	var want []string
	for _, text := range hostileTexts {
		if text == "" || strings.ContainsAny(text, "*/\\\n%,") {
			continue // the folders of this catalog take no such names
		}
		t.Run(text, func(t *testing.T) {
			table := db + "." + dataflow.QuoteName(text)
			source := hostileRow(t, spark, text)
			sink := dataflow.IcebergSink{Table: table, PartitionBy: []string{dataflow.QuoteName(text)}}
			if strings.Contains(text, "${") {
				require.ErrorContains(t, sink.Write(t.Context(), spark, source), "Spark replaces ${…} in names")
				return
			}
			require.NoError(t, sink.Write(t.Context(), spark, source))
			sink = dataflow.IcebergSink{Table: table, Mode: dataflow.TableModeMerge, MergeBy: dataflow.MergeBy{Keys: []string{text}}}
			require.NoError(t, sink.Write(t.Context(), spark, source))
			_, got := load(t, spark, dataflow.IcebergSource{Table: table})
			require.Equal(t, []string{"v " + text}, got)
			want = append(want, text)
		})
	}
	var tables []string
	all, err := spark.Catalog().ListTables(t.Context(), db, "")
	require.NoError(t, err)
	for _, table := range all {
		if !table.Temporary {
			tables = append(tables, table.Name)
		}
	}
	slices.Sort(tables)
	slices.Sort(want)
	require.Equal(t, want, tables, "nothing else came to be")
}

// hostileRow has a text as the name of its first column, and as the value of the
// column part.
func hostileRow(t *testing.T, spark *dataflow.Session, text string) sql.DataFrame {
	t.Helper()
	df, err := query(t, spark, "SELECT 'v' AS c, :text AS part", dataflow.Named("text", text)).WithColumnRenamed(t.Context(), "c", text)
	require.NoError(t, err)
	return df
}
