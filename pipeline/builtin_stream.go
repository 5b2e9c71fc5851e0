package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/nearest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// streamFactories are the types for streams.
func streamFactories() []component.Factory {
	return []component.Factory{
		streamReader[streaming.DeltaSource]("delta", "registers the stream of a Delta table as a view"),
		streamReader[streaming.EventHubsSource]("eventhubs", "registers the events of Azure Event Hubs as a view"),
		streamReader[streaming.FileSource]("file", "registers the files that come into a folder as a view"),
		streamReader[streaming.IcebergSource]("iceberg", "registers the stream of an Iceberg table as a view"),
		streamReader[streaming.KafkaSource]("kafka", "registers the records of Kafka topics as a view"),
		streamReader[streaming.KinesisSource]("kinesis", "registers the records of an Amazon Kinesis stream as a view"),
		streamReader[streaming.PubSubSource]("pubsub", "registers the messages of Google Pub/Sub as a view"),
		streamReader[streaming.RateSource]("rate", "registers generated rows as a view, so many a second"),
		streamReader[streaming.RateMicroBatchSource]("rate_micro_batch", "registers generated rows as a view, so many a batch"),
		streamReader[streaming.SocketSource]("socket", "registers lines of text from a socket as a view"),
		streamReader[streaming.TableSource]("table", "registers the stream of a table as a view"),
		streamWriter[streaming.ConsoleSink]("console", "prints a stream on the server"),
		streamWriter[streaming.DeltaSink]("delta", "writes a stream to a Delta table"),
		streamWriter[streaming.DeltaMergeSink]("delta_merge", "updates a Delta table with the rows of a stream, step by step"),
		streamWriter[streaming.FileSink]("file", "writes a stream as files"),
		streamWriter[streaming.IcebergSink]("iceberg", "writes a stream to an Iceberg table"),
		streamWriter[streaming.JDBCSink]("jdbc", "appends a stream to a table of a database, step by step"),
		streamWriter[streaming.KafkaSink]("kafka", "writes a stream to Kafka"),
		streamWriter[streaming.MemorySink]("memory", "keeps a stream in the memory of the server, as a table of the query's name"),
		streamWriter[streaming.NoopSink]("noop", "runs a stream and writes nothing"),
		streamWriter[streaming.TableSink]("table", "writes a stream to a table"),
		streamFactory(),
	}
}

// streamSources and streamSinks are what can stand under "type" in the blocks
// "source" and "sink" of a stream.
func streamSources() map[string]func(config.Section) (streaming.StreamingSource, error) {
	return map[string]func(config.Section) (streaming.StreamingSource, error){
		"delta": decodeSource[streaming.DeltaSource], "eventhubs": decodeSource[streaming.EventHubsSource],
		"file": decodeSource[streaming.FileSource], "iceberg": decodeSource[streaming.IcebergSource],
		"kafka": decodeSource[streaming.KafkaSource], "kinesis": decodeSource[streaming.KinesisSource],
		"pubsub": decodeSource[streaming.PubSubSource], "rate": decodeSource[streaming.RateSource],
		"rate_micro_batch": decodeSource[streaming.RateMicroBatchSource], "socket": decodeSource[streaming.SocketSource],
		"table": decodeSource[streaming.TableSource],
	}
}

func streamSinks() map[string]func(config.Section) (streaming.StreamingSink, error) {
	return map[string]func(config.Section) (streaming.StreamingSink, error){
		"console": decodeSink[streaming.ConsoleSink], "delta": decodeSink[streaming.DeltaSink],
		"delta_merge": decodeSink[streaming.DeltaMergeSink], "jdbc": decodeSink[streaming.JDBCSink],
		"file": decodeSink[streaming.FileSink], "iceberg": decodeSink[streaming.IcebergSink],
		"kafka": decodeSink[streaming.KafkaSink], "memory": decodeSink[streaming.MemorySink],
		"noop": decodeSink[streaming.NoopSink], "table": decodeSink[streaming.TableSink],
	}
}

// watermarkConfig are the keys of a watermark.
type watermarkConfig struct {
	Column string `koanf:"watermark_column" doc:"column of event time; with watermark_delay"`
	Delay  string `koanf:"watermark_delay" doc:"how late data may come, such as 10m or 10 minutes"`
}

func (w watermarkConfig) watermark() (streaming.Watermark, error) {
	switch {
	case w.Column == "" && w.Delay == "":
		return streaming.Watermark{}, nil
	case w.Column == "" || w.Delay == "":
		return streaming.Watermark{}, errors.New(`"watermark_column" and "watermark_delay" go together`)
	}
	delay, err := streaming.ParseInterval(w.Delay)
	if err != nil {
		return streaming.Watermark{}, fmt.Errorf("watermark_delay: %w", err)
	}
	return streaming.Watermark{Column: w.Column, Delay: delay}, nil
}

// queryConfig are the keys of a streaming query.
type queryConfig struct {
	Trigger            string               `koanf:"trigger" doc:"processing_time, available_now, once or continuous; by default as soon as there is data"`
	TriggerInterval    string               `koanf:"trigger_interval" doc:"interval of processing_time and continuous, such as 10s or 10 seconds"`
	OutputMode         streaming.OutputMode `koanf:"output_mode" doc:"append, complete or update; by default append"`
	QueryName          string               `koanf:"query_name" doc:"name of the query; by default the component's"`
	CheckpointLocation string               `koanf:"checkpoint_location" alias:"checkpoint_path" doc:"folder on the cluster in which Spark keeps how far the query is; it belongs to this query alone"`
	StopTimeout        time.Duration        `koanf:"stop_timeout" doc:"how long a batch may still take when the run is stopped; by default 30s"`
}

// fill puts the settings of the query into a stream.
func (q queryConfig) fill(name string, p streaming.StreamingPipeline) (component.PipelineComponent, error) {
	trigger, err := streaming.ParseTrigger(q.Trigger, q.TriggerInterval)
	if err != nil {
		return nil, err
	}
	p.Label, p.QueryName, p.Trigger, p.OutputMode = name, q.QueryName, trigger, q.OutputMode
	if p.QueryName == "" {
		p.QueryName = name
	}
	p.CheckpointLocation, p.StopTimeout = q.CheckpointLocation, q.StopTimeout
	return dataflow.Component(p), nil
}

// readStreamConfig is the config block of read_stream_*.
type readStreamConfig[S streaming.StreamingSource] struct {
	Source     S               `koanf:",squash"`
	OutputView string          `koanf:"output_view" required:"true" doc:"name of the temporary view"`
	Filter     string          `koanf:"filter_condition" doc:"SQL condition on the rows; by default all are kept"`
	Watermark  watermarkConfig `koanf:",squash"`
}

func streamReader[S streaming.StreamingSource](format, summary string) component.Factory {
	info := component.Info{Type: "read_stream_" + format, Summary: summary, Kind: component.KindSource}
	return component.NewFactory(info, func(_ string, cfg readStreamConfig[S]) (component.PipelineComponent, error) {
		watermark, err := cfg.Watermark.watermark()
		if err != nil {
			return nil, err
		}
		return dataflow.Component(streaming.ReadStreamView{
			Source: cfg.Source, Watermark: watermark, Filter: cfg.Filter, View: cfg.OutputView,
		}), nil
	})
}

// writeStreamConfig is the config block of write_stream_*.
type writeStreamConfig[S streaming.StreamingSink] struct {
	InputView   string `koanf:"input_view" doc:"view of a stream to write"`
	StreamQuery string `koanf:"query" doc:"SQL query over such views whose result is written, instead of input_view"`
	Sink        S      `koanf:",squash"`
	queryConfig `koanf:",squash"`
}

func streamWriter[S streaming.StreamingSink](format, summary string) component.Factory {
	info := component.Info{Type: "write_stream_" + format, Summary: summary, Kind: component.KindSink}
	return component.NewFactory(info, func(name string, cfg writeStreamConfig[S]) (component.PipelineComponent, error) {
		return cfg.fill(name, streaming.StreamingPipeline{
			Source: streaming.FromView{View: cfg.InputView, Query: cfg.StreamQuery}, Sink: cfg.Sink,
		})
	})
}

// streamConfig is the config block of stream, a whole streaming query.
type streamConfig struct {
	Source      config.Section  `koanf:"source" required:"true" doc:"block with type (kafka, file, delta, ...) and the settings of read_stream_*"`
	Watermark   watermarkConfig `koanf:",squash"`
	SQL         string          `koanf:"sql" doc:"SQL query over the source, which it finds under the name of view"`
	View        string          `koanf:"view" doc:"name under which sql finds the source; by default the component's name"`
	Sink        config.Section  `koanf:"sink" required:"true" doc:"block with type (delta, kafka, file, ...) and the settings of write_stream_*"`
	queryConfig `koanf:",squash"`
}

func streamFactory() component.Factory {
	info := component.Info{
		Type: "stream", Kind: component.KindTransformation,
		Summary: "runs a streaming query from a source to a sink",
	}
	return component.NewFactory(info, func(name string, cfg streamConfig) (component.PipelineComponent, error) {
		source, err1 := chosen(cfg.Source, "source", streamSources())
		sink, err2 := chosen(cfg.Sink, "sink", streamSinks())
		watermark, err3 := cfg.Watermark.watermark()
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, err
		}
		p := streaming.StreamingPipeline{Source: source, Watermark: watermark, Sink: sink}
		if cfg.SQL != "" {
			view := cfg.View
			if view == "" {
				view = name
			}
			p.Transforms = append(p.Transforms, streaming.SQL{View: view, Query: cfg.SQL})
		}
		return cfg.fill(name, p)
	})
}

// chosen decodes a block whose key "type" says what it is.
func chosen[T any](section config.Section, what string, kinds map[string]func(config.Section) (T, error)) (T, error) {
	var none T
	all := map[string]any{}
	if err := section.Decode(&all); err != nil {
		return none, err
	}
	kind, _ := all["type"].(string)
	if decode, ok := kinds[strings.ToLower(kind)]; ok {
		return decode(section)
	}
	known := slices.Sorted(maps.Keys(kinds))
	hint := "want one of " + strings.Join(known, ", ")
	if near := nearest.Word(kind, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return none, fmt.Errorf("%s.type: unknown %s %q; %s", what, what, kind, hint)
}

func decodeSource[S streaming.StreamingSource](section config.Section) (streaming.StreamingSource, error) {
	var block struct {
		Type   string `koanf:"type"`
		Source S      `koanf:",squash"`
	}
	err := section.Decode(&block)
	return block.Source, err
}

func decodeSink[S streaming.StreamingSink](section config.Section) (streaming.StreamingSink, error) {
	var block struct {
		Type string `koanf:"type"`
		Sink S      `koanf:",squash"`
	}
	err := section.Decode(&block)
	return block.Sink, err
}
