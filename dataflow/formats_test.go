package dataflow_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// hostile is a text that must stay where it is put.
const hostile = "a'b\"c`d;e--f\ng ü ${spark.app.name} /*"

// hostileName is the same for names, in which Spark would replace something.
const hostileName = "a'b\"c`d;e--f\ng ü /*"

// everySelection sets all of FileSelection.
func everySelection() dataflow.FileSource {
	yes, no := true, false
	return dataflow.FileSource{
		Path: "/a/" + hostile, Options: map[string]string{"k": "v", "PATHGLOBFILTER": "*.x"},
		FileSelection: dataflow.FileSelection{
			PathGlobFilter: "*.y", RecursiveFileLookup: true, ModifiedBefore: "2024-05-02", ModifiedAfter: "2024-05-01T12:00:00",
			IgnoreMissingFiles: &yes, IgnoreCorruptFiles: &no,
		},
	}
}

func kafkaAt(servers string) dataflow.Kafka { return dataflow.Kafka{BootstrapServers: servers} }

func formatSources() map[string]dataflow.Source {
	yes, empty, path := true, "", files("/a")
	declared := dataflow.FileSource{Path: "/a", Schema: "id INT, _bad STRING"}
	malformed := dataflow.MalformedRecords{RecordMode: "Permissive", CorruptRecordColumn: "_bad"}
	login := kafkaAt("b:1,b:2")
	login.SecurityProtocol, login.SASLMechanism, login.Username, login.Password = "SASL_SSL", "PLAIN", "ann", secrets.NewValue(`p"w`)
	return map[string]dataflow.Source{
		"selection": dataflow.ORCSource{FileSource: everySelection()},
		"csv all":   dataflow.CSVSource{FileSource: declared, MalformedRecords: malformed},
		"json all":  dataflow.JSONSource{FileSource: declared, MultiLine: true, MalformedRecords: dataflow.MalformedRecords{RecordMode: "failfast"}},
		"parquet":   dataflow.ParquetSource{FileSource: path, MergeSchema: &yes},
		"orc":       dataflow.ORCSource{FileSource: path}, "orc all": dataflow.ORCSource{FileSource: path, MergeSchema: &yes},
		"avro": dataflow.AvroSource{FileSource: path}, "avro all": dataflow.AvroSource{FileSource: path, AvroSchema: `"long"`, PositionalFieldMatching: true},
		"text": dataflow.TextSource{FileSource: path}, "text whole": dataflow.TextSource{FileSource: path, WholeText: true},
		"text separator": dataflow.TextSource{FileSource: path, LineSeparator: "\x01'"},
		"xml":            dataflow.XMLSource{FileSource: path, XML: dataflow.XML{RowTag: "row"}},
		"xml all": dataflow.XMLSource{
			FileSource: declared, XML: dataflow.XML{RowTag: "ns:row", AttributePrefix: "@", ValueTag: "text", NullValue: &empty},
			ExcludeAttribute: true, IgnoreNamespace: true, RowValidationXSDPath: "/x.xsd", MalformedRecords: malformed,
		},
		"binary": dataflow.BinaryFileSource{FileSource: path}, "binary, no content": dataflow.BinaryFileSource{FileSource: path, NoContent: true},
		"delta path": dataflow.DeltaSource{Path: "/d/" + hostile}, "delta table": dataflow.DeltaSource{Table: "db.`" + "a``b`"},
		"delta version": dataflow.DeltaSource{Path: "/d", VersionAsOf: new(int64(0))}, "delta time": dataflow.DeltaSource{Table: "t", TimestampAsOf: "2024-05-01"},
		"delta changes":      dataflow.DeltaSource{Table: "t", ReadChangeFeed: true, StartingVersion: new(int64(0)), EndingVersion: new(int64(9)), Options: map[string]string{"k": "v"}},
		"delta changes time": dataflow.DeltaSource{Path: "/d", ReadChangeFeed: true, StartingTimestamp: "2024-05-01", EndingTimestamp: "2024-05-02 10:00:00"},
		"iceberg":            dataflow.IcebergSource{Table: "t", Catalog: "ice", Options: map[string]string{"split-size": "1"}},
		"iceberg snapshot":   dataflow.IcebergSource{Table: "ice.db.t", SnapshotID: new(int64(12))},
		"iceberg millis":     dataflow.IcebergSource{Table: "t", AsOfTimestamp: "1714564800123"},
		"iceberg time":       dataflow.IcebergSource{Table: "t", AsOfTimestamp: "2024-05-01T12:00:00Z"},
		"iceberg branch":     dataflow.IcebergSource{Table: "t", Branch: hostile}, "iceberg tag": dataflow.IcebergSource{Table: "t", Tag: "eoq"},
		"kafka": dataflow.KafkaSource{Kafka: kafkaAt("b:9092"), Subscribe: []string{"t", "u"}},
		"kafka all": dataflow.KafkaSource{
			Kafka: login, Assign: `{"Orders":[0]}`, StartingOffsets: `{"Orders":{"0":-2}}`, EndingOffsets: `{"Orders":{"0":-1}}`, FailOnDataLoss: &yes,
			MinPartitions: 3, MaxRecordsPerPartition: 5, GroupIDPrefix: "g", IncludeHeaders: true, KafkaDecoding: dataflow.KafkaDecoding{KeyFormat: "string", ValueFormat: "string"},
		},
		"kafka times": dataflow.KafkaSource{
			Kafka: kafkaAt("b:1"), SubscribePattern: "o.*", StartingTimestamp: "2024-05-01T00:00:00Z", StartingOffsetsByTimestampStrategy: "LATEST",
			EndingTimestamp: "1714600000000", KafkaDecoding: dataflow.KafkaDecoding{ValueFormat: "json", ValueSchema: "a STRUCT<b: STRING COMMENT 'it''s'>", MetadataColumn: "m`", ValueOptions: map[string]string{"mode": "FAILFAST"}},
		},
		"format": dataflow.FormatSource{Format: "org.x.Y", Paths: []string{"/a", "/b"}, Schema: "id INT", FormatOptions: dataflow.FormatOptions{
			Options: map[string]string{"k": "v"}, SecretOptions: map[string]secrets.Value{"s": secrets.NewValue("hidden")},
		}},
		"format table": dataflow.FormatSource{Table: "c.db.t", FormatOptions: dataflow.FormatOptions{Options: map[string]string{"k": "v"}}},
	}
}

func TestPlansOfFormatSources(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	plans := map[string]json.RawMessage{}
	for name, source := range formatSources() {
		if v, ok := source.(component.Validator); ok {
			require.NoError(t, v.Validate(), name)
		}
		df, err := source.Load(t.Context(), b.spark)
		require.NoError(t, err, name)
		plans[name] = b.planOf(t, df)
	}
	require.Empty(t, b.server.Requests("ExecutePlan"))
	require.LessOrEqual(t, b.trips(), 3, "no source costs a round trip but to hide secrets")
	golden(t, "format_sources", plans)
}

func TestPlansOfFormatSinks(t *testing.T) {
	t.Parallel()
	none := ""
	full := dataflow.FileSink{
		Path: "/out/" + hostile, Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{hostile}, PartitionOverwrite: "Dynamic",
		Compression: "snappy", Options: map[string]string{"k": "v"},
	}
	path := dataflow.FileSink{Path: "/out"}
	plansOfSinks(t, "format_sinks", map[string]dataflow.Sink{
		"orc": dataflow.ORCSink{FileSink: path}, "orc all": dataflow.ORCSink{FileSink: full},
		"avro":     dataflow.AvroSink{FileSink: full, RecordName: "Order", RecordNamespace: "org.shop"},
		"avro all": dataflow.AvroSink{FileSink: path, AvroSchema: `"long"`, PositionalFieldMatching: true},
		"text":     dataflow.TextSink{FileSink: path}, "text all": dataflow.TextSink{FileSink: full, LineSeparator: "|"},
		"xml": dataflow.XMLSink{FileSink: path, XML: dataflow.XML{RowTag: "row"}},
		"xml all": dataflow.XMLSink{
			FileSink: full, XML: dataflow.XML{RowTag: "row", AttributePrefix: "@", ValueTag: "v", NullValue: &none}, RootTag: "rows", Declaration: &none,
			ArrayElementName: "e", DateFormat: "yyyy", TimestampFormat: "HH",
		},
		"delta create": dataflow.DeltaSink{Path: "/d"},
		"delta all":    dataflow.DeltaSink{Table: "db.t", Mode: dataflow.TableModeAppend, PartitionBy: []string{hostile}, MergeSchema: true, TxnAppID: "job", TxnVersion: new(int64(0)), Options: map[string]string{"userMetadata": "m"}},
		"delta where":  dataflow.DeltaSink{Path: "/d", Mode: dataflow.TableModeOverwrite, ReplaceWhere: "day = '1'"},
		"delta dynamic": dataflow.DeltaSink{
			Path: "/d", Mode: dataflow.TableModeOverwrite, PartitionBy: []string{"day"}, PartitionOverwrite: "dynamic",
		},
		"delta schema":       dataflow.DeltaSink{Table: "t", Mode: dataflow.TableModeOverwrite, OverwriteSchema: true, ClusterBy: []string{"id"}},
		"delta ignore":       dataflow.DeltaSink{Table: "t", Mode: dataflow.TableModeIgnore},
		"iceberg create":     dataflow.IcebergSink{Table: "t", Catalog: "ice", PartitionBy: []string{"day", "bucket(4, id)", "hour(at)", "`x y``;--`"}, TableProperties: map[string]string{"a": hostile}},
		"iceberg append":     dataflow.IcebergSink{Table: "ice.db.t", Mode: dataflow.TableModeAppend, FanoutEnabled: true, MergeSchema: true, Branch: hostileName, Options: map[string]string{"k": "v"}},
		"iceberg overwrite":  dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeOverwrite},
		"iceberg where":      dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeOverwrite, ReplaceWhere: "a = 1"},
		"iceberg partitions": dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeOverwritePartitions},
		"iceberg replace":    dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeReplace},
		"iceberg either":     dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeCreateOrReplace},
		"kafka":              dataflow.KafkaSink{Kafka: kafkaAt("b:9092"), Topic: "t"},
		"kafka all": dataflow.KafkaSink{
			Kafka: kafkaAt("b:1"), TopicColumn: "kind -- which", Key: "id", KeyFormat: "json", Value: "struct(id)", ValueFormat: "avro", ValueSchema: `"x'y"`,
			Headers: map[string]string{"h'": "name"}, Partition: "0", EnableIdempotence: new(false),
		},
		"format": dataflow.FormatSink{Format: "mongodb", Mode: dataflow.SaveModeAppend, FormatOptions: dataflow.FormatOptions{
			Options: map[string]string{"database": "d"}, SecretOptions: map[string]secrets.Value{"connection.uri": secrets.NewValue("mongodb://u:p@h")},
		}},
		"format path": dataflow.FormatSink{Format: "orc", Path: "/out", Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"day"}, PartitionOverwrite: "dynamic"},
		"format table": dataflow.FormatSink{
			Format: "parquet", Table: "db.t", PartitionBy: []string{"y"}, BucketBy: dataflow.Bucketing{Columns: []string{"a"}, Count: 4}, SortBy: []string{"b"},
		},
		"format clusters": dataflow.FormatSink{Format: "delta", Table: "t", ClusterBy: []string{"a"}},
	})
}

// TestMergesOfSinks looks at the statements of a merge.
func TestMergesOfSinks(t *testing.T) {
	t.Parallel()
	plans := map[string]json.RawMessage{}
	for name, sink := range map[string]dataflow.Sink{
		"delta path":  dataflow.DeltaSink{Path: "/d'`\";--", Mode: dataflow.TableModeMerge, MergeBy: dataflow.MergeBy{Keys: []string{"a`b;--\n", "c.d"}}},
		"delta table": dataflow.DeltaSink{Table: "db.`t``x`", Mode: dataflow.TableModeMerge, MergeBy: dataflow.MergeBy{On: "target.a = source.b -- why", DeleteWhen: "source.gone", UpdateWhen: "u", InsertWhen: "i"}},
		"iceberg":     dataflow.IcebergSink{Table: "t", Catalog: "ice", Mode: dataflow.TableModeMerge, Branch: "audit", MergeBy: dataflow.MergeBy{Keys: []string{"id"}}},
	} {
		b := setup(t, nil)
		require.NoError(t, sink.Write(t.Context(), b.spark, b.frame(t)), name)
		for _, op := range b.executed(t) {
			if statement := op.SQL(); statement != "" {
				encoded, err := json.Marshal(mergeView.ReplaceAllString(statement, "sparkpipe_merge_X"))
				require.NoError(t, err)
				plans[name] = encoded
			}
		}
		require.Contains(t, plans, name)
	}
	golden(t, "format_merges", plans)
}

func TestLineageOfFormats(t *testing.T) {
	t.Parallel()
	const idempotent, repeats = dataflow.EffectIdempotent, dataflow.EffectRepeats
	topic := tableOf("`kafka:b:1`.t")
	for name, tt := range map[string]struct {
		part dataflow.Describer
		want dataflow.Lineage
	}{
		"orc":              {dataflow.ORCSource{FileSource: files("/a")}, inputs(pathOf("/a"))},
		"delta path":       {dataflow.DeltaSource{Path: "/a", VersionAsOf: new(int64(1))}, inputs(pathOf("/a"))},
		"delta table":      {dataflow.DeltaSource{Table: "db.t"}, inputs(relationOf("db.t"))},
		"iceberg":          {dataflow.IcebergSource{Table: "t", Catalog: "ice", Tag: "x"}, inputs(relationOf("ice.t"))},
		"kafka":            {dataflow.KafkaSource{Kafka: kafkaAt("b:1"), Assign: `{"t":[0]}`}, inputs(topic)},
		"format":           {dataflow.FormatSource{Format: "mongodb"}, dataflow.Lineage{Effect: dataflow.EffectNone, Opaque: true}},
		"format table":     {dataflow.FormatSource{Table: "db.t"}, inputs(relationOf("db.t"))},
		"xml written":      {dataflow.XMLSink{FileSink: dataflow.FileSink{Path: "/a", Mode: dataflow.SaveModeAppend}}, output(pathOf("/a"), repeats)},
		"delta append":     {dataflow.DeltaSink{Table: "db.t", Mode: dataflow.TableModeAppend}, output(tableOf("db.t"), repeats)},
		"delta append, id": {dataflow.DeltaSink{Path: "/a", Mode: dataflow.TableModeAppend, TxnAppID: "a", TxnVersion: new(int64(0))}, output(pathOf("/a"), idempotent)},
		"delta merge":      {dataflow.DeltaSink{Path: "/a", Mode: dataflow.TableModeMerge}, output(pathOf("/a"), idempotent)},
		"delta overwrite":  {dataflow.DeltaSink{Path: "/a", Mode: dataflow.TableModeOverwrite}, output(pathOf("/a"), idempotent)},
		"iceberg append":   {dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeAppend, Branch: "b"}, output(tableOf("t"), repeats)},
		"iceberg dynamic":  {dataflow.IcebergSink{Table: "t", Mode: dataflow.TableModeOverwritePartitions}, output(tableOf("t"), idempotent)},
		"kafka written":    {dataflow.KafkaSink{Kafka: kafkaAt("b:1"), Topic: "t"}, dataflow.Lineage{Outputs: []dataflow.Dataset{topic}, Effect: repeats, Partial: true}},
		"format written":   {dataflow.FormatSink{Format: "mongodb", Mode: dataflow.SaveModeAppend}, dataflow.Lineage{Effect: repeats, Opaque: true, Partial: true}},
		"format path":      {dataflow.FormatSink{Format: "orc", Path: "/a", Mode: dataflow.SaveModeOverwrite}, output(pathOf("/a"), idempotent)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.part.Lineage())
		})
	}
}
