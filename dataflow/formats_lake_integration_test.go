package dataflow_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// everyType are the columns of a table format, with a row of nulls.
const deltaTypes = binaryTypes + smallTypes + nestedTypes

const icebergTypes = textTypes + `, X'00FF' AS bin, array(1, NULL) AS arr, map('k ü', 1.5BD) AS m, named_struct('x', 1, 'y', array('a')) AS st`

// write writes a query.
func write(t *testing.T, spark *dataflow.Session, sink dataflow.Sink, text string) {
	t.Helper()
	require.NoError(t, sink.Write(t.Context(), spark, mustSQL(t, spark, text)))
}

// read gives the rows of a source in order.
func read(t *testing.T, spark *dataflow.Session, source dataflow.Source) []string {
	t.Helper()
	_, got := load(t, spark, source)
	return got
}

func testDeltaTables(t *testing.T, spark *dataflow.Session) {
	db := database(t, spark)
	for name, at := range map[string]struct{ path, table string }{
		"path": {path: filepath.Join(t.TempDir(), "a 'b` ü")}, "table": {table: db + ".t"},
	} {
		t.Run(name, func(t *testing.T) {
			source := dataflow.DeltaSource{Path: at.path, Table: at.table}
			sink := func(mode dataflow.TableMode, change func(*dataflow.DeltaSink)) dataflow.Sink {
				s := dataflow.DeltaSink{Path: at.path, Table: at.table, Mode: mode}
				if change != nil {
					change(&s)
				}
				return s
			}
			byDay := func(s *dataflow.DeltaSink) { s.PartitionBy = []string{"day"} }
			const two = "SELECT * FROM VALUES (1, 'x'), (2, 'y') AS t(id, day)"
			write(t, spark, sink(dataflow.TableModeCreate, byDay), two)
			require.Error(t, sink(dataflow.TableModeCreate, byDay).Write(t.Context(), spark, mustSQL(t, spark, two)))
			write(t, spark, sink(dataflow.TableModeIgnore, byDay), two)
			write(t, spark, sink(dataflow.TableModeAppend, nil), "SELECT 3 AS id, 'y' AS day")
			require.Equal(t, []string{"1 x", "2 y", "3 y"}, read(t, spark, source))

			write(t, spark, sink(dataflow.TableModeOverwrite, func(s *dataflow.DeltaSink) { s.ReplaceWhere = "day = 'y' -- why" }), "SELECT 4 AS id, 'y' AS day")
			require.Equal(t, []string{"1 x", "4 y"}, read(t, spark, source))
			outside := sink(dataflow.TableModeOverwrite, func(s *dataflow.DeltaSink) { s.ReplaceWhere = "day = 'y'" })
			require.Error(t, outside.Write(t.Context(), spark, mustSQL(t, spark, "SELECT 4 AS id, 'z' AS day")), "rows must fulfil the condition")

			write(t, spark, sink(dataflow.TableModeOverwrite, func(s *dataflow.DeltaSink) {
				s.PartitionOverwrite = "dynamic"
				if at.table != "" {
					byDay(s)
				}
			}), "SELECT 5 AS id, 'x' AS day")
			require.Equal(t, []string{"4 y", "5 x"}, read(t, spark, source), "the other partition stays")

			grow := "SELECT 6 AS id, 'z' AS day, true AS more"
			require.Error(t, sink(dataflow.TableModeAppend, nil).Write(t.Context(), spark, mustSQL(t, spark, grow)))
			write(t, spark, sink(dataflow.TableModeAppend, func(s *dataflow.DeltaSink) { s.MergeSchema = true }), grow)
			require.Equal(t, []string{"4 y <nil>", "5 x <nil>", "6 z true"}, read(t, spark, source))
			write(t, spark, sink(dataflow.TableModeOverwrite, func(s *dataflow.DeltaSink) { s.OverwriteSchema = true }), "SELECT 'only' AS one")
			require.Equal(t, []string{"only"}, read(t, spark, source))

			for range 2 {
				write(t, spark, sink(dataflow.TableModeAppend, func(s *dataflow.DeltaSink) { s.TxnAppID, s.TxnVersion = "job", new(int64(7)) }), "SELECT 'once' AS one")
			}
			require.Equal(t, []string{"once", "only"}, read(t, spark, source), "a write that was seen is left out")

			source.VersionAsOf = new(int64(0))
			require.Equal(t, []string{"1 x", "2 y"}, read(t, spark, source))
			source.VersionAsOf, source.TimestampAsOf = nil, "1970-01-01"
			df, err := source.Load(t.Context(), spark)
			if err == nil {
				_, err = df.Collect(t.Context())
			}
			require.Error(t, err, "there was no table then")
		})
	}
	t.Run("types", func(t *testing.T) {
		one := uniqueName("one")
		require.NoError(t, spark.Exec(t.Context(), "CREATE TEMPORARY VIEW "+one+" AS SELECT 1 AS n, "+deltaTypes))
		path := filepath.Join(t.TempDir(), "out")
		df := mustSQL(t, spark, "SELECT * FROM "+one)
		require.NoError(t, dataflow.DeltaSink{Path: path}.Write(t.Context(), spark, df))
		back, err := dataflow.DeltaSource{Path: path}.Load(t.Context(), spark)
		require.NoError(t, err)
		require.Equal(t, schemaOf(t, spark, df), schemaOf(t, spark, back))
		require.Equal(t, textOf(t, spark, df), textOf(t, spark, back))
		write(t, spark, dataflow.DeltaSink{Path: path, Mode: dataflow.TableModeOverwrite}, "SELECT * FROM "+one+" WHERE false")
		back, err = dataflow.DeltaSource{Path: path}.Load(t.Context(), spark)
		require.NoError(t, err)
		require.Empty(t, rowsOf(t, spark, back))
		require.Equal(t, schemaOf(t, spark, df), schemaOf(t, spark, back), "the schema survives")
	})
}

func testDeltaMerges(t *testing.T, spark *dataflow.Session) {
	db := database(t, spark)
	for name, sink := range map[string]dataflow.DeltaSink{"path": {Path: filepath.Join(t.TempDir(), "t'`b")}, "table": {Table: db + ".`m`"}} {
		t.Run(name, func(t *testing.T) {
			source := dataflow.DeltaSource{Path: sink.Path, Table: sink.Table}
			write(t, spark, sink, "SELECT * FROM VALUES (1, 'a'), (2, 'b'), (NULL, 'n') AS t(id, name)")
			sink.Mode, sink.Keys = dataflow.TableModeMerge, []string{"id"}
			for range 2 {
				write(t, spark, sink, "SELECT * FROM VALUES (2, 'B'), (3, 'C'), (NULL, 'N') AS t(id, name)")
				require.Equal(t, []string{"<nil> N", "1 a", "2 B", "3 C"}, read(t, spark, source), "nulls match, and a second run changes nothing")
			}
			sink.DeleteWhen, sink.InsertWhen = "source.name IS NULL", "source.id < 9"
			write(t, spark, sink, "SELECT * FROM VALUES (2, NULL), (9, 'I'), (4, 'D') AS t(id, name)")
			require.Equal(t, []string{"<nil> N", "1 a", "3 C", "4 D"}, read(t, spark, source))
			sink.MergeSchema, sink.DeleteWhen, sink.InsertWhen = true, "", ""
			write(t, spark, sink, "SELECT 4 AS id, 'E' AS name, 1 AS more")
			require.Equal(t, []string{"<nil> N <nil>", "1 a <nil>", "3 C <nil>", "4 E 1"}, read(t, spark, source))
		})
	}
}

func testDeltaChanges(t *testing.T, spark *dataflow.Session) {
	db := database(t, spark)
	table := db + ".changes"
	require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+" (id INT) USING delta TBLPROPERTIES (delta.enableChangeDataFeed = true)"))
	for i := range 3 {
		write(t, spark, dataflow.DeltaSink{Table: table, Mode: dataflow.TableModeAppend}, "SELECT "+strconv.Itoa(i)+" AS id")
	}
	changes := func(s dataflow.DeltaSource) []string {
		df, err := s.Load(t.Context(), spark)
		require.NoError(t, err)
		view := uniqueName("changes")
		require.NoError(t, spark.CreateTempView(t.Context(), df, view))
		return rows(t, spark, "SELECT id, _change_type, _commit_version FROM "+view+" ORDER BY ALL")
	}
	feed := dataflow.DeltaSource{Table: table, ReadChangeFeed: true, StartingVersion: new(int64(2)), EndingVersion: new(int64(2))}
	require.Equal(t, []string{"1 insert 2"}, changes(feed))
	feed.EndingVersion = nil
	require.Equal(t, []string{"1 insert 2", "2 insert 3"}, changes(feed))
	file, _, _ := strings.Cut(strings.TrimPrefix(rows(t, spark, "SELECT DISTINCT input_file_name() FROM "+table)[0], "file://"), "/part-")
	byPath := dataflow.DeltaSource{Path: file, ReadChangeFeed: true, StartingVersion: new(int64(3))}
	require.Equal(t, []string{"2 insert 3"}, changes(byPath))
	write(t, spark, dataflow.DeltaSink{Table: table, Mode: dataflow.TableModeMerge, MergeBy: dataflow.MergeBy{Keys: []string{"id"}, DeleteWhen: "source.id = 1"}}, "SELECT 1 AS id")
	feed.StartingVersion = new(int64(4))
	require.Equal(t, []string{"1 delete 4"}, changes(feed))
}

func testIcebergTables(t *testing.T, spark *dataflow.Session) {
	db := "ice." + uniqueName("db")
	require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE "+db))
	sink := dataflow.IcebergSink{Table: db + ".t", PartitionBy: []string{"day"}}
	source := dataflow.IcebergSource{Table: db + ".t"}
	mode := func(m dataflow.TableMode) dataflow.IcebergSink {
		return dataflow.IcebergSink{Table: db + ".t", Mode: m}
	}
	const two = "SELECT * FROM VALUES (1, 'x'), (2, 'y') AS t(id, day)"
	write(t, spark, sink, two)
	requireClass(t, "TABLE_OR_VIEW_ALREADY_EXISTS", sink.Write(t.Context(), spark, mustSQL(t, spark, two)))
	write(t, spark, mode(dataflow.TableModeAppend), "SELECT 3 AS id, 'y' AS day")
	write(t, spark, mode(dataflow.TableModeOverwritePartitions), "SELECT 4 AS id, 'y' AS day")
	require.Equal(t, []string{"1 x", "4 y"}, read(t, spark, source), "the other partition stays")
	where := mode(dataflow.TableModeOverwrite)
	where.ReplaceWhere = "day = 'x' -- all of it"
	write(t, spark, where, "SELECT 5 AS id, 'x' AS day")
	require.Equal(t, []string{"4 y", "5 x"}, read(t, spark, source))
	merge := mode(dataflow.TableModeMerge)
	merge.Keys = []string{"id"}
	for range 2 {
		write(t, spark, merge, "SELECT * FROM VALUES (5, 'z'), (NULL, 'n') AS t(id, day)")
		require.Equal(t, []string{"<nil> n", "4 y", "5 z"}, read(t, spark, source))
	}
	write(t, spark, mode(dataflow.TableModeOverwrite), "SELECT 6 AS id, 'x' AS day")
	require.Equal(t, []string{"6 x"}, read(t, spark, source))
	replace := mode(dataflow.TableModeReplace)
	replace.PartitionBy = []string{"bucket(4, id)", "days(at)"}
	replace.TableProperties = map[string]string{"it's; -- \"`": "v '"}
	write(t, spark, replace, "SELECT 1L AS id, TIMESTAMP'2024-05-01 12:00:00' AS at")
	layout := rows(t, spark, "SHOW CREATE TABLE "+db+".t")[0]
	require.Contains(t, layout, "PARTITIONED BY (days(at))")
	require.Contains(t, layout, "CLUSTERED BY (id)\nINTO 4 BUCKETS")
	require.Contains(t, strings.Join(rows(t, spark, "SHOW TBLPROPERTIES "+db+".t"), "\n"), "it's; -- \"` v '")
	write(t, spark, mode(dataflow.TableModeCreateOrReplace), "SELECT 1 AS other")
	require.Equal(t, []string{"1"}, read(t, spark, source))
	for _, m := range []dataflow.TableMode{dataflow.TableModeAppend, dataflow.TableModeOverwrite, dataflow.TableModeReplace, dataflow.TableModeMerge} {
		none := dataflow.IcebergSink{Table: "none", Catalog: db, Mode: m}
		if m == dataflow.TableModeMerge {
			none.Keys = []string{"id"}
		}
		requireClass(t, "TABLE_OR_VIEW_NOT_FOUND", none.Write(t.Context(), spark, mustSQL(t, spark, two)))
	}
	one := uniqueName("one")
	require.NoError(t, spark.Exec(t.Context(), "CREATE TEMPORARY VIEW "+one+" AS SELECT 1 AS n, "+icebergTypes))
	df := mustSQL(t, spark, "SELECT * FROM "+one)
	require.NoError(t, dataflow.IcebergSink{Table: "types", Catalog: db}.Write(t.Context(), spark, df))
	back, err := dataflow.IcebergSource{Table: db + ".types"}.Load(t.Context(), spark)
	require.NoError(t, err)
	require.Equal(t, schemaOf(t, spark, df), schemaOf(t, spark, back)[:len(schemaOf(t, spark, df))])
	require.Equal(t, textOf(t, spark, df), textOf(t, spark, back))
}

func testIcebergSnapshots(t *testing.T, spark *dataflow.Session) {
	db := "ice." + uniqueName("db")
	require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE "+db))
	table := db + ".s"
	write(t, spark, dataflow.IcebergSink{Table: table}, "SELECT 1 AS id")
	at := rows(t, spark, "SELECT snapshot_id, unix_millis(committed_at) FROM "+table+".snapshots")[0]
	id, millis, _ := strings.Cut(at, " ")
	first, err := strconv.ParseInt(id, 10, 64)
	require.NoError(t, err)
	require.NoError(t, spark.Exec(t.Context(), "ALTER TABLE "+table+" CREATE TAG `end of q'1`"))
	require.NoError(t, spark.Exec(t.Context(), "ALTER TABLE "+table+" CREATE BRANCH audit"))
	write(t, spark, dataflow.IcebergSink{Table: table, Mode: dataflow.TableModeAppend}, "SELECT 2 AS id")
	require.NoError(t, spark.Exec(t.Context(), "ALTER TABLE "+table+" ADD COLUMN more STRING"))
	write(t, spark, dataflow.IcebergSink{Table: table, Mode: dataflow.TableModeAppend, Branch: "audit"}, "SELECT 3 AS id, 'm' AS more")
	for name, tt := range map[string]struct {
		source dataflow.IcebergSource
		want   []string
	}{
		"now":      {dataflow.IcebergSource{}, []string{"1 <nil>", "2 <nil>"}},
		"snapshot": {dataflow.IcebergSource{SnapshotID: &first}, []string{"1"}},
		"time":     {dataflow.IcebergSource{AsOfTimestamp: millis}, []string{"1"}},
		"tag":      {dataflow.IcebergSource{Tag: "end of q'1"}, []string{"1"}},
		"branch":   {dataflow.IcebergSource{Branch: "audit"}, []string{"1 <nil>", "3 m"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.source.Table = table
			require.Equal(t, tt.want, read(t, spark, tt.source))
		})
	}
}
