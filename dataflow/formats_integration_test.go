package dataflow_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// TestRealFormats shares one server, which takes longer to start than the tests to
// run.
func TestRealFormats(t *testing.T) {
	t.Parallel()
	remote := sparktest.Lakehouse(t, "avro", "kafka", "postgresql").Remote()
	spark := sparkAt(t, remote)
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, spark *dataflow.Session)
	}{
		{"round trips", testFormatsRoundTrip},
		{"text", testText},
		{"xml", testXML},
		{"binary files", testBinaryFiles},
		{"save modes", testFormatsSaveModes},
		{"partitions", testFormatsPartitions},
		{"file selection", testFileSelection},
		{"malformed records", testMalformedRecords},
		{"delta", testDeltaTables},
		{"delta merge", testDeltaMerges},
		{"delta changes", testDeltaChanges},
		{"iceberg", testIcebergTables},
		{"iceberg snapshots", testIcebergSnapshots},
		{"hostile names", testHostileNames},
		{"hostile names of tables", testHostileTables},
		{"check", testFormatsCheck},
		{"many rows", testManyRows},
		{"kafka", testKafkaBatches},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, spark) })
	}
}

// fileFormat writes and reads files in one format.
type fileFormat struct {
	sink   func(dataflow.FileSink) dataflow.Sink
	source func(dataflow.FileSource) dataflow.Source
	// columns is a query of every type that the format holds, nulls in its second
	// row.
	columns string
	// keepsEmpty says that a frame without rows can be read again.
	keepsEmpty bool
}

const (
	textTypes = `true AS b, 3 AS i4, 4L AS i8, 1.5F AS f4, 2.5D AS f8, 12.34BD AS dec, 'grün 🚀 "q" \' x' AS s,
		DATE'2024-02-29' AS d, TIMESTAMP'2024-02-29 12:34:56.123' AS ts, TIMESTAMP_NTZ'1969-12-31 23:59:59' AS ntz`
	binaryTypes = textTypes + `, X'00FF' AS bin, TIMESTAMP'0001-01-01 00:00:00.000001' AS ts6`
	smallTypes  = `, 1Y AS i1, 2S AS i2`
	nestedTypes = `, array(1, NULL) AS arr, map('k ü', 1.5BD) AS m, named_struct('x', 1, 'y', array('a')) AS st`
	intervals   = `, INTERVAL '1-2' YEAR TO MONTH AS ym, INTERVAL '1 02:03:04' DAY TO SECOND AS dt`
)

func fileFormats() map[string]fileFormat {
	return map[string]fileFormat{
		"orc": {
			func(s dataflow.FileSink) dataflow.Sink { return dataflow.ORCSink{FileSink: s} },
			func(s dataflow.FileSource) dataflow.Source { return dataflow.ORCSource{FileSource: s} },
			binaryTypes + smallTypes + nestedTypes + intervals, true,
		},
		"avro": {
			func(s dataflow.FileSink) dataflow.Sink { return dataflow.AvroSink{FileSink: s} },
			func(s dataflow.FileSource) dataflow.Source { return dataflow.AvroSource{FileSource: s} },
			binaryTypes + nestedTypes + intervals, true,
		},
		"parquet": {
			func(s dataflow.FileSink) dataflow.Sink { return dataflow.ParquetSink{FileSink: s} },
			func(s dataflow.FileSource) dataflow.Source { return dataflow.ParquetSource{FileSource: s} },
			binaryTypes + smallTypes + nestedTypes + intervals, true,
		},
		"format": {
			func(s dataflow.FileSink) dataflow.Sink {
				return dataflow.FormatSink{Format: "orc", Path: s.Path, Mode: s.Mode, PartitionBy: s.PartitionBy, PartitionOverwrite: s.PartitionOverwrite}
			},
			func(s dataflow.FileSource) dataflow.Source {
				return dataflow.FormatSource{Format: "orc", Path: s.Path, Schema: s.Schema}
			},
			binaryTypes + smallTypes, true,
		},
		"json": {
			func(s dataflow.FileSink) dataflow.Sink { return dataflow.JSONSink{FileSink: s} },
			func(s dataflow.FileSource) dataflow.Source { return dataflow.JSONSource{FileSource: s} },
			textTypes + smallTypes + nestedTypes, false,
		},
		"xml": {
			func(s dataflow.FileSink) dataflow.Sink {
				return dataflow.XMLSink{FileSink: s, XML: dataflow.XML{RowTag: "row"}}
			},
			func(s dataflow.FileSource) dataflow.Source {
				return dataflow.XMLSource{FileSource: s, XML: dataflow.XML{RowTag: "row"}}
			},
			textTypes + smallTypes, false,
		},
	}
}

// testFormatsRoundTrip writes every type that a format holds, with a row of nulls,
// and reads it again with the same schema.
func testFormatsRoundTrip(t *testing.T, spark *dataflow.Session) {
	for name, f := range fileFormats() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "with space", "grün 🚀", "out")
			one := uniqueName("one")
			require.NoError(t, spark.Exec(t.Context(), "CREATE TEMPORARY VIEW "+one+" AS SELECT "+f.columns))
			nulls := make([]string, 0, 20)
			for _, column := range schemaOf(t, spark, mustSQL(t, spark, "SELECT * FROM "+one)) {
				name, _, _ := strings.Cut(column, " ")
				nulls = append(nulls, "if(id = 0, "+name+", NULL) AS "+name)
			}
			df := mustSQL(t, spark, "SELECT id AS n, "+strings.Join(nulls, ", ")+" FROM "+one+" CROSS JOIN range(2)")
			require.NoError(t, f.sink(dataflow.FileSink{Path: path}).Write(t.Context(), spark, df))
			want := schemaOf(t, spark, df)
			def, err := dataflow.SchemaOf(t.Context(), df)
			require.NoError(t, err)
			source := dataflow.FileSource{Path: path}
			if !f.keepsEmpty {
				source.Schema = def.String()
			}
			back, err := f.source(source).Load(t.Context(), spark)
			require.NoError(t, err)
			require.Equal(t, want, schemaOf(t, spark, back))
			require.Equal(t, textOf(t, spark, df), textOf(t, spark, back))
		})
		t.Run(name+" without rows", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			df := mustSQL(t, spark, "SELECT id, 'a' AS name FROM range(3) WHERE id > 5")
			require.NoError(t, f.sink(dataflow.FileSink{Path: path}).Write(t.Context(), spark, df))
			source := dataflow.FileSource{Path: path}
			if !f.keepsEmpty {
				source.Schema = "id BIGINT, name STRING"
			}
			back, got := load(t, spark, f.source(source))
			require.Empty(t, got)
			require.Equal(t, []string{"id bigint", "name string"}, schemaOf(t, spark, back), "the schema survives")
		})
	}
}

// textOf are the rows of a frame as text, in the order of the column n.
func textOf(t *testing.T, spark *dataflow.Session, df sql.DataFrame) []string {
	t.Helper()
	view := uniqueName("text")
	require.NoError(t, spark.CreateTempView(t.Context(), df, view))
	var columns []string
	for _, column := range schemaOf(t, spark, df) {
		name, typ, _ := strings.Cut(column, " ")
		if typ == "binary" {
			columns = append(columns, "hex("+name+")")
			continue
		}
		columns = append(columns, "CAST("+name+" AS STRING)")
	}
	return rows(t, spark, "SELECT "+strings.Join(columns, ", ")+" FROM "+view+" ORDER BY n")
}

func testFormatsSaveModes(t *testing.T, spark *dataflow.Session) {
	for name, f := range fileFormats() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			write := func(mode dataflow.SaveMode, id int) error {
				return f.sink(dataflow.FileSink{Path: path, Mode: mode}).Write(t.Context(), spark, query(t, spark, "SELECT CAST(:id AS INT) AS id", dataflow.Named("id", id)))
			}
			saveModes(t, write, func() []string {
				_, got := load(t, spark, f.source(dataflow.FileSource{Path: path, Schema: "id INT"}))
				return got
			}, "PATH_ALREADY_EXISTS")
		})
	}
}

// testFormatsPartitions overwrites partitions: those without new rows stay.
func testFormatsPartitions(t *testing.T, spark *dataflow.Session) {
	for name, f := range fileFormats() {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			write := func(how, text string) {
				sink := dataflow.FileSink{Path: path, Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"day"}, PartitionOverwrite: how}
				require.NoError(t, f.sink(sink).Write(t.Context(), spark, mustSQL(t, spark, text)))
			}
			read := func() []string {
				_, got := load(t, spark, f.source(dataflow.FileSource{Path: path, Schema: "id INT, day STRING"}))
				return got
			}
			write("", "SELECT * FROM VALUES (1, 'x\\'y; -- \"`'), (2, 'ü/2'), (3, NULL) AS t(id, day)")
			require.Equal(t, []string{"1 x'y; -- \"`", "2 ü/2", "3 <nil>"}, read(), "values of partitions keep what they hold")
			write("dynamic", "SELECT 4 AS id, 'ü/2' AS day")
			require.Equal(t, []string{"1 x'y; -- \"`", "3 <nil>", "4 ü/2"}, read(), "the other partitions stay")
			write("static", "SELECT 5 AS id, 'ü/2' AS day")
			require.Equal(t, []string{"5 ü/2"}, read())
		})
	}
}
