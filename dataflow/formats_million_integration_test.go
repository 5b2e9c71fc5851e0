package dataflow_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// envRows says how many rows a round trip has.
const envRows = "SPARKPIPE_TEST_ROWS"

// roundTripRows is the number of rows of a round trip: 20,000, or what envRows says.
func roundTripRows(t testing.TB) int {
	t.Helper()
	if text := os.Getenv(envRows); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	return 20_000
}

// The columns of many rows, which depend on id alone. Each has a null in another
// place, and each type has values at its ends.
const (
	manyTexts = `id AS n, if(id % 11 = 0, NULL, id % 2 = 0) AS b, if(id % 13 = 0, NULL, CAST(id % 500000 * 8589 - 2147483648 AS INT)) AS i4,
		if(id % 17 = 0, NULL, (id - 500000) * 9223372036) AS i8, if(id % 19 = 0, NULL, CAST(id / 8 AS FLOAT)) AS f4,
		if(id % 23 = 0, NULL, CAST(id AS DOUBLE) / 7) AS f8, if(id % 29 = 0, NULL, CAST(id - 500000.12345 AS DECIMAL(20, 5))) AS dec,
		CASE id % 5 WHEN 0 THEN NULL WHEN 1 THEN concat('grün 🚀 "q" \' , ; -- ', id) WHEN 2 THEN concat('a\\b ', id) WHEN 3 THEN '' ELSE concat('name ', id) END AS s,
		if(id % 31 = 0, NULL, date_add(DATE'1900-01-01', CAST(id % 80000 AS INT))) AS d,
		if(id % 37 = 0, NULL, timestamp_millis(id * 100003 - 7000000000)) AS ts,
		if(id % 41 = 0, NULL, CAST(timestamp_millis(id * 100003) AS TIMESTAMP_NTZ)) AS ntz`
	manySmall  = `, if(id % 7 = 0, NULL, CAST(id % 256 - 128 AS TINYINT)) AS i1, if(id % 3 = 0, NULL, CAST(id % 65536 - 32768 AS SMALLINT)) AS i2`
	manyBinary = `, if(id % 43 = 0, NULL, unhex(hex(id * 65537))) AS bin, if(id % 47 = 0, NULL, timestamp_micros(id * 1000003)) AS ts6`
	manyNested = `, if(id % 53 = 0, NULL, array(CAST(id AS INT), NULL)) AS arr, if(id % 59 = 0, NULL, map(concat('k ü', id % 3), CAST(id / 4 AS DECIMAL(9, 2)))) AS m,
		if(id % 61 = 0, NULL, named_struct('x', if(id % 73 = 0, NULL, CAST(id AS INT)), 'y', if(id % 79 = 0, NULL, array(concat('a', id), NULL)))) AS st`
	manyIntervals = `, if(id % 67 = 0, NULL, make_ym_interval(CAST(id % 100 AS INT), 1)) AS ym, if(id % 71 = 0, NULL, make_dt_interval(CAST(id % 1000 AS INT), 2, 3, 4.5)) AS dt`
)

func manyQuery(rows int, columns string) string {
	return fmt.Sprintf("SELECT %s FROM range(0, %d, 1, 4)", columns, rows)
}

// fingerprint is the same for the same rows in whatever order: how many there are,
// and the sum of the hashes of all their columns, each read as the type that it
// ought to have. The server reckons it; no row comes here.
func fingerprint(t testing.TB, spark *dataflow.Session, df sql.DataFrame, want schema.Definition) string {
	t.Helper()
	view := uniqueName("prints")
	require.NoError(t, spark.CreateTempView(t.Context(), df, view))
	columns := make([]string, len(want.Fields))
	for i, field := range want.Fields {
		columns[i] = fmt.Sprintf("CAST(%s AS %s)", dataflow.QuoteName(field.Name), field.Type)
		if field.Type.Kind == schema.KindMap { // which has no hash, since its entries have no order
			columns[i] = "array_sort(map_entries(" + columns[i] + "))"
		}
	}
	got := rows(t, spark, fmt.Sprintf("SELECT count(*), CAST(sum(CAST(xxhash64(%s) AS DECIMAL(38, 0))) AS STRING) FROM %s", strings.Join(columns, ", "), view))
	require.Len(t, got, 1)
	return got[0]
}

// roundTrip writes the rows of a query, reads them again and compares the two by
// their fingerprints, and tells how long each took.
func roundTrip(t *testing.T, spark *dataflow.Session, text string, sink dataflow.Sink, source func(want schema.Definition) dataflow.Source) {
	t.Helper()
	df := mustSQL(t, spark, text)
	want, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	started := time.Now()
	require.NoError(t, sink.Write(t.Context(), spark, df))
	written := time.Since(started)
	print := fingerprint(t, spark, df, want)
	started = time.Now()
	back, err := source(want).Load(t.Context(), spark)
	require.NoError(t, err)
	if got := fingerprint(t, spark, back, want); got != print {
		require.Equal(t, print, got, "the rows that came back are others, in the columns %v", otherColumns(t, spark, df, back, want))
	}
	t.Logf("%d columns, %s (rows, sum of hashes): written in %.1f s, read in %.1f s", len(want.Fields), print, written.Seconds(), time.Since(started).Seconds())
}

// otherColumns are the columns in which two frames differ.
func otherColumns(t testing.TB, spark *dataflow.Session, a, b sql.DataFrame, want schema.Definition) []string {
	t.Helper()
	var others []string
	for _, field := range want.Fields {
		one := schema.Definition{Fields: []schema.Field{field}}
		if fingerprint(t, spark, a, one) != fingerprint(t, spark, b, one) {
			others = append(others, field.Name)
		}
	}
	return others
}

// testManyRows writes and reads many rows of every type that a format holds.
func testManyRows(t *testing.T, spark *dataflow.Session) {
	lake := manyTexts + manySmall + manyBinary + manyNested
	ice := manyTexts + manyBinary + manyNested
	formats := map[string]struct {
		columns string
		trip    func(path string) (dataflow.Sink, func(schema.Definition) dataflow.Source)
	}{
		"csv": {manyTexts + manySmall, func(path string) (dataflow.Sink, func(schema.Definition) dataflow.Source) {
			nulls := map[string]string{"nullValue": `\N`} // Spark reads a null for an empty text otherwise
			return dataflow.CSVSink{FileSink: dataflow.FileSink{Path: path, Options: nulls}, Header: true}, func(want schema.Definition) dataflow.Source {
				return dataflow.CSVSource{FileSource: dataflow.FileSource{Path: path, Schema: want.String(), Options: nulls}, Header: true}
			}
		}},
		"delta": {lake, func(path string) (dataflow.Sink, func(schema.Definition) dataflow.Source) {
			return dataflow.DeltaSink{Path: path}, func(schema.Definition) dataflow.Source { return dataflow.DeltaSource{Path: path} }
		}},
		"iceberg": {ice, func(string) (dataflow.Sink, func(schema.Definition) dataflow.Source) {
			table := "ice.many." + uniqueName("t")
			return dataflow.IcebergSink{Table: table}, func(schema.Definition) dataflow.Source { return dataflow.IcebergSource{Table: table} }
		}},
	}
	many := map[string]string{
		"orc": lake + manyIntervals, "parquet": lake + manyIntervals, "avro": manyTexts + manyBinary + manyNested + manyIntervals,
		"json": manyTexts + manySmall + manyNested,
		// Spark reads the least INT of XML as NULL.
		"xml": strings.Replace(manyTexts, "- 2147483648", "- 2147483647", 1) + manySmall,
	}
	for name, columns := range many {
		f := fileFormats()[name]
		formats[name] = struct {
			columns string
			trip    func(path string) (dataflow.Sink, func(schema.Definition) dataflow.Source)
		}{columns, func(path string) (dataflow.Sink, func(schema.Definition) dataflow.Source) {
			return f.sink(dataflow.FileSink{Path: path}), func(want schema.Definition) dataflow.Source {
				source := dataflow.FileSource{Path: path}
				if !f.keepsEmpty {
					source.Schema = want.String()
				}
				return f.source(source)
			}
		}}
	}
	require.NoError(t, spark.Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS ice.many"))
	for name, f := range formats {
		t.Run(name, func(t *testing.T) {
			sink, source := f.trip(filepath.Join(t.TempDir(), "out"))
			roundTrip(t, spark, manyQuery(roundTripRows(t), f.columns), sink, source)
		})
	}
}

// testKafkaMany is that over Kafka, of at most 100,000 records.
func testKafkaMany(t *testing.T, spark *dataflow.Session, broker dataflow.Kafka) {
	text := manyQuery(min(roundTripRows(t), 100_000), manyTexts+manySmall+manyNested)
	topic := uniqueName("many")
	roundTrip(t, spark, text, dataflow.KafkaSink{Kafka: broker, Topic: topic, Key: "n"}, func(want schema.Definition) dataflow.Source {
		return dataflow.KafkaSource{Kafka: broker, Subscribe: []string{topic}, KafkaDecoding: dataflow.KafkaDecoding{ValueFormat: "json", ValueSchema: want.String()}}
	})
}

// testJDBCMany is that over a database, read in four parts.
func testJDBCMany(t *testing.T, db dbServer) {
	columns := manyTexts + manySmall + manyBinary
	switch {
	case db.is("sqlite"): // which keeps few types
		columns = "id AS n, if(id % 3 = 0, NULL, concat('name ', id)) AS name, id / 4 AS x"
	case db.is("mariadb", "mysql driver"): // whose TIMESTAMP has whole seconds from 1970 on, and whose FLOAT is sent with six digits
		columns = strings.NewReplacer("timestamp_millis(id * 100003 - 7000000000)", "timestamp_seconds(id + 100003)",
			"timestamp_millis(id * 100003)", "timestamp_seconds(id + 100003)", "timestamp_micros(id * 1000003)", "timestamp_seconds(id + 1000003)",
			"id / 8 AS FLOAT", "id % 1000 / 8 AS FLOAT").Replace(columns)
	}
	table := uniqueName("many")
	sink := dataflow.JDBCSink{JDBC: db.jdbc, Table: table, Mode: dataflow.SaveModeOverwrite, BatchSize: 5000}
	roundTrip(t, db.spark, manyQuery(roundTripRows(t), columns), sink, func(schema.Definition) dataflow.Source {
		return dataflow.JDBCSource{JDBC: db.jdbc, Table: table, PartitionColumn: "n", NumPartitions: 4, FindBounds: true, FetchSize: 5000}
	})
}
