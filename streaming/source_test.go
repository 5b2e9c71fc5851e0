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

// hidden is in every secret of these tests.
const hidden = "s3cr3t"

func yes() *bool { v := true; return &v }
func no() *bool  { v := false; return &v }

func kafkaOf(servers string) streaming.Kafka { return streaming.Kafka{BootstrapServers: servers} }

func connection() secrets.Value {
	return secrets.NewValue("Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=" + hidden)
}

// safeKafka is a connection with every setting.
func safeKafka() streaming.Kafka {
	return streaming.Kafka{
		BootstrapServers: "a:9093,[::1]:9093", SecurityProtocol: "sasl_ssl", SASLMechanism: "SCRAM-SHA-512",
		Username: `d\o"e`, Password: secrets.NewValue(hidden + `\"; x=` + "\n"),
		SSLTruststoreLocation: "/t.p12", SSLTruststorePassword: secrets.NewValue(hidden), SSLTruststoreType: "pkcs12",
		SSLKeystoreLocation: "/k.jks", SSLKeystorePassword: secrets.NewValue(hidden), SSLKeystoreType: "JKS", SSLKeyPassword: secrets.NewValue(hidden),
		KafkaOptions: map[string]string{"session.timeout.ms": "45000", "kafka.client.id": "c"},
		Options:      map[string]string{"FETCHOFFSET.NUMRETRIES": "5"},
	}
}

// streamSources are the sources, each with little and with everything set.
func streamSources() map[string]streaming.StreamingSource {
	kafka := func(change func(s *streaming.KafkaSource)) streaming.KafkaSource {
		s := streaming.KafkaSource{Kafka: kafkaOf("b:9092"), Subscribe: []string{"t"}}
		change(&s)
		return s
	}
	return map[string]streaming.StreamingSource{
		"kafka": kafka(func(*streaming.KafkaSource) {}),
		"kafka all": streaming.KafkaSource{
			Kafka: safeKafka(), Subscribe: []string{"Orders", "o.2"}, StartingOffsets: `{"Orders":{"0":23,"1":-2},"o.2":{"0":-1}}`,
			FailOnDataLoss: no(), MaxOffsetsPerTrigger: 100, MinOffsetsPerTrigger: 10, MaxTriggerDelay: time.Minute, MinPartitions: 4,
			MaxRecordsPerPartition: 50, GroupIDPrefix: "g", IncludeHeaders: true,
		},
		"kafka pattern": kafka(func(s *streaming.KafkaSource) {
			s.Subscribe, s.SubscribePattern, s.StartingOffsets = nil, "o.*", " Earliest "
		}),
		"kafka assign": kafka(func(s *streaming.KafkaSource) { s.Subscribe, s.Assign, s.GroupID = nil, `{"t":[0,1]}`, "g" }),
		"kafka timestamp": kafka(func(s *streaming.KafkaSource) {
			s.StartingTimestamp, s.StartingOffsetsByTimestampStrategy = "2024-05-01T00:00:00.5Z", "LATEST"
		}),
		"kafka timestamps": kafka(func(s *streaming.KafkaSource) { s.StartingOffsetsByTimestamp = `{"t":{"0":1000, "1":2000}}` }),
		"kafka plain": kafka(func(s *streaming.KafkaSource) {
			s.SecurityProtocol, s.SASLMechanism, s.Username, s.Password = "SASL_PLAINTEXT", "PLAIN", "u", secrets.NewValue(hidden)
		}),
		"kafka jaas": kafka(func(s *streaming.KafkaSource) {
			s.SecurityProtocol, s.SASLMechanism, s.SASLJAASConfig = "SASL_SSL", "GSSAPI", secrets.NewValue("a.B required x=\""+hidden+"\";")
		}),
		"kafka string": kafka(func(s *streaming.KafkaSource) {
			s.KeyFormat, s.ValueFormat, s.IncludeHeaders = "string", "String", true
		}),
		"kafka key": kafka(func(s *streaming.KafkaSource) { s.KeyFormat = "string" }),
		"kafka json": kafka(func(s *streaming.KafkaSource) {
			s.ValueFormat, s.ValueSchema, s.ValueOptions = "json", "id BIGINT, name STRING COMMENT 'it''s'", map[string]string{"mode": "FAILFAST"}
			s.MetadataColumn, s.KeyFormat, s.IncludeHeaders = "of`it", "string", true
		}),
		"kafka avro": kafka(func(s *streaming.KafkaSource) {
			s.ValueFormat, s.ValueSchema, s.ValueSkipBytes = "avro", `{"type":"string"}`, 5
		}),
		"kafka options win": kafka(func(s *streaming.KafkaSource) {
			s.Options = map[string]string{"STARTINGOFFSETS": "latest", "kafka.bootstrap.servers": "x:1"}
			s.StartingOffsets = "earliest"
		}),
		"file":        streaming.FileSource{Path: "/in", Schema: "id BIGINT"},
		"file schema": streaming.FileSource{Path: "/in", Format: "JSON", Schema: ` {"type":"struct","fields":[{"name":"id","type":"long","nullable":true,"metadata":{}}]}`},
		"file text":   streaming.FileSource{Path: "/in", Format: "text"},
		"file all": streaming.FileSource{
			Path: "s3a://b/in", Format: "csv", SchemaPath: "testdata/schema.ddl", MaxFilesPerTrigger: 3, LatestFirst: true, MaxFileAge: 24 * time.Hour,
			FileNameOnly: true, CleanSource: "ARCHIVE", SourceArchiveDir: "/old", PathGlobFilter: "*.csv", Recursive: true,
			Options: map[string]string{"header": "true"},
		},
		"file bytes":  streaming.FileSource{Path: "/in", Format: "orc", Schema: "id BIGINT", MaxBytesPerTrigger: "512m", CleanSource: "delete"},
		"delta":       streaming.DeltaSource{Path: "/d"},
		"delta table": streaming.DeltaSource{Table: "db.t", StartingVersion: "Latest", Options: map[string]string{"excludeRegex": "x"}},
		"delta all": streaming.DeltaSource{
			Path: "/d", StartingVersion: "0", IgnoreDeletes: true, IgnoreChanges: true, SkipChangeCommits: true, MaxFilesPerTrigger: 5,
			MaxBytesPerTrigger: "1g", WithEventTimeOrder: true, FailOnDataLoss: no(), SchemaTrackingLocation: "/c/_schemas",
		},
		"delta changes": streaming.DeltaSource{Path: "/d", ReadChangeFeed: true, StartingTimestamp: "2024-05-01"},
		"iceberg":       streaming.IcebergSource{Table: "t", Catalog: "ice"},
		"iceberg all": streaming.IcebergSource{
			Table: "ice.db.t", Catalog: "other", StreamFromTimestamp: "2024-05-01T00:00:00Z", SkipDeleteSnapshots: true, SkipOverwriteSnapshots: true,
			MaxFilesPerBatch: 3, MaxRowsPerBatch: 100, Options: map[string]string{"split-size": "1"},
		},
		"table":      streaming.TableSource{Table: "db.t", Options: map[string]string{"k": "v"}},
		"socket":     streaming.SocketSource{Host: "h", Port: 9999},
		"socket all": streaming.SocketSource{Host: "h", Port: 1, IncludeTimestamp: true, Options: map[string]string{"k": "v"}},
		"rate":       streaming.RateSource{RowsPerSecond: 5, NumPartitions: 2, RampUpTime: 3 * time.Second},
		"rate micro": streaming.RateMicroBatchSource{RowsPerBatch: 10},
		"rate micro all": streaming.RateMicroBatchSource{
			RowsPerBatch: 10, NumPartitions: 2, StartTimestamp: "1970-01-01T00:00:01Z", AdvancePerBatch: 500 * time.Millisecond, Options: map[string]string{"k": "v"},
		},
		"event hubs": streaming.EventHubsSource{ConnectionString: connection(), EventHubName: "hub"},
		"event hubs all": streaming.EventHubsSource{
			ConnectionString: connection(), EventHubName: "hub", ConsumerGroup: "g", StartingPosition: "enqueued:1714521600500", MaxEventsPerTrigger: 7,
			ReceiverTimeout: 1500 * time.Millisecond, OperationTimeout: 2 * time.Minute, PrefetchCount: 300, ConnectorVersion: "2.3.15",
			Options: map[string]string{"eventhubs.threadPoolSize": "4"},
		},
		"event hubs plain": streaming.EventHubsSource{ConnectionString: secrets.NewValue(connection().Reveal() + ";EntityPath=own"), StartingPosition: "sequence:12", ConnectorVersion: "none"},
		"kinesis":          streaming.KinesisSource{StreamName: "s", Region: "eu-west-1"},
		"kinesis all": streaming.KinesisSource{
			StreamName: "s", Region: "eu-west-1", EndpointURL: "http://localhost:4566", ConsumerType: "SubscribeToShard", ConsumerName: "c",
			StartingPosition: "AT_TIMESTAMP/1693422005000", RoleARN: "arn:r", RoleSessionName: "n", AccessKeyID: secrets.NewValue("id" + hidden),
			SecretKey: secrets.NewValue(hidden), SessionToken: secrets.NewValue("t" + hidden), MaxFetchRecordsPerShard: 9, MaxFetchTimePerShard: 12 * time.Second,
			FailOnDataLoss: yes(), Options: map[string]string{"kinesis.describeShardInterval": "5s"},
		},
		"pubsub": streaming.PubSubSource{ProjectID: "p", TopicID: "t", SubscriptionID: "s", ServiceCredential: "c"},
		"pubsub all": streaming.PubSubSource{
			ProjectID: "p", TopicID: "t", SubscriptionID: "s", ClientEmail: "e", ClientID: "i", PrivateKeyID: secrets.NewValue("k" + hidden), PrivateKey: secrets.NewValue(hidden),
			NumFetchPartitions: 2, MaxBytesPerTrigger: "64m", MaxRecordsPerFetch: 10, MaxFetchPeriod: 5 * time.Second, DeleteSubscription: true,
			Options: map[string]string{"x": "y"},
		},
	}
}

func TestPlansOfSources(t *testing.T) {
	t.Parallel()
	b := setup(t)
	plans := map[string]json.RawMessage{}
	for name, source := range streamSources() {
		if v, ok := source.(component.Validator); ok {
			require.NoError(t, v.Validate(), name)
		}
		df, err := source.ReadStream(t.Context(), b.spark)
		require.NoError(t, err, name)
		plans[name] = b.readPlan(t, df)
	}
	require.Empty(t, b.server.Requests("ExecutePlan", "AnalyzePlan")[1:], "no source costs a round trip, but for the version")
	golden(t, "sources", plans)
}

func TestSourcesKeepSecrets(t *testing.T) {
	t.Parallel()
	lineages := map[string]dataflow.Lineage{}
	for name, source := range streamSources() {
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", source, source, source, source), hidden, name)
		d, ok := source.(dataflow.Describer)
		require.True(t, ok, name)
		lineages[name] = d.Lineage()
		require.NotContains(t, fmt.Sprintf("%+v", lineages[name]), hidden, name)
	}
	golden(t, "lineage_of_sources", lineages)
}

func TestSourcesFromFiles(t *testing.T) {
	t.Parallel()
	decode := func(into any, values map[string]any) { require.NoError(t, config.NewSection(values).Decode(into)) }
	var kafka streaming.KafkaSource
	decode(&kafka, map[string]any{
		"bootstrap-servers": "b:1", "topics": []string{"Tt"}, "starting-offsets": `{"Tt":{"0":1}}`, "security-protocol": "sasl_ssl", "sasl-mechanism": "plain",
		"sasl-jaas-config": "x", "max-offsets-per-trigger": 5, "fail_on_data_loss": false, "min_offsets_per_trigger": 1, "max_trigger_delay": "1m", "kafka-options": map[string]any{"a.b": "c"},
	})
	require.Equal(t, streaming.KafkaSource{
		Kafka:     streaming.Kafka{BootstrapServers: "b:1", SecurityProtocol: "SASL_SSL", SASLMechanism: "PLAIN", SASLJAASConfig: secrets.NewValue("x"), KafkaOptions: map[string]string{"a.b": "c"}},
		Subscribe: []string{"Tt"}, StartingOffsets: `{"Tt":{"0":1}}`, MaxOffsetsPerTrigger: 5, MinOffsetsPerTrigger: 1, FailOnDataLoss: no(), MaxTriggerDelay: time.Minute,
	}, kafka)
	var file streaming.FileSource
	decode(&file, map[string]any{"path": "/in", "file_format": "json", "schema-json": "id INT", "max-files-per-trigger": 3, "format-options": map[string]any{"multiLine": true}})
	require.Equal(t, streaming.FileSource{Path: "/in", Format: "json", Schema: "id INT", MaxFilesPerTrigger: 3, Options: map[string]string{"multiLine": "true"}}, file)
	var ice streaming.IcebergSource
	decode(&ice, map[string]any{"table-path": "t", "catalog-name": "c"})
	require.Equal(t, streaming.IcebergSource{Table: "t", Catalog: "c"}, ice)
	var delta streaming.DeltaSource
	decode(&delta, map[string]any{"path": "/d", "read-change-data-feed": true, "starting-version": 3})
	require.Equal(t, streaming.DeltaSource{Path: "/d", ReadChangeFeed: true, StartingVersion: "3"}, delta)
	var kinesis streaming.KinesisSource
	decode(&kinesis, map[string]any{"stream-name": "s", "region": "r", "role-arn": "a", "role-session-name": "n", "max_fetch_time_per_shard": "20s"})
	require.Equal(t, streaming.KinesisSource{StreamName: "s", Region: "r", RoleARN: "a", RoleSessionName: "n", MaxFetchTimePerShard: 20 * time.Second}, kinesis)
	for _, into := range []any{&streaming.EventHubsSource{}, &streaming.PubSubSource{}, &streaming.SocketSource{}, &streaming.RateMicroBatchSource{}, &streaming.TableSource{}} {
		require.Error(t, config.NewSection(nil).Decode(into), "%T: what is required", into)
	}
}
