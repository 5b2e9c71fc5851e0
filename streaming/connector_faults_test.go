package streaming_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/secrets"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// bad are settings with something wrong in each.
func bad() map[string]component.Validator {
	source := func(change func(s *streaming.KafkaSource)) streaming.KafkaSource {
		s := streaming.KafkaSource{Kafka: kafkaOf("b:9092"), Subscribe: []string{"t"}}
		change(&s)
		return s
	}
	offsets := func(text string) streaming.KafkaSource {
		return source(func(s *streaming.KafkaSource) { s.StartingOffsets = text })
	}
	password := secrets.NewValue(hidden)
	out := map[string]component.Validator{
		"kafka empty":       streaming.KafkaSource{},
		"kafka two ways":    source(func(s *streaming.KafkaSource) { s.SubscribePattern, s.Assign = "x", `{"t":[0]}` }),
		"kafka servers":     source(func(s *streaming.KafkaSource) { s.BootstrapServers = "b,c:0,:1,d:99999, e:1" }),
		"kafka topic":       source(func(s *streaming.KafkaSource) { s.Subscribe = []string{"a b", "", "..", strings.Repeat("x", 250)} }),
		"kafka assign":      source(func(s *streaming.KafkaSource) { s.Subscribe, s.Assign = nil, `{"t":[0,0]}` }),
		"kafka assign json": source(func(s *streaming.KafkaSource) { s.Subscribe, s.Assign = nil, `t:0` }),
		"kafka ending":      source(func(s *streaming.KafkaSource) { s.EndingOffsets = "latest" }),
		"kafka numbers": source(func(s *streaming.KafkaSource) {
			s.MaxOffsetsPerTrigger, s.MinPartitions, s.MaxRecordsPerPartition = -1, -2, -3
		}),
		"kafka min over max": source(func(s *streaming.KafkaSource) { s.MaxOffsetsPerTrigger, s.MinOffsetsPerTrigger = 5, 6 }),
		"kafka delay":        source(func(s *streaming.KafkaSource) { s.MaxTriggerDelay = 1500 * time.Microsecond }),
		"kafka starts":       source(func(s *streaming.KafkaSource) { s.StartingOffsets, s.StartingTimestamp = "latest", "5" }),
		"kafka strategy":     source(func(s *streaming.KafkaSource) { s.StartingOffsetsByTimestampStrategy = "nearest" }),
		"kafka timestamp":    source(func(s *streaming.KafkaSource) { s.StartingTimestamp = "yesterday" }),
		"kafka timestamps":   source(func(s *streaming.KafkaSource) { s.StartingOffsetsByTimestamp = `{"t":{"0":-1}}` }),
		"kafka groups":       source(func(s *streaming.KafkaSource) { s.GroupID, s.GroupIDPrefix = "a", "b" }),
		"kafka reserved": source(func(s *streaming.KafkaSource) {
			s.KafkaOptions = map[string]string{"Auto.Offset.Reset": "earliest", "kafka.enable.auto.commit": "true"}
		}),
		"kafka value schema":    source(func(s *streaming.KafkaSource) { s.ValueFormat = "json" }),
		"kafka value ddl":       source(func(s *streaming.KafkaSource) { s.ValueFormat, s.ValueSchema = "json", "id BIGIN" }),
		"kafka value avro":      source(func(s *streaming.KafkaSource) { s.ValueFormat, s.ValueSchema = "avro", "id BIGINT" }),
		"kafka value without":   source(func(s *streaming.KafkaSource) { s.ValueSchema, s.ValueSkipBytes = "id BIGINT", 5 }),
		"kafka value unknown":   source(func(s *streaming.KafkaSource) { s.ValueFormat = "xml" }),
		"kafka sasl":            source(func(s *streaming.KafkaSource) { s.SecurityProtocol = "SASL_SSL" }),
		"kafka sasl plain text": source(func(s *streaming.KafkaSource) { s.SASLMechanism = "PLAIN" }),
		"kafka sasl no password": source(func(s *streaming.KafkaSource) {
			s.SecurityProtocol, s.SASLMechanism, s.Username = "SASL_SSL", "PLAIN", "u"
		}),
		"kafka sasl nobody": source(func(s *streaming.KafkaSource) { s.SecurityProtocol, s.SASLMechanism = "SASL_SSL", "SCRAM-SHA-256" }),
		"kafka sasl both": source(func(s *streaming.KafkaSource) {
			s.SecurityProtocol, s.SASLMechanism, s.Username, s.Password, s.SASLJAASConfig = "SASL_SSL", "PLAIN", "u", password, password
		}),
		"kafka sasl gssapi": source(func(s *streaming.KafkaSource) {
			s.SecurityProtocol, s.SASLMechanism, s.Username, s.Password = "SASL_SSL", "GSSAPI", "u", password
		}),
		"kafka sasl unknown": source(func(s *streaming.KafkaSource) { s.SecurityProtocol, s.SASLMechanism = "TLS", "BASIC" }),
		"kafka ssl":          source(func(s *streaming.KafkaSource) { s.SSLTruststoreLocation, s.SSLKeystorePassword = "/t", password }),

		"kafka offsets word":      offsets("newest"),
		"kafka offsets empty":     offsets("{}"),
		"kafka offsets open":      offsets(`{"t":{"0":1}`),
		"kafka offsets more":      offsets(`{"t":{"0":1}} x`),
		"kafka offsets list":      offsets(`{"t":[0]}`),
		"kafka offsets no number": offsets(`{"t":{"0":"1"}}`),
		"kafka offsets fraction":  offsets(`{"t":{"0":1.5}}`),
		"kafka offsets low":       offsets(`{"t":{"0":-3}}`),
		"kafka offsets partition": offsets(`{"t":{"-1":0}}`),
		"kafka offsets no part":   offsets(`{"t":{}}`),
		"kafka offsets twice":     offsets(`{"t":{"0":1,"0":2}}`),
		"kafka offsets topics":    offsets(`{"u":{"0":1}}`),
		"kafka offsets bad topic": offsets(`{"a b":{"0":1}}`),
		"kafka offsets large":     offsets(`{"t":{"0":99999999999999999999}}`),
		"kafka offsets unassigned": source(func(s *streaming.KafkaSource) {
			s.Subscribe, s.Assign, s.StartingOffsets = nil, `{"t":[0,1]}`, `{"t":{"0":1,"2":1}}`
		}),

		"file empty":             streaming.FileSource{},
		"file schema":            streaming.FileSource{Path: "/in", Format: "json"},
		"file schemas":           streaming.FileSource{Path: "/in", Schema: "id INT", InferSchema: true},
		"file ddl":               streaming.FileSource{Path: "/in", Schema: "id INTT"},
		"file json":              streaming.FileSource{Path: "/in", Schema: `{"type":"struct"`},
		"file no file":           streaming.FileSource{Path: "/in", SchemaPath: "testdata/none.ddl"},
		"file format":            streaming.FileSource{Path: "/in", Format: "xls", Schema: "id INT"},
		"file limits":            streaming.FileSource{Path: "/in", Schema: "id INT", MaxFilesPerTrigger: 1, MaxBytesPerTrigger: "1g", MaxFileAge: -1},
		"file archive":           streaming.FileSource{Path: "/in", Schema: "id INT", CleanSource: "archive"},
		"delta source":           streaming.DeltaSource{Path: "/d", Table: "t", StartingVersion: "-1", StartingTimestamp: "soon", ReadChangeFeed: true, IgnoreDeletes: true, MaxFilesPerTrigger: -1},
		"delta nothing":          streaming.DeltaSource{},
		"iceberg":                streaming.IcebergSource{StreamFromTimestamp: "x", MaxFilesPerBatch: -1, MaxRowsPerBatch: -1},
		"table":                  streaming.TableSource{},
		"socket":                 streaming.SocketSource{Port: 70000},
		"rate micro":             streaming.RateMicroBatchSource{NumPartitions: -1, StartTimestamp: "-5", AdvancePerBatch: time.Nanosecond},
		"event hubs":             streaming.EventHubsSource{StartingPosition: "middle", ReceiverTimeout: time.Hour, PrefetchCount: -1},
		"event hubs no endpoint": streaming.EventHubsSource{ConnectionString: password, StartingPosition: "offset:x"},
		"event hubs no entity":   streaming.EventHubsSource{ConnectionString: connection(), StartingPosition: "enqueued:"},
		"event hubs two":         streaming.EventHubsSource{ConnectionString: secrets.NewValue(connection().Reveal() + ";EntityPath=a"), EventHubName: "b", StartingPosition: "sequence:-1"},
		"kinesis": streaming.KinesisSource{
			ConsumerType: "push", ConsumerName: "c", StartingPosition: "at_timestamp", RoleARN: "r", SecretKey: password, MaxFetchTimePerShard: time.Second,
		},
		"kinesis token": streaming.KinesisSource{StreamName: "s", Region: "r", SessionToken: password, StartingPosition: "first"},
		"pubsub":        streaming.PubSubSource{PrivateKey: password, ServiceCredential: "c", MaxFetchPeriod: -1},

		"kafka sink empty": streaming.KafkaSink{},
		"kafka sink transactional": streaming.KafkaSink{
			Kafka: streaming.Kafka{BootstrapServers: "b:1", KafkaOptions: map[string]string{"transactional.id": "x"}, Options: map[string]string{"kafka.KEY.serializer": "x"}}, Topic: "t",
		},
		"kafka sink topics": streaming.KafkaSink{Kafka: kafkaOf("b:1"), Topic: "a/b", TopicColumn: "c", Headers: map[string]string{"h": " "}},
		"kafka sink formats": streaming.KafkaSink{
			Kafka: kafkaOf("b:1"), Topic: "t", KeyFormat: "json", ValueFormat: "string", ValueSchema: "x", ValueOptions: map[string]string{"a": "b"},
		},
		"file sink":          streaming.FileSink{Format: "xls", PartitionBy: []string{""}, Retention: -1},
		"table sink":         streaming.TableSink{PartitionBy: []string{"a"}, ClusterBy: []string{""}},
		"delta sink":         streaming.DeltaSink{WriteMode: "append", OverwriteSchema: true, PartitionBy: []string{""}, Options: map[string]string{"replacewhere": "x"}},
		"delta sink merge":   streaming.DeltaSink{Path: "/d", WriteMode: "merge"},
		"iceberg upsert":     streaming.IcebergSink{Table: "t", WriteMode: "upsert", PartitionBy: []string{""}},
		"iceberg dynamic":    streaming.IcebergSink{WriteMode: "overwriteDynamic"},
		"delta merge":        streaming.DeltaMergeSink{},
		"delta merge both":   streaming.DeltaMergeSink{Path: "/d", Table: "t", StagingPath: "/d", Keys: []string{""}, On: "x"},
		"delta merge idle":   streaming.DeltaMergeSink{Path: "/d", StagingPath: "/s", On: "x", LatestBy: "y", NoUpdate: true, NoInsert: true, InsertWhen: "z", UpdateWhen: "z"},
		"jdbc":               streaming.JDBCSink{BatchColumn: "x", RowColumn: "x", BatchSize: -1},
		"no checkpoint":      pipelineOf(streaming.DeltaSink{Path: "/d"}, func(p *streaming.StreamingPipeline) { p.CheckpointLocation = "" }),
		"file sink complete": pipelineOf(streaming.FileSink{Path: "/d"}, func(p *streaming.StreamingPipeline) { p.OutputMode = streaming.OutputModeComplete }),
		"delta sink update":  pipelineOf(streaming.DeltaSink{Path: "/d"}, func(p *streaming.StreamingPipeline) { p.OutputMode = streaming.OutputModeUpdate }),
		"merge by time": pipelineOf(streaming.DeltaMergeSink{Path: "/d", StagingPath: "/s", Keys: []string{"id"}}, func(p *streaming.StreamingPipeline) {
			p.Trigger = streaming.ProcessingTime(time.Second)
		}),
	}
	return out
}

func pipelineOf(sink streaming.StreamingSink, change func(p *streaming.StreamingPipeline)) streaming.StreamingPipeline {
	p := streaming.StreamingPipeline{Source: streaming.RateSource{}, Sink: sink, CheckpointLocation: "/c"}
	change(&p)
	return p
}

func TestFaultsOfConnectors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before := len(b.server.Requests())
	messages := map[string][]string{}
	for name, part := range bad() {
		err := part.Validate()
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), hidden, name)
		messages[name] = strings.Split(err.Error(), "\n")
		if source, ok := part.(streaming.StreamingSource); ok {
			_, err := source.ReadStream(t.Context(), b.spark)
			require.Error(t, err, name)
		}
		if sink, ok := part.(streaming.StreamingSink); ok {
			_, err := sink.WriteStream(t.Context(), b.spark, nil, streaming.Writer{})
			require.Error(t, err, name)
		}
	}
	require.Len(t, b.server.Requests(), before, "nothing is sent")
	golden(t, "connector_faults", messages)
}

// The predecessor lowers the case of JSON offsets and loses them.
func TestOffsetsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, text := range []string{`{"Orders":{"0":23,"1":-2}}`, ` { "Orders" : { "0" : 9223372036854775807 } } `} {
		s := streaming.KafkaSource{Kafka: kafkaOf("b:1"), Subscribe: []string{"Orders"}, StartingOffsets: text}
		df, err := s.ReadStream(t.Context(), b.spark)
		require.NoError(t, err)
		require.Contains(t, string(b.readPlan(t, df)), strings.ReplaceAll(text, `"`, `\"`))
	}
}

func FuzzOffsets(f *testing.F) {
	for _, seed := range []string{"", "latest", `{"t":{"0":1}}`, `{"t":{"0":-2,"0":1}}`, `{"t":[`, `{"t":{"0":1e3}}`, "{{", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		s := streaming.KafkaSource{Kafka: kafkaOf("b:1"), SubscribePattern: ".*", StartingOffsets: text}
		_ = s.Validate()
		s = streaming.KafkaSource{Kafka: kafkaOf("b:1"), Assign: text, StartingOffsetsByTimestamp: text}
		_ = s.Validate()
	})
}
