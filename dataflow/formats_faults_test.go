package dataflow_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// TestFaultsOfFormatSources holds that what a format cannot do is refused before
// anything is sent, with the key as files have it.
func TestFaultsOfFormatSources(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	path, declared := files("/a"), dataflow.FileSource{Path: "/a", Schema: "id INT, bad INT"}
	selected := func(s dataflow.FileSelection) dataflow.Source {
		return dataflow.ParquetSource{FileSource: dataflow.FileSource{Path: "/a", FileSelection: s}}
	}
	read := func(s dataflow.KafkaSource) dataflow.Source {
		if s.BootstrapServers == "" {
			s.BootstrapServers = "b:1"
		}
		return s
	}
	topic := []string{"t"}
	for want, source := range map[string]dataflow.Source{
		`path_glob_filter "a/*" fits the names of files`:                            selected(dataflow.FileSelection{PathGlobFilter: "a/*"}),
		`path_glob_filter "[a" is no glob`:                                          selected(dataflow.FileSelection{PathGlobFilter: "[a"}),
		`modified_before: "soon" is no point in time`:                               selected(dataflow.FileSelection{ModifiedBefore: "soon"}),
		`modified_after: "1714600000" is no point in time`:                          selected(dataflow.FileSelection{ModifiedAfter: "1714600000"}),
		`mode is "strict"; write one of permissive, dropmalformed, failfast`:        dataflow.JSONSource{FileSource: path, MalformedRecords: dataflow.MalformedRecords{RecordMode: "strict"}},
		`"corrupt_record_column" wants a "schema" with the column c`:                dataflow.CSVSource{FileSource: path, MalformedRecords: dataflow.MalformedRecords{CorruptRecordColumn: "c"}},
		"corrupt_record_column wants mode permissive: failfast keeps no record":     dataflow.JSONSource{FileSource: path, MalformedRecords: dataflow.MalformedRecords{RecordMode: "FAILFAST", CorruptRecordColumn: "c"}},
		"the schema lacks the corrupt_record_column; add c STRING":                  dataflow.XMLSource{FileSource: declared, XML: dataflow.XML{RowTag: "r"}, MalformedRecords: dataflow.MalformedRecords{CorruptRecordColumn: "c"}},
		"the corrupt_record_column bad of the schema must be a STRING":              dataflow.CSVSource{FileSource: declared, MalformedRecords: dataflow.MalformedRecords{CorruptRecordColumn: "bad"}},
		`"avro_schema" is not the JSON of an Avro schema`:                           dataflow.AvroSource{FileSource: path, AvroSchema: "{"},
		`"avro_schema" and "schema" exclude each other`:                             dataflow.AvroSource{FileSource: declared, AvroSchema: "{}"},
		`"whole_text" reads no lines, so that "line_separator" does not go with it`: dataflow.TextSource{FileSource: path, WholeText: true, LineSeparator: ";"},
		"row_tag is missing; write the name of the element":                         dataflow.XMLSource{FileSource: path},
		`row_tag is "<r>"; write the name of an element`:                            dataflow.XMLSource{FileSource: path, XML: dataflow.XML{RowTag: "<r>"}},
		`value_tag and attribute_prefix are both "_"`:                               dataflow.XMLSource{FileSource: path, XML: dataflow.XML{RowTag: "r", ValueTag: "_", AttributePrefix: "_"}},
		`"schema" is fixed: binary files have path`:                                 dataflow.BinaryFileSource{FileSource: declared},
		"delta source: set path or table":                                           dataflow.DeltaSource{},
		"delta source: path and table exclude each other":                           dataflow.DeltaSource{Path: "/a", Table: "t"},
		"version_as_of and timestamp_as_of exclude each other":                      dataflow.DeltaSource{Path: "/a", VersionAsOf: new(int64(0)), TimestampAsOf: "2024-05-01"},
		"version_as_of and read_change_feed exclude each other":                     dataflow.DeltaSource{Path: "/a", VersionAsOf: new(int64(1)), ReadChangeFeed: true, StartingVersion: new(int64(1))},
		"version_as_of is -1; it cannot be negative":                                dataflow.DeltaSource{Path: "/a", VersionAsOf: new(int64(-1))},
		`timestamp_as_of: "x'; DROP" is no point in time`:                           dataflow.DeltaSource{Path: "/a", TimestampAsOf: "x'; DROP"},
		"starting_version wants read_change_feed":                                   dataflow.DeltaSource{Path: "/a", StartingVersion: new(int64(0))},
		"read_change_feed wants starting_version or starting_timestamp":             dataflow.DeltaSource{Path: "/a", ReadChangeFeed: true},
		"ending_version is 1, before starting_version, 2":                           dataflow.DeltaSource{Path: "/a", ReadChangeFeed: true, StartingVersion: new(int64(2)), EndingVersion: new(int64(1))},
		"ending_version and ending_timestamp exclude each other":                    dataflow.DeltaSource{Path: "/a", ReadChangeFeed: true, StartingVersion: new(int64(2)), EndingVersion: new(int64(3)), EndingTimestamp: "2024-05-01"},
		"iceberg source: table is missing":                                          dataflow.IcebergSource{},
		"snapshot_id and branch exclude each other":                                 dataflow.IcebergSource{Table: "t", SnapshotID: new(int64(0)), Branch: "b"},
		`as_of_timestamp: "-5" is no point in time`:                                 dataflow.IcebergSource{Table: "t", AsOfTimestamp: "-5"},
		"kafka: set subscribe or subscribe_pattern or assign":                       read(dataflow.KafkaSource{}),
		`kafka: bootstrap_servers: "b" is not host:port`:                            read(dataflow.KafkaSource{Kafka: kafkaAt("b"), Subscribe: topic}),
		"starting_offsets latest: a batch would be empty":                           read(dataflow.KafkaSource{Subscribe: topic, StartingOffsets: "LATEST"}),
		"ending_offsets earliest: a batch would be empty":                           read(dataflow.KafkaSource{Subscribe: topic, EndingOffsets: "earliest"}),
		"starting_offsets: -1 is the latest offset":                                 read(dataflow.KafkaSource{Subscribe: topic, StartingOffsets: `{"t":{"0":-1}}`}),
		"ending_offsets: -2 is the earliest offset":                                 read(dataflow.KafkaSource{Subscribe: topic, EndingOffsets: `{"t":{"0":-2}}`}),
		"ending_offsets: the topic u is not read":                                   read(dataflow.KafkaSource{Subscribe: topic, EndingOffsets: `{"u":{"0":2}}`}),
		"ending_offsets and ending_timestamp exclude each other":                    read(dataflow.KafkaSource{Subscribe: topic, EndingOffsets: "latest", EndingTimestamp: "1"}),
		"starting_offsets_by_timestamp: the JSON ends too early":                    read(dataflow.KafkaSource{Subscribe: topic, StartingOffsetsByTimestamp: "{"}),
		"read: set format or table":                                                 dataflow.FormatSource{},
		"read: format and table exclude each other":                                 dataflow.FormatSource{Format: "x", Table: "t"},
		"a table has its own files and columns; path, paths and schema do not go":   dataflow.FormatSource{Table: "t", Schema: "a INT"},
		"read: path and paths exclude each other":                                   dataflow.FormatSource{Format: "x", Path: "/a", Paths: []string{"/b"}},
		"secret_options: the option PASSWORD stands in options already":             dataflow.FormatSource{Format: "x", FormatOptions: dataflow.FormatOptions{Options: map[string]string{"password": "p"}, SecretOptions: map[string]secrets.Value{"PASSWORD": secrets.NewValue("p")}}},
		"options: an option has no name":                                            dataflow.FormatSource{Format: "x", FormatOptions: dataflow.FormatOptions{Options: map[string]string{" ": "p"}}},
	} {
		t.Run(want, func(t *testing.T) {
			v, ok := source.(component.Validator)
			require.True(t, ok)
			require.ErrorContains(t, v.Validate(), want)
			_, err := source.Load(t.Context(), b.spark)
			require.ErrorContains(t, err, want)
		})
	}
}

func TestFaultsOfFormatSinks(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	path, cols := dataflow.FileSink{Path: "/out"}, []string{"a"}
	delta := func(s dataflow.DeltaSink) dataflow.Sink {
		if s.Path == "" {
			s.Table = "t"
		}
		return s
	}
	merge := dataflow.MergeBy{Keys: cols}
	for want, sink := range map[string]dataflow.Sink{
		"partition_overwrite says what mode overwrite replaces, and the mode is append":      dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "/a", Mode: dataflow.SaveModeAppend, PartitionOverwrite: "dynamic", PartitionBy: cols}},
		"partition_overwrite dynamic wants partition_by":                                     dataflow.CSVSink{FileSink: dataflow.FileSink{Path: "/a", Mode: dataflow.SaveModeOverwrite, PartitionOverwrite: "dynamic"}},
		`partition_overwrite is "some"; write one of static, dynamic`:                        dataflow.JSONSink{FileSink: dataflow.FileSink{Path: "/a", Mode: dataflow.SaveModeOverwrite, PartitionOverwrite: "some"}},
		"partition_by: a column has no name":                                                 dataflow.TextSink{FileSink: dataflow.FileSink{Path: "/a", PartitionBy: []string{" "}}},
		`compression is "gzip"; the format orc has none`:                                     dataflow.ORCSink{FileSink: dataflow.FileSink{Path: "/a", Compression: "gzip"}},
		`compression is "zstd"; the format avro has uncompressed`:                            dataflow.AvroSink{FileSink: dataflow.FileSink{Path: "/a", Compression: "zstd"}},
		`record_name is "1 x"; a name of Avro has letters`:                                   dataflow.AvroSink{FileSink: path, RecordName: "1 x"},
		`record_namespace is "a..b"; write names of Avro`:                                    dataflow.AvroSink{FileSink: path, RecordNamespace: "a..b"},
		"avro_schema names its record; record_name and record_namespace do not go":           dataflow.AvroSink{FileSink: path, AvroSchema: "{}", RecordName: "x"},
		"positional_field_matching wants avro_schema":                                        dataflow.AvroSink{FileSink: path, PositionalFieldMatching: true},
		"write: row_tag is missing":                                                          dataflow.XMLSink{FileSink: path},
		`root_tag is "a><b"; write the name of an element`:                                   dataflow.XMLSink{FileSink: path, XML: dataflow.XML{RowTag: "r"}, RootTag: "a><b"},
		`declaration is "x?><evil>"; write what stands between`:                              dataflow.XMLSink{FileSink: path, XML: dataflow.XML{RowTag: "r"}, Declaration: new("x?><evil>")},
		"delta sink: set path or table":                                                      dataflow.DeltaSink{},
		"mode overwrite_partitions: write overwrite, with partition_overwrite dynamic":       delta(dataflow.DeltaSink{Mode: dataflow.TableModeOverwritePartitions}),
		"mode create_or_replace: write overwrite, with overwrite_schema":                     delta(dataflow.DeltaSink{Mode: dataflow.TableModeCreateOrReplace}),
		"TableMode(99) is no mode":                                                           delta(dataflow.DeltaSink{Mode: 99}),
		"replace_where says what mode overwrite replaces, and the mode is append":            delta(dataflow.DeltaSink{Mode: dataflow.TableModeAppend, ReplaceWhere: "a = 1"}),
		"overwrite_schema says what mode overwrite replaces, and the mode is merge":          delta(dataflow.DeltaSink{Mode: dataflow.TableModeMerge, OverwriteSchema: true, MergeBy: merge}),
		"replace_where and partition_overwrite dynamic exclude each other":                   delta(dataflow.DeltaSink{Mode: dataflow.TableModeOverwrite, ReplaceWhere: "a", PartitionOverwrite: "dynamic"}),
		"overwrite_schema replaces the whole table":                                          delta(dataflow.DeltaSink{Mode: dataflow.TableModeOverwrite, ReplaceWhere: "a", OverwriteSchema: true}),
		"cluster_by wants table":                                                             delta(dataflow.DeltaSink{Path: "/d", ClusterBy: cols}),
		"cluster_by and partition_by exclude each other":                                     delta(dataflow.DeltaSink{ClusterBy: cols, PartitionBy: cols}),
		"txn_app_id and txn_version want each other":                                         delta(dataflow.DeltaSink{TxnAppID: "a"}),
		"set merge_keys or merge_condition":                                                  delta(dataflow.DeltaSink{Mode: dataflow.TableModeMerge}),
		"merge_keys and merge_condition exclude each other":                                  delta(dataflow.DeltaSink{Mode: dataflow.TableModeMerge, MergeBy: dataflow.MergeBy{Keys: cols, On: "x"}}),
		"want mode merge, and the mode is append":                                            delta(dataflow.DeltaSink{Mode: dataflow.TableModeAppend, MergeBy: merge}),
		"mode merge writes into a table that exists; partition_by":                           delta(dataflow.DeltaSink{Mode: dataflow.TableModeMerge, MergeBy: merge, PartitionBy: cols}),
		"mode merge is a statement, which has no options; txn_app_id":                        delta(dataflow.DeltaSink{Mode: dataflow.TableModeMerge, MergeBy: merge, TxnAppID: "a", TxnVersion: new(int64(1))}),
		"path: the name \"/d/${x}\": Spark replaces ${…} in names":                           delta(dataflow.DeltaSink{Path: "/d/${x}", Mode: dataflow.TableModeMerge, MergeBy: merge}),
		"merge_keys: the name \"${x}\": Spark replaces":                                      delta(dataflow.DeltaSink{Mode: dataflow.TableModeMerge, MergeBy: dataflow.MergeBy{Keys: []string{"${x}"}}}),
		"iceberg sink: table is missing":                                                     dataflow.IcebergSink{},
		"mode ignore: Iceberg has none":                                                      dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeIgnore},
		"iceberg sink: replace_where says what mode overwrite replaces, and the mode is cre": dataflow.IcebergSink{Table: "t", ReplaceWhere: "x"},
		"mode append writes into a table that exists and keeps its partitions":               dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeAppend, PartitionBy: cols},
		"mode create makes a table; branch does not go with it":                              dataflow.IcebergSink{Table: "t", Branch: "b"},
		`the partition "truncate(3, a)": write a column, years, months, days or hours`:       dataflow.IcebergSink{Table: "t", PartitionBy: []string{"truncate(3, a)"}},
		`the partition "bucket(0, a)": 0 is no number of buckets`:                            dataflow.IcebergSink{Table: "t", PartitionBy: []string{"bucket(0, a)"}},
		"iceberg sink: table: the name \"${t}\": Spark replaces":                             dataflow.IcebergSink{Table: "${t}"},
		"partition_by: the partition \"`${c}`\": the name":                                   dataflow.IcebergSink{Table: "t", PartitionBy: []string{"`${c}`"}},
		"write: table: the name \"db.${t}\": Spark replaces":                                 dataflow.FormatSink{Table: "db.${t}"},
		"kafka: set topic or topic_column":                                                   dataflow.KafkaSink{Kafka: kafkaAt("b:1")},
		"kafka: the option transactional.id is not allowed":                                  dataflow.KafkaSink{Kafka: dataflow.Kafka{BootstrapServers: "b:1", KafkaOptions: map[string]string{"transactional.id": "x"}}, Topic: "t"},
		"write: set format, with path or table":                                              dataflow.FormatSink{},
		"Spark reads the format binaryFile and does not write it":                            dataflow.FormatSink{Format: "binaryFile", Path: "/a"},
		"bucket_by wants table: only a catalog keeps":                                        dataflow.FormatSink{Format: "parquet", Path: "/a", BucketBy: dataflow.Bucketing{Columns: cols, Count: 2}},
		"cluster_by wants table: only a catalog keeps":                                       dataflow.FormatSink{Format: "delta", Path: "/a", ClusterBy: cols},
		"sortBy wants bucketBy":                                                              dataflow.FormatSink{Format: "parquet", Table: "t", SortBy: cols},
		"bucketing wants both a number of buckets and columns":                               dataflow.FormatSink{Format: "parquet", Table: "t", BucketBy: dataflow.Bucketing{Columns: cols}},
		"the option replaceWhere is one of Delta, and the format is parquet":                 dataflow.FormatSink{Format: "parquet", Path: "/a", Mode: dataflow.SaveModeOverwrite, FormatOptions: dataflow.FormatOptions{Options: map[string]string{"replacewhere": "x"}}},
		"the option replaceWhere says what mode overwrite replaces, and the mode is append":  dataflow.FormatSink{Format: "delta", Path: "/a", Mode: dataflow.SaveModeAppend, FormatOptions: dataflow.FormatOptions{Options: map[string]string{"replaceWhere": "x"}}},
		"partition_overwrite dynamic wants path":                                             dataflow.FormatSink{Format: "parquet", Table: "t", Mode: dataflow.SaveModeOverwrite, PartitionBy: cols, PartitionOverwrite: "dynamic"},
	} {
		t.Run(want, func(t *testing.T) {
			v, ok := sink.(component.Validator)
			require.True(t, ok)
			require.ErrorContains(t, v.Validate(), want)
			require.ErrorContains(t, sink.Write(t.Context(), b.spark, b.frame(t)), want)
		})
	}
	require.Zero(t, b.trips(), "a fault sends nothing")
}

// TestSecretOptionsAreNeverPrinted looks at every way to print what holds them.
func TestSecretOptionsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	options := dataflow.FormatOptions{SecretOptions: map[string]secrets.Value{"password": secrets.NewValue("pssst")}}
	for _, part := range []any{
		dataflow.FormatSource{Format: "x", FormatOptions: options}, dataflow.FormatSink{Format: "x", FormatOptions: options}, options,
		dataflow.KafkaSource{Kafka: dataflow.Kafka{Password: secrets.NewValue("pssst")}}, dataflow.KafkaSink{Kafka: dataflow.Kafka{SASLJAASConfig: secrets.NewValue("pssst")}},
	} {
		encoded, err := json.Marshal(part)
		require.NoError(t, err)
		for _, text := range []string{fmt.Sprint(part), fmt.Sprintf("%+v", part), fmt.Sprintf("%#v", part), fmt.Sprintf("%q", part), string(encoded)} {
			require.NotContains(t, text, "pssst")
		}
	}
}

func TestTableModes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dataflow.TableMode{
		"create": dataflow.TableModeCreate, "ErrorIfExists": dataflow.TableModeCreate, "error": dataflow.TableModeCreate, "default": dataflow.TableModeCreate,
		"append": dataflow.TableModeAppend, "OVERWRITE": dataflow.TableModeOverwrite, "ignore": dataflow.TableModeIgnore, "upsert": dataflow.TableModeMerge,
		"overwrite-partitions": dataflow.TableModeOverwritePartitions, "replace": dataflow.TableModeReplace, "create_or_replace": dataflow.TableModeCreateOrReplace,
		"merge": dataflow.TableModeMerge,
	} {
		var mode dataflow.TableMode
		require.NoError(t, mode.UnmarshalText([]byte(text)))
		require.Equal(t, want, mode)
		name, err := mode.MarshalText()
		require.NoError(t, err)
		require.Equal(t, mode.String(), string(name))
	}
	var mode dataflow.TableMode
	require.ErrorContains(t, mode.UnmarshalText([]byte("update")), `unknown mode of a table "update"; write one of create, append`)
	_, err := dataflow.TableMode(99).MarshalText()
	require.EqualError(t, err, "TableMode(99) is no mode of a table")
}

func FuzzParsePartition(f *testing.F) {
	for _, text := range []string{"day", "days(at)", "bucket(4, id, `a,b`)", "hours( `a``b` )", "`f(x)`", "bucket(9999999999, a)", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := dataflow.ParsePartition(text)
		if err != nil {
			return
		}
		again, err := dataflow.ParsePartition(p.String())
		require.NoError(t, err, "%q", p)
		require.Equal(t, p, again)
	})
}
