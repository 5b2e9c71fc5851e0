package streaming

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// DefaultEventHubsConnector is the connector's version that [EventHubsSource]
// expects.
const DefaultEventHubsConnector = "2.3.22"

// EventHubsSource reads an event hub of Azure with Microsoft's connector, the jar
// com.microsoft.azure:azure-eventhubs-spark_2.12, which exists for Spark 3 and
// Scala 2.12 only. With Spark 4, read an event hub with [KafkaSource]: event hubs
// speak Kafka's protocol too.
type EventHubsSource struct {
	// ConnectionString is that of the namespace or the event hub.
	ConnectionString secrets.Value `koanf:"connection_string" required:"true" doc:"connection string of the namespace or the event hub"`
	// EventHubName is needed if the connection string has no EntityPath.
	EventHubName string `koanf:"event_hub_name" alias:"name" doc:"name of the event hub, if the connection string has no EntityPath"`
	// ConsumerGroup is by default $Default.
	ConsumerGroup string `koanf:"consumer_group" doc:"consumer group; by default $Default"`
	// StartingPosition is earliest (also start, start_of_stream), latest (also end,
	// end_of_stream), offset:N, sequence:N or enqueued:T, where T is RFC 3339 or
	// milliseconds since 1970. Default latest.
	StartingPosition string `koanf:"starting_position" doc:"earliest, latest, offset:N, sequence:N or enqueued:T with milliseconds or RFC 3339; by default latest"`
	// MaxEventsPerTrigger bounds a batch; default 1000 for each partition.
	MaxEventsPerTrigger int64 `koanf:"max_events_per_trigger" min:"0" doc:"most events of a batch; by default 1000 a partition"`
	// ReceiverTimeout and OperationTimeout; default 60s and 5m. The first is not
	// longer.
	ReceiverTimeout  time.Duration `koanf:"receiver_timeout" doc:"how long to wait for events; by default 60s"`
	OperationTimeout time.Duration `koanf:"operation_timeout" doc:"how long to try again; by default 5m"`
	// PrefetchCount is how many events are received ahead.
	PrefetchCount int `koanf:"prefetch_count" min:"0" doc:"events that are received ahead; by default the connector's"`
	// ConnectorVersion is that of the jar: since 2.3.15 it wants the connection
	// string encrypted under its own version. The default is
	// [DefaultEventHubsConnector]; none sends it as it is.
	ConnectorVersion string `koanf:"connector_version" doc:"version of the connector's jar, which encrypts the connection string; none sends it as it is; by default 2.3.22"`
	// Options are passed to the connector under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the connector under its own keys"`
}

var _ StreamingSource = EventHubsSource{}

// Defaults of the connector.
const (
	eventHubsReceive = time.Minute
	eventHubsOperate = 5 * time.Minute
)

// Validate reports what is missing or malformed. It never names the connection
// string.
func (s EventHubsSource) Validate() error {
	f := &options.Faults{What: "event hubs"}
	if s.ConnectionString.IsZero() {
		f.Add("connection_string is missing")
	} else if entity, err := entityPath(s.ConnectionString.Reveal()); err != nil {
		f.Err("connection_string", err)
	} else if entity == "" && s.EventHubName == "" {
		f.Add("event_hub_name is missing, and the connection string has no EntityPath")
	} else if entity != "" && s.EventHubName != "" && entity != s.EventHubName {
		f.Add("event_hub_name is %q, but the connection string has another EntityPath", s.EventHubName)
	}
	_, err := eventPosition(s.StartingPosition)
	f.Err("starting_position", err)
	f.NotNegative("max_events_per_trigger", s.MaxEventsPerTrigger)
	f.NotNegative("prefetch_count", int64(s.PrefetchCount))
	f.WholeMillis("receiver_timeout", s.ReceiverTimeout)
	f.WholeMillis("operation_timeout", s.OperationTimeout)
	if cmp.Or(s.ReceiverTimeout, eventHubsReceive) > cmp.Or(s.OperationTimeout, eventHubsOperate) {
		f.Add("receiver_timeout is longer than operation_timeout")
	}
	return f.Join()
}

// entityPath finds the name of the event hub in a connection string, "" if it has
// none.
func entityPath(text string) (string, error) {
	found, endpoint := "", false
	for _, part := range strings.Split(text, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "entitypath":
			found = strings.TrimSpace(value)
		case "endpoint":
			endpoint = true
		}
	}
	if !endpoint {
		return "", fmt.Errorf("it has no Endpoint; write Endpoint=sb://…;SharedAccessKeyName=…;SharedAccessKey=…;EntityPath=…")
	}
	return found, nil
}

// position is the JSON of the connector's EventPosition.
type position struct {
	Offset       *string `json:"offset"`
	SeqNo        int64   `json:"seqNo"`
	EnqueuedTime *string `json:"enqueuedTime"`
	IsInclusive  bool    `json:"isInclusive"`
}

func eventPosition(text string) (string, error) {
	p := position{SeqNo: -1, IsInclusive: true}
	kind, value, _ := strings.Cut(text, ":")
	start, end := "-1", "@latest"
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "", "latest", "end", "end_of_stream":
		p.Offset = &end
	case "earliest", "start", "start_of_stream":
		p.Offset = &start
	case "offset":
		if _, err := strconv.ParseUint(value, 10, 63); err != nil {
			return "", fmt.Errorf("%q: the offset is no number from 0 on", text)
		}
		p.Offset = &value
	case "sequence":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return "", fmt.Errorf("%q: the sequence number is no number from 0 on", text)
		}
		p.SeqNo = n
	case "enqueued":
		millis, err := options.Instant(value)
		if err != nil || millis == "" {
			return "", fmt.Errorf("%q: write enqueued: and milliseconds since 1970 or RFC 3339", text)
		}
		n, err := strconv.ParseInt(millis, 10, 64)
		if err != nil {
			return "", err
		}
		at := time.UnixMilli(n).UTC().Format("2006-01-02T15:04:05.000Z")
		p.EnqueuedTime = &at
	default:
		return "", fmt.Errorf("%q is none; write earliest, latest, offset:N, sequence:N or enqueued:T", text)
	}
	data, err := json.Marshal(p)
	return string(data), err
}

// ReadStream implements [StreamingSource], with no round trip.
func (s EventHubsSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	connection, err := s.connection()
	if err != nil {
		return nil, fmt.Errorf("event hubs: %w", err)
	}
	o.Text("eventhubs.connectionString", connection)
	o.Text("eventhubs.consumerGroup", s.ConsumerGroup)
	start, _ := eventPosition(s.StartingPosition) // checked by Validate
	o.Text("eventhubs.startingPosition", start)
	o.Number("maxEventsPerTrigger", s.MaxEventsPerTrigger)
	o.Text("eventhubs.receiverTimeout", isoDuration(s.ReceiverTimeout))
	o.Text("eventhubs.operationTimeout", isoDuration(s.OperationTimeout))
	o.Number("eventhubs.prefetchCount", int64(s.PrefetchCount))
	spark.Conceal(s.ConnectionString)
	spark.Conceal(options.SecretsIn(s.ConnectionString.Reveal())...)
	return Reader{Format: "eventhubs", Options: options.Merge(o, s.Options)}.ReadStream(ctx, spark)
}

// connection is the connection string with the event hub, as the connector wants
// it.
func (s EventHubsSource) connection() (string, error) {
	text := s.ConnectionString.Reveal()
	if entity, err := entityPath(text); err == nil && entity == "" {
		text = strings.TrimRight(text, ";") + ";EntityPath=" + s.EventHubName
	}
	if strings.EqualFold(s.ConnectorVersion, "none") {
		return text, nil
	}
	return encryptForEventHubs(text, cmp.Or(s.ConnectorVersion, DefaultEventHubsConnector))
}

// isoDuration writes a length of time as Java reads it.
func isoDuration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
}

// Lineage implements [dataflow.Describer]: the event hub.
func (s EventHubsSource) Lineage() dataflow.Lineage {
	entity, _ := entityPath(s.ConnectionString.Reveal())
	return dataflow.Lineage{Inputs: []dataflow.Dataset{outsideTable("eventhubs:", cmp.Or(s.EventHubName, entity))}, Effect: dataflow.EffectNone}
}
