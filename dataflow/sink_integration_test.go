package dataflow_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// query is a DataFrame of a query.
func query(t testing.TB, spark *dataflow.Session, text string, args ...any) sql.DataFrame {
	t.Helper()
	df, err := spark.SQL(t.Context(), text, args...)
	require.NoError(t, err)
	return df
}

// load reads a source and returns the frame and its rows in order.
func load(t testing.TB, spark *dataflow.Session, source dataflow.Source) (sql.DataFrame, []string) {
	t.Helper()
	df, err := source.Load(t.Context(), spark)
	require.NoError(t, err)
	sorted, err := df.SelectExpr(t.Context(), "*")
	require.NoError(t, err)
	view := uniqueName("sorted")
	require.NoError(t, spark.CreateTempView(t.Context(), sorted, view))
	return df, rows(t, spark, "SELECT * FROM "+view+" ORDER BY ALL")
}

const trips = "SELECT * FROM VALUES (1, 'Ann', 2024), (2, 'Bob', 2025), (3, NULL, 2025) AS t(id, name, year)"

var tripRows = []string{"1 Ann 2024", "2 Bob 2025", "3 <nil> 2025"}

func TestRealFilesRoundTrip(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		const schema = "id INT, name STRING, year INT"
		told := []string{"id int", "name string", "year int"}
		tests := map[string]struct {
			sink   func(dataflow.FileSink) dataflow.Sink
			source func(dataflow.FileSource) dataflow.Source
			schema string
			want   []string
		}{
			"csv with a schema": {
				func(s dataflow.FileSink) dataflow.Sink { return dataflow.CSVSink{FileSink: s} },
				func(s dataflow.FileSource) dataflow.Source { return dataflow.CSVSource{FileSource: s} }, schema, told,
			},
			"csv with a header, inferred": {
				func(s dataflow.FileSink) dataflow.Sink { return dataflow.CSVSink{FileSink: s, Header: true} },
				func(s dataflow.FileSource) dataflow.Source {
					return dataflow.CSVSource{FileSource: s, Header: true, InferSchema: true}
				}, "", told,
			},
			"csv with a header, as text": {
				func(s dataflow.FileSink) dataflow.Sink { return dataflow.CSVSink{FileSink: s, Header: true} },
				func(s dataflow.FileSource) dataflow.Source { return dataflow.CSVSource{FileSource: s, Header: true} }, "",
				[]string{"id string", "name string", "year string"},
			},
			"json with a schema": {
				func(s dataflow.FileSink) dataflow.Sink { return dataflow.JSONSink{FileSink: s} },
				func(s dataflow.FileSource) dataflow.Source { return dataflow.JSONSource{FileSource: s} }, schema, told,
			},
			"json": {
				func(s dataflow.FileSink) dataflow.Sink { return dataflow.JSONSink{FileSink: s} },
				func(s dataflow.FileSource) dataflow.Source { return dataflow.JSONSource{FileSource: s} }, "",
				[]string{"id bigint", "name string", "year bigint"},
			},
			"parquet": {
				func(s dataflow.FileSink) dataflow.Sink { return dataflow.ParquetSink{FileSink: s} },
				func(s dataflow.FileSource) dataflow.Source { return dataflow.ParquetSource{FileSource: s} }, "", told,
			},
			"object store, orc": {
				func(s dataflow.FileSink) dataflow.Sink { return dataflow.ObjectStoreSink{FileSink: s, Format: "orc"} },
				func(s dataflow.FileSource) dataflow.Source {
					return dataflow.ObjectStoreSource{FileSource: s, Format: "orc"}
				}, "", told,
			},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "with space", "out")
				require.NoError(t, tt.sink(dataflow.FileSink{Path: path}).Write(t.Context(), spark, query(t, spark, trips)))
				df, got := load(t, spark, tt.source(dataflow.FileSource{Path: path, Schema: tt.schema}))
				require.Equal(t, tripRows, got)
				require.Equal(t, tt.want, schemaOf(t, spark, df))
			})
		}
	})
}

func TestRealSeveralPaths(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"a.csv": "1,x\n", "b.csv": "2,y\n", "c.csv": "3,z\n", "d.json": "{\n\"id\": 4}"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		spark := sparkAt(t, remote)
		const schema = "id INT, name STRING"
		csv := func(paths ...string) dataflow.Source {
			return dataflow.CSVSource{FileSource: dataflow.FileSource{Paths: paths, Schema: schema}}
		}
		_, got := load(t, spark, csv(filepath.Join(dir, "a.csv"), filepath.Join(dir, "c.csv")))
		require.Equal(t, []string{"1 x", "3 z"}, got)
		_, got = load(t, spark, csv(filepath.Join(dir, "[ab].csv")))
		require.Equal(t, []string{"1 x", "2 y"}, got)
		_, got = load(t, spark, csv(filepath.Join(dir, "{a,c}.csv"), "file://"+filepath.Join(dir, "b.csv")))
		require.Equal(t, []string{"1 x", "2 y", "3 z"}, got)
		_, got = load(t, spark, dataflow.JSONSource{FileSource: files(filepath.Join(dir, "d.json")), MultiLine: true})
		require.Equal(t, []string{"4"}, got)

		searching := connectTo(t, remote, &dataflow.ConnectOptions{InputDirs: []string{t.TempDir(), dir}})
		_, got = load(t, searching, csv("b.csv", "[c].csv"))
		require.Equal(t, []string{"2 y", "3 z"}, got, "relative paths are looked for in the input folders")

		df, err := csv("none.csv").Load(t.Context(), searching)
		require.NoError(t, err)
		_, err = df.Collect(t.Context())
		var failed *component.SparkError
		require.ErrorAs(t, searching.Error(t.Context(), err), &failed)
		require.Equal(t, "PATH_NOT_FOUND", failed.Class)
	})
}

func TestRealSaveModesOfFiles(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		path := filepath.Join(t.TempDir(), "out")
		write := func(mode dataflow.SaveMode, id int) error {
			df := query(t, spark, "SELECT :id AS id", dataflow.Named("id", id))
			return dataflow.Writer{Format: "parquet", Mode: mode}.Save(t.Context(), spark, df, path)
		}
		saveModes(t, write, func() []string {
			_, got := load(t, spark, dataflow.ParquetSource{FileSource: files(path)})
			return got
		}, "PATH_ALREADY_EXISTS")
	})
}

func TestRealSaveModesOfTables(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db := database(t, spark)
		write := func(mode dataflow.SaveMode, id int) error {
			df := query(t, spark, "SELECT :id AS id", dataflow.Named("id", id))
			return dataflow.TableSink{Table: db + ".t", Mode: mode, Format: "parquet"}.Write(t.Context(), spark, df)
		}
		saveModes(t, write, func() []string {
			_, got := load(t, spark, dataflow.TableSource{Table: db + ".t"})
			return got
		}, "TABLE_OR_VIEW_ALREADY_EXISTS")
	})
}

// saveModes goes through all modes on one target that does not exist yet.
func saveModes(t *testing.T, write func(dataflow.SaveMode, int) error, read func() []string, exists string) {
	t.Helper()
	require.NoError(t, write(dataflow.SaveModeErrorIfExists, 1))
	require.Equal(t, []string{"1"}, read())
	var failed *component.SparkError
	require.ErrorAs(t, write(dataflow.SaveModeErrorIfExists, 2), &failed)
	require.Equal(t, exists, failed.Class)
	require.NoError(t, write(dataflow.SaveModeAppend, 2))
	require.Equal(t, []string{"1", "2"}, read())
	require.NoError(t, write(dataflow.SaveModeIgnore, 3))
	require.Equal(t, []string{"1", "2"}, read())
	require.NoError(t, write(dataflow.SaveModeOverwrite, 4))
	require.Equal(t, []string{"4"}, read())
}

func TestRealPartitionBy(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		path := filepath.Join(t.TempDir(), "out")
		sink := dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: path, PartitionBy: []string{"year", "id"}}}
		require.NoError(t, sink.Write(t.Context(), spark, query(t, spark, trips)))
		folders, err := filepath.Glob(filepath.Join(path, "year=*", "id=*"))
		require.NoError(t, err)
		for i, folder := range folders {
			folders[i], _ = strings.CutPrefix(folder, path)
		}
		require.ElementsMatch(t, []string{"/year=2024/id=1", "/year=2025/id=2", "/year=2025/id=3"}, folders)
		_, got := load(t, spark, dataflow.ParquetSource{FileSource: files(path)})
		require.Equal(t, []string{"Ann 2024 1", "Bob 2025 2", "<nil> 2025 3"}, append(got[1:], got[0]), "partition columns come last")
	})
}

func TestRealTables(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db := database(t, spark)
		df := query(t, spark, trips)

		bucketed := dataflow.TableSink{Table: db + ".b", Format: "parquet", Buckets: 3, BucketBy: []string{"id"}, SortBy: []string{"name"}, PartitionBy: []string{"year"}}
		require.NoError(t, bucketed.Write(t.Context(), spark, df))
		layout := strings.Join(rows(t, spark, "DESCRIBE TABLE EXTENDED "+db+".b"), "\n")
		require.Contains(t, layout, "Num Buckets 3")
		require.Contains(t, layout, "Bucket Columns [`id`]")
		require.Contains(t, layout, "Sort Columns [`name`]")
		require.Contains(t, layout, "# Partition Information")
		_, got := load(t, spark, dataflow.TableSource{Table: db + ".b"})
		require.Equal(t, tripRows, got)

		require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".i (a INT, b STRING, c INT) USING parquet"))
		insert := dataflow.TableSink{Table: db + ".i", Insert: true}
		require.NoError(t, insert.Write(t.Context(), spark, df), "columns go by position")
		require.NoError(t, insert.Write(t.Context(), spark, df), "and inserting appends")
		require.Equal(t, []string{"6"}, rows(t, spark, "SELECT count(a) FROM "+db+".i"))
		insert.Mode = dataflow.SaveModeOverwrite
		require.NoError(t, insert.Write(t.Context(), spark, df))
		_, got = load(t, spark, dataflow.TableSource{Table: db + ".i"})
		require.Equal(t, tripRows, got)

		insert.Table = db + ".none"
		err := insert.Write(t.Context(), spark, df)
		require.ErrorContains(t, err, "save to "+db+".none: ")
		var failed *component.SparkError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", failed.Class)
	})
}

func TestRealStepsAndWriteView(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		dir, view := t.TempDir(), uniqueName("v")
		steps := dataflow.Steps{
			Source: dataflow.Input{Query: trips}, Transforms: []dataflow.Transform{filterBy("year = 2025"), filterBy("name IS NOT NULL")},
			Sink: dataflow.CSVSink{FileSink: dataflow.FileSink{Path: filepath.Join(dir, "a")}}, View: view,
		}
		require.NoError(t, steps.Run(t.Context(), spark, component.Runtime{}))
		write := dataflow.WriteView{Input: dataflow.Input{View: view}, Sink: dataflow.JSONSink{FileSink: dataflow.FileSink{Path: filepath.Join(dir, "b")}}}
		require.NoError(t, write.Run(t.Context(), spark, component.Runtime{}))
		_, got := load(t, spark, dataflow.CSVSource{FileSource: files(filepath.Join(dir, "a"))})
		require.Equal(t, []string{"2 Bob 2025"}, got)
		_, got = load(t, spark, dataflow.JSONSource{FileSource: files(filepath.Join(dir, "b"))})
		require.Equal(t, []string{"2 Bob 2025"}, got)
	})
}

func TestRealDataSourceThatIsNotThere(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		err := dataflow.Writer{Format: "no.such.Format"}.Save(t.Context(), spark, query(t, spark, trips), "")
		require.ErrorContains(t, err, "save in the format no.such.Format: ")
		var failed *component.SparkError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "DATA_SOURCE_NOT_FOUND", failed.Class)
		require.Contains(t, failed.Hint, "the server lacks the jar")
	})
}
