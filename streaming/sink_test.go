package streaming_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

func streamSinks() map[string]streaming.TraitedSink {
	return map[string]streaming.TraitedSink{
		"kafka": streaming.KafkaSink{Kafka: kafkaOf("b:9092"), Topic: "t"},
		"kafka all": streaming.KafkaSink{
			Kafka: safeKafka(), TopicColumn: "concat('a', kind) -- which", Key: "id", KeyFormat: "json", Value: "struct(id, name)", ValueFormat: "JSON",
			ValueOptions: map[string]string{"ignoreNullFields": "false"}, Headers: map[string]string{"kind": "kind", "it's": "id + 1"}, Partition: "id % 2",
			EnableIdempotence: no(),
		},
		"kafka string":      streaming.KafkaSink{Kafka: kafkaOf("b:9092"), Topic: "t", Key: "id", Value: "name"},
		"kafka avro":        streaming.KafkaSink{Kafka: kafkaOf("b:9092"), Topic: "t", ValueFormat: "avro"},
		"kafka avro schema": streaming.KafkaSink{Kafka: kafkaOf("b:9092"), Topic: "t", Key: "id", KeyFormat: "avro", Value: "name", ValueFormat: "avro", ValueSchema: `"string"`},
		"file":              streaming.FileSink{Path: "/out"},
		"file all": streaming.FileSink{
			Path: "s3a://b/out", Format: "CSV", PartitionBy: []string{"day"}, Compression: "gzip", Retention: time.Hour, Options: map[string]string{"header": "true"},
		},
		"table":         streaming.TableSink{Table: "db.t"},
		"table all":     streaming.TableSink{Table: "db.t", Format: "delta", PartitionBy: []string{"day"}, Options: map[string]string{"mergeSchema": "true"}},
		"table cluster": streaming.TableSink{Table: "db.t", ClusterBy: []string{"day"}},
		"delta":         streaming.DeltaSink{Path: "/d"},
		"delta all": streaming.DeltaSink{
			Table: "db.t", WriteMode: "append", MergeSchema: true, PartitionBy: []string{"day"}, Options: map[string]string{"maxRecordsPerFile": "9"},
		},
		"delta overwrite": streaming.DeltaSink{Path: "/d", WriteMode: "overwrite", OverwriteSchema: true},
		"iceberg":         streaming.IcebergSink{Table: "t", Catalog: "ice"},
		"iceberg all": streaming.IcebergSink{
			Table: "ice.db.t", WriteMode: "append", FanoutEnabled: true, PartitionBy: []string{"day"}, Options: map[string]string{"write-format": "orc"},
		},
		"iceberg overwrite": streaming.IcebergSink{Table: "ice.db.t", WriteMode: "overwrite"},
	}
}

// stepSinks write a staging table first, so that the plan of the stream is not all.
func stepSinks() map[string]streaming.TraitedSink {
	return map[string]streaming.TraitedSink{
		"delta merge": streaming.DeltaMergeSink{Path: "/d", StagingPath: "/s", Keys: []string{"id"}},
		"jdbc": streaming.JDBCSink{
			JDBC: dataflow.JDBC{URL: secrets.NewValue("jdbc:postgresql://h/d?password=" + hidden), User: "u", Password: secrets.NewValue(hidden)}, Table: "t", StagingPath: "/s",
		},
	}
}

func TestPlansOfSinks(t *testing.T) {
	t.Parallel()
	plans, lineages := map[string]json.RawMessage{}, map[string]dataflow.Lineage{}
	for name, sink := range streamSinks() {
		b := setup(t)
		if v, ok := sink.(component.Validator); ok {
			require.NoError(t, v.Validate(), name)
		}
		w := streaming.Writer{
			OutputMode: streaming.OutputModeAppend, Trigger: streaming.AvailableNow(), QueryName: "q", CheckpointLocation: "/c", Options: map[string]string{"user": "wins"},
		}
		if modes := sink.Traits().OutputModes; len(modes) == 1 {
			w.OutputMode = modes[0]
		}
		plans[name] = b.writePlan(t, sink, w)
	}
	golden(t, "sinks", plans)
	for _, all := range []map[string]streaming.TraitedSink{streamSinks(), stepSinks()} {
		for name, sink := range all {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", sink, sink, sink, sink), hidden, name)
			require.True(t, sink.Traits().NeedsCheckpoint, name)
			d, ok := sink.(dataflow.Describer)
			require.True(t, ok, name)
			lineages[name] = d.Lineage()
			require.NotContains(t, fmt.Sprintf("%+v", lineages[name]), hidden, name)
		}
	}
	golden(t, "lineage_of_sinks", lineages)
}

// The predecessor makes up a transactional id, with which producers refuse every
// record.
func TestKafkaSinkHasNoTransactionalID(t *testing.T) {
	t.Parallel()
	for name, sink := range streamSinks() {
		b := setup(t)
		require.NotContains(t, string(b.writePlan(t, sink, streaming.Writer{CheckpointLocation: "/c"})), "transactional", name)
	}
	require.False(t, streaming.KafkaSink{}.Traits().ExactlyOnce)
}

func TestSinksFromFiles(t *testing.T) {
	t.Parallel()
	decode := func(into any, values map[string]any) { require.NoError(t, config.NewSection(values).Decode(into)) }
	var kafka streaming.KafkaSink
	decode(&kafka, map[string]any{
		"bootstrap-servers": "b:1", "topic": "t", "key-column": "id", "value-column": "v", "enable-idempotence": true,
		"producer-options": map[string]any{"acks": "all"}, "headers": map[string]any{"h": "id"},
	})
	require.Equal(t, streaming.KafkaSink{
		Kafka: streaming.Kafka{BootstrapServers: "b:1", KafkaOptions: map[string]string{"acks": "all"}}, Topic: "t", Key: "id", Value: "v",
		EnableIdempotence: yes(), Headers: map[string]string{"h": "id"},
	}, kafka)
	var delta streaming.DeltaSink
	decode(&delta, map[string]any{"path": "/d", "write-mode": "overwrite", "merge-schema": true, "partition-by": []string{"d"}})
	require.Equal(t, streaming.DeltaSink{Path: "/d", WriteMode: "overwrite", MergeSchema: true, PartitionBy: []string{"d"}}, delta)
	var ice streaming.IcebergSink
	decode(&ice, map[string]any{"table-path": "t", "catalog-name": "c", "fanout-enabled": true})
	require.Equal(t, streaming.IcebergSink{Table: "t", Catalog: "c", FanoutEnabled: true}, ice)
	var file streaming.FileSink
	decode(&file, map[string]any{"path": "/o", "file_format": "json", "compression": "zstd"})
	require.Equal(t, streaming.FileSink{Path: "/o", Format: "json", Compression: "zstd"}, file)
	var merge streaming.DeltaMergeSink
	decode(&merge, map[string]any{"path": "/d", "staging_path": "/s", "merge_condition": "target.a = source.a", "merge-schema": true})
	require.Equal(t, streaming.DeltaMergeSink{Path: "/d", StagingPath: "/s", On: "target.a = source.a", SchemaEvolution: true}, merge)
	var jdbc streaming.JDBCSink
	decode(&jdbc, map[string]any{"url": "jdbc:x", "table": "t", "staging_path": "/s", "password": "p"})
	require.Equal(t, streaming.JDBCSink{JDBC: dataflow.JDBC{URL: secrets.NewValue("jdbc:x"), Password: secrets.NewValue("p")}, Table: "t", StagingPath: "/s"}, jdbc)
}
