package dataflow_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// testFormatsCheck compares what the check says with what a write does.
func testFormatsCheck(t *testing.T, spark *dataflow.Session) {
	dir, db := t.TempDir(), database(t, spark)
	checks := checkSession(t, spark, nil)
	var wrong []string
	both := func(name string, input dataflow.Input, sink dataflow.Sink) {
		checks := checks
		if len(wrong) > 0 || !strings.Contains(name, " of ") {
			checks = checkSession(t, spark, nil) // nothing has been made by another one
		}
		got := checkOf(t, checks, name, dataflow.WriteView{Input: input, Sink: sink})
		df, err := input.Load(t.Context(), spark)
		require.NoError(t, err)
		want := []string{}
		if err = sink.Write(t.Context(), spark, df); err != nil {
			want = append(want, "error "+sparkClass(err))
		}
		if len(got) == 1 && err != nil && sparkClass(err) == "" {
			got[0], _, _ = strings.Cut(got[0], " ") // what has no class is told with one
			got[0] += " "
		}
		if !slices.Equal(want, got) {
			wrong = append(wrong, fmt.Sprintf("%s: the check says %v, the write %v: %v", name, got, want, err))
		}
	}
	path := func(name string) dataflow.FileSink {
		return dataflow.FileSink{Path: filepath.Join(dir, name), Mode: dataflow.SaveModeOverwrite}
	}
	for typ := range typed {
		input := dataflow.Input{Query: "SELECT " + expressionOf(typ) + " AS c"}
		both("avro of "+typ, input, dataflow.AvroSink{FileSink: path("avro")})
		both("xml of "+typ, input, dataflow.XMLSink{FileSink: path("xml"), XML: dataflow.XML{RowTag: "r"}})
		both("orc of "+typ, input, dataflow.ORCSink{FileSink: path("orc")})
		both("text of "+typ, input, dataflow.TextSink{FileSink: path("text")})
	}
	parted := path("parted")
	parted.PartitionBy = []string{"k"}
	both("text with partitions", dataflow.Input{Query: "SELECT 'a' AS line, 1 AS k"}, dataflow.TextSink{FileSink: parted})
	both("text of two columns", dataflow.Input{Query: "SELECT 'a' AS line, 'b' AS other, 1 AS k"}, dataflow.TextSink{FileSink: parted})
	two := dataflow.Input{Query: "SELECT 1 AS id, 'a' AS name"}
	require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".t USING delta AS SELECT 1 AS id, 'a' AS name"))
	at := filepath.Join(dir, "delta")
	write(t, spark, dataflow.DeltaSink{Path: at}, two.Query)
	keys := dataflow.MergeBy{Keys: []string{"id"}}
	both("delta there", two, dataflow.DeltaSink{Path: at})
	both("delta table there", two, dataflow.DeltaSink{Table: db + ".t"})
	both("delta appended", two, dataflow.DeltaSink{Path: at, Mode: dataflow.TableModeAppend})
	both("delta merged", two, dataflow.DeltaSink{Path: at, Mode: dataflow.TableModeMerge, MergeBy: keys})
	both("delta table merged", two, dataflow.DeltaSink{Table: db + ".t", Mode: dataflow.TableModeMerge, MergeBy: keys})
	both("delta merged, no table", two, dataflow.DeltaSink{Table: db + ".none", Mode: dataflow.TableModeMerge, MergeBy: keys})
	checks = checkSession(t, spark, nil)
	require.Equal(t, []string{"warning DELTA_METADATA_MISMATCH"}, checkOf(t, checks, "grows", dataflow.WriteView{
		Input: dataflow.Input{Query: "SELECT 1 AS id, 'a' AS name, 2 AS more"}, Sink: dataflow.DeltaSink{Path: at, Mode: dataflow.TableModeAppend},
	}))
	self := dataflow.ORCSink{FileSink: dataflow.FileSink{Path: filepath.Join(dir, "self"), Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"name"}}}
	write(t, spark, self, two.Query)
	itself := dataflow.Input{Query: "SELECT * FROM orc.`" + self.Path + "`"}
	self.PartitionOverwrite = "dynamic"
	both("partitions overwritten while they are read", itself, self)
	ice := "ice." + uniqueName("db")
	require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE "+ice))
	write(t, spark, dataflow.IcebergSink{Table: ice + ".t"}, two.Query)
	both("iceberg there", two, dataflow.IcebergSink{Table: ice + ".t"})
	both("iceberg replaced", two, dataflow.IcebergSink{Table: ice + ".t", Mode: dataflow.TableModeReplace})
	both("iceberg merged", two, dataflow.IcebergSink{Table: ice + ".t", Mode: dataflow.TableModeMerge, MergeBy: keys})
	for _, mode := range []dataflow.TableMode{dataflow.TableModeAppend, dataflow.TableModeReplace, dataflow.TableModeOverwrite, dataflow.TableModeOverwritePartitions} {
		both("iceberg not there, "+mode.String(), two, dataflow.IcebergSink{Table: ice + ".none", Mode: mode})
	}
	require.Empty(t, wrong, strings.Join(wrong, "\n"))
	// What one component writes the next one reads, with the columns that the format gives back.
	for name, f := range fileFormats() {
		if !f.keepsEmpty {
			continue
		}
		made := dataflow.FileSink{Path: filepath.Join(dir, "made "+name)}
		require.Empty(t, checkOf(t, checks, name, dataflow.WriteView{Input: two, Sink: f.sink(made)}))
		require.Empty(t, checkOf(t, checks, name, dataflow.ReadView{Source: f.source(dataflow.FileSource{Path: made.Path}), View: "made"}))
		require.Equal(t, []string{"error UNRESOLVED_COLUMN.WITH_SUGGESTION"}, checkOf(t, checks, name, dataflow.SQLView{SQL: "SELECT nope FROM made", View: "w"}))
	}
	lines := filepath.Join(dir, "lines")
	require.Empty(t, checkOf(t, checks, "w", dataflow.WriteView{Input: dataflow.Input{Query: "SELECT 'a' AS line"}, Sink: dataflow.TextSink{FileSink: dataflow.FileSink{Path: lines}}}))
	require.Empty(t, checkOf(t, checks, "r", dataflow.ReadView{Source: dataflow.TextSource{FileSource: files(lines)}, View: "lines"}))
	require.Empty(t, checkOf(t, checks, "s", dataflow.SQLView{SQL: "SELECT value FROM lines", View: "x"}), "the column is value")
	require.Empty(t, checkOf(t, checks, "k", dataflow.ReadView{Source: dataflow.KafkaSource{Kafka: kafkaAt("127.0.0.1:1"), Subscribe: []string{"t"}}, View: "records"}))
	require.Empty(t, checkOf(t, checks, "kw", dataflow.WriteView{Input: two, Sink: dataflow.KafkaSink{Kafka: kafkaAt("127.0.0.1:1"), Topic: "t", Key: "id"}}))
	require.Equal(t, []string{"error UNRESOLVED_COLUMN.WITH_SUGGESTION"},
		checkOf(t, checks, "kw", dataflow.WriteView{Input: two, Sink: dataflow.KafkaSink{Kafka: kafkaAt("127.0.0.1:1"), Topic: "t", Key: "nope"}}))
	// The last one: what was made without a fault is there.
	require.NoDirExists(t, lines)
}
