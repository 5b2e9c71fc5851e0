package streaming

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// KinesisSource reads a stream of Amazon Kinesis with the connector of AWS Labs,
// org.apache.spark:spark-streaming-sql-kinesis-connector_2.13, which is built from
// github.com/awslabs/spark-sql-kinesis-connector. It has no trigger available_now.
type KinesisSource struct {
	// StreamName is the name of the stream.
	StreamName string `koanf:"stream_name" required:"true" doc:"name of the stream"`
	// Region is where it is; it gives the endpoint unless EndpointURL does.
	Region string `koanf:"region" doc:"region of the stream, such as eu-west-1"`
	// EndpointURL is by default https://kinesis.REGION.amazonaws.com.
	EndpointURL string `koanf:"endpoint_url" doc:"endpoint of Kinesis; by default that of the region"`
	// ConsumerType is GetRecords or SubscribeToShard, which wants ConsumerName and
	// costs extra. Default GetRecords.
	ConsumerType string `koanf:"consumer_type" enum:"GetRecords,SubscribeToShard" doc:"how records are fetched; by default GetRecords"`
	ConsumerName string `koanf:"consumer_name" doc:"name of the consumer of SubscribeToShard, which is this query's alone"`
	// StartingPosition is latest, trim_horizon (also earliest) or at_timestamp and a
	// time, RFC 3339 or milliseconds since 1970, with a space or a slash between
	// them. Default latest.
	StartingPosition string `koanf:"starting_position" doc:"latest, trim_horizon or at_timestamp/T with RFC 3339 or milliseconds; by default latest"`
	// RoleARN and RoleSessionName assume a role; they want each other.
	RoleARN         string `koanf:"role_arn" doc:"role to assume"`
	RoleSessionName string `koanf:"role_session_name" doc:"name of the session of the role"`
	// AccessKeyID, SecretKey and SessionToken are credentials; default those of the
	// cluster.
	AccessKeyID  secrets.Value `koanf:"access_key_id" doc:"access key; by default the credentials of the cluster"`
	SecretKey    secrets.Value `koanf:"secret_key" alias:"secret_access_key" doc:"secret of the access key"`
	SessionToken secrets.Value `koanf:"session_token" doc:"token of temporary credentials"`
	// MaxFetchRecordsPerShard and MaxFetchTimePerShard bound a batch; the time is
	// whole seconds, 10 at least. Default 100000 records.
	MaxFetchRecordsPerShard int           `koanf:"max_fetch_records_per_shard" min:"0" doc:"most records of a shard in a batch; by default 100000"`
	MaxFetchTimePerShard    time.Duration `koanf:"max_fetch_time_per_shard" doc:"longest time to fetch from a shard in a batch, 10s at least"`
	// FailOnDataLoss fails when a shard is gone that was not read; nil is the
	// connector's default, false.
	FailOnDataLoss *bool `koanf:"fail_on_data_loss" doc:"fail when a shard is gone that was not read; by default false"`
	// Options are passed to the connector under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the connector under its own keys"`
}

var _ StreamingSource = KinesisSource{}

// minKinesisFetch is the connector's.
const minKinesisFetch = 10 * time.Second

// Validate reports what the connector would refuse.
func (s KinesisSource) Validate() error {
	f := &options.Faults{What: "kinesis"}
	if s.StreamName == "" {
		f.Add("stream_name is missing")
	}
	if s.Region == "" && s.EndpointURL == "" {
		f.Add("set region or endpoint_url")
	}
	f.OneOf("consumer_type", s.ConsumerType, "GetRecords", "SubscribeToShard")
	if (s.ConsumerName != "") != strings.EqualFold(s.ConsumerType, "SubscribeToShard") {
		f.Add("consumer_name and consumer_type SubscribeToShard want each other")
	}
	_, err := kinesisPosition(s.StartingPosition)
	f.Err("starting_position", err)
	if (s.RoleARN == "") != (s.RoleSessionName == "") {
		f.Add("role_arn and role_session_name want each other")
	}
	if s.AccessKeyID.IsZero() != s.SecretKey.IsZero() {
		f.Add("access_key_id and secret_key want each other")
	}
	if !s.SessionToken.IsZero() && s.AccessKeyID.IsZero() {
		f.Add("session_token wants access_key_id and secret_key")
	}
	f.NotNegative("max_fetch_records_per_shard", int64(s.MaxFetchRecordsPerShard))
	if d := s.MaxFetchTimePerShard; d != 0 && (d < minKinesisFetch || d%time.Second != 0) {
		f.Add("max_fetch_time_per_shard is %s; write whole seconds from %s on", d, minKinesisFetch)
	}
	return f.Join()
}

func kinesisPosition(text string) (string, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	switch lower {
	case "":
		return "", nil
	case "latest", "trim_horizon", "earliest":
		return strings.ToUpper(lower), nil
	}
	at, ok := strings.CutPrefix(lower, "at_timestamp")
	if !ok {
		return "", fmt.Errorf("%q is none; write latest, trim_horizon or at_timestamp/T", text)
	}
	millis, err := options.Instant(strings.ToUpper(strings.Trim(at, " /")))
	if err != nil {
		return "", err
	}
	n, err := strconv.ParseInt(millis, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%q: the time is missing", text)
	}
	return "AT_TIMESTAMP " + time.UnixMilli(n).UTC().Format(time.RFC3339), nil
}

// ReadStream implements [StreamingSource], with no round trip.
func (s KinesisSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	o.Text("kinesis.streamName", s.StreamName)
	o.Text("kinesis.region", s.Region)
	o.Text("kinesis.endpointUrl", cmp.Or(s.EndpointURL, "https://kinesis."+s.Region+".amazonaws.com"))
	o.Text("kinesis.consumerType", s.ConsumerType)
	o.Text("kinesis.consumerName", s.ConsumerName)
	start, _ := kinesisPosition(s.StartingPosition) // checked by Validate
	o.Text("kinesis.startingPosition", start)
	o.Text("kinesis.stsRoleArn", s.RoleARN)
	o.Text("kinesis.stsSessionName", s.RoleSessionName)
	o.Secret("kinesis.awsAccessKeyId", s.AccessKeyID)
	o.Secret("kinesis.awsSecretKey", s.SecretKey)
	o.Secret("kinesis.sessionToken", s.SessionToken)
	o.Number("kinesis.maxFetchRecordsPerShard", int64(s.MaxFetchRecordsPerShard))
	o.Number("kinesis.maxFetchTimePerShardSec", int64(s.MaxFetchTimePerShard/time.Second))
	o.Choice("kinesis.failOnDataLoss", s.FailOnDataLoss)
	return Reader{Format: "aws-kinesis", Options: options.Merge(o, s.Options)}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer]: the stream.
func (s KinesisSource) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Inputs: []dataflow.Dataset{outsideTable("kinesis:"+s.Region, s.StreamName)}, Effect: dataflow.EffectNone}
}
