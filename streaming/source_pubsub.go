package streaming

import (
	"context"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// PubSubSource reads a subscription of Google Pub/Sub with the connector of
// Databricks Runtime, the only one for Structured Streaming; no other Spark has it.
// It makes the subscription if there is none.
type PubSubSource struct {
	// ProjectID, TopicID and SubscriptionID name the subscription.
	ProjectID      string `koanf:"project_id" required:"true" doc:"Google Cloud project of the topic"`
	TopicID        string `koanf:"topic_id" required:"true" doc:"name of the topic"`
	SubscriptionID string `koanf:"subscription_id" required:"true" doc:"name of the subscription; it is made if there is none"`
	// ServiceCredential is the name of a credential in Databricks.
	ServiceCredential string `koanf:"service_credential" doc:"name of a service credential of Databricks"`
	// ClientEmail, ClientID, PrivateKeyID and PrivateKey are a service account,
	// instead; all four are set or none.
	ClientEmail  string        `koanf:"client_email" doc:"e-mail address of a service account"`
	ClientID     string        `koanf:"client_id" doc:"id of the service account"`
	PrivateKeyID secrets.Value `koanf:"private_key_id" doc:"id of its private key"`
	PrivateKey   secrets.Value `koanf:"private_key" doc:"its private key"`
	// NumFetchPartitions is how many tasks fetch; default one an executor.
	NumFetchPartitions int `koanf:"num_fetch_partitions" min:"0" doc:"tasks that fetch; by default one an executor"`
	// MaxBytesPerTrigger bounds a batch, such as "64m"; default none.
	MaxBytesPerTrigger string `koanf:"max_bytes_per_trigger" doc:"about as many bytes a batch; by default no bound"`
	// MaxRecordsPerFetch and MaxFetchPeriod bound what a task fetches before it is
	// processed; default 1000 and 10s.
	MaxRecordsPerFetch int           `koanf:"max_records_per_fetch" min:"0" doc:"records that a task fetches before they are processed; by default 1000"`
	MaxFetchPeriod     time.Duration `koanf:"max_fetch_period" doc:"how long a task fetches before records are processed; by default 10s"`
	// DeleteSubscription deletes the subscription when the query ends.
	DeleteSubscription bool `koanf:"delete_subscription_on_stream_stop" default:"false" doc:"delete the subscription when the query ends"`
	// Options are passed to the connector under its own keys.
	Options map[string]string `koanf:"options" doc:"options of the connector under its own keys"`
}

var _ StreamingSource = PubSubSource{}

// Validate reports what is missing or does not go together.
func (s PubSubSource) Validate() error {
	f := &options.Faults{What: "pub/sub"}
	for _, need := range [][2]string{{"project_id", s.ProjectID}, {"topic_id", s.TopicID}, {"subscription_id", s.SubscriptionID}} {
		if need[1] == "" {
			f.Add("%s is missing", need[0])
		}
	}
	set := 0
	for _, isSet := range []bool{s.ClientEmail != "", s.ClientID != "", !s.PrivateKeyID.IsZero(), !s.PrivateKey.IsZero()} {
		if isSet {
			set++
		}
	}
	if set != 0 && set != 4 {
		f.Add("client_email, client_id, private_key_id and private_key want each other")
	}
	if set != 0 && s.ServiceCredential != "" {
		f.Add("service_credential excludes a service account")
	}
	f.NotNegative("num_fetch_partitions", int64(s.NumFetchPartitions))
	f.NotNegative("max_records_per_fetch", int64(s.MaxRecordsPerFetch))
	f.WholeMillis("max_fetch_period", s.MaxFetchPeriod)
	return f.Join()
}

// ReadStream implements [StreamingSource], with no round trip.
func (s PubSubSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	o.Text("projectId", s.ProjectID)
	o.Text("topicId", s.TopicID)
	o.Text("subscriptionId", s.SubscriptionID)
	o.Text("serviceCredential", s.ServiceCredential)
	o.Text("clientEmail", s.ClientEmail)
	o.Text("clientId", s.ClientID)
	o.Secret("privateKeyId", s.PrivateKeyID)
	o.Secret("privateKey", s.PrivateKey)
	o.Number("numFetchPartitions", int64(s.NumFetchPartitions))
	o.Text("maxBytesPerTrigger", s.MaxBytesPerTrigger)
	o.Number("maxRecordsPerFetch", int64(s.MaxRecordsPerFetch))
	o.Millis("maxFetchPeriod", s.MaxFetchPeriod)
	o.Flag("deleteSubscriptionOnStreamStop", s.DeleteSubscription)
	return Reader{Format: "pubsub", Options: options.Merge(o, s.Options)}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer]: the topic.
func (s PubSubSource) Lineage() dataflow.Lineage {
	return dataflow.Lineage{Inputs: []dataflow.Dataset{outsideTable("pubsub:"+s.ProjectID, s.TopicID)}, Effect: dataflow.EffectNone}
}
