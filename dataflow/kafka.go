package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/kafka"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// Kafka says how Spark reaches a Kafka cluster. The server needs the jar
// org.apache.spark:spark-sql-kafka-0-10_2.13 of its own version.
type Kafka struct {
	// BootstrapServers are host:port of one broker or more, with commas.
	BootstrapServers string `koanf:"bootstrap_servers" required:"true" doc:"host:port of one broker or more, with commas"`
	// SecurityProtocol is how brokers are spoken to; default PLAINTEXT.
	SecurityProtocol string `koanf:"security_protocol" enum:"PLAINTEXT,SSL,SASL_PLAINTEXT,SASL_SSL" doc:"how brokers are spoken to; by default PLAINTEXT"`
	// SASLMechanism is how to log in; required with SASL.
	SASLMechanism string `koanf:"sasl_mechanism" enum:"PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,GSSAPI,OAUTHBEARER" doc:"how to log in where security_protocol is one of SASL"`
	// Username and Password log in with PLAIN and SCRAM.
	Username string        `koanf:"username" doc:"user of PLAIN and SCRAM"`
	Password secrets.Value `koanf:"password" doc:"password of PLAIN and SCRAM"`
	// SASLJAASConfig is the whole line of JAAS, instead of Username and Password.
	SASLJAASConfig secrets.Value `koanf:"sasl_jaas_config" alias:"jaas" doc:"whole line of JAAS, instead of username and password"`
	// The stores of SSL are files on every machine of the cluster.
	SSLTruststoreLocation string        `koanf:"ssl_truststore_location" doc:"file with trusted certificates, on every machine of the cluster"`
	SSLTruststorePassword secrets.Value `koanf:"ssl_truststore_password" doc:"password of the trust store"`
	SSLTruststoreType     string        `koanf:"ssl_truststore_type" enum:"JKS,PKCS12,PEM" doc:"kind of the trust store; by default JKS"`
	SSLKeystoreLocation   string        `koanf:"ssl_keystore_location" doc:"file with the client's certificate, on every machine of the cluster"`
	SSLKeystorePassword   secrets.Value `koanf:"ssl_keystore_password" doc:"password of the key store"`
	SSLKeystoreType       string        `koanf:"ssl_keystore_type" enum:"JKS,PKCS12,PEM" doc:"kind of the key store; by default JKS"`
	SSLKeyPassword        secrets.Value `koanf:"ssl_key_password" doc:"password of the key in the key store"`
	// KafkaOptions are settings of the Kafka client under Kafka's own keys, with or
	// without "kafka." before them. They are no place for secrets.
	KafkaOptions map[string]string `koanf:"kafka_options" alias:"consumer_options,producer_options" doc:"settings of the Kafka client under Kafka's own keys; no place for secrets"`
	// Options are passed to Spark under its own keys, and win over the rest.
	Options map[string]string `koanf:"options" doc:"options of Spark's Kafka connector under its own keys"`
}

// KafkaDecoding says what becomes of the bytes of records.
type KafkaDecoding struct {
	// KeyFormat is binary or string; default binary.
	KeyFormat string `koanf:"key_format" enum:"binary,string" doc:"what becomes of the column key; by default binary"`
	// ValueFormat is binary, string, json or avro; default binary. With json and avro
	// the columns are those of the schema, instead of Spark's.
	ValueFormat string `koanf:"value_format" enum:"binary,string,json,avro" doc:"what becomes of the value; with json and avro the columns are those of value_schema; by default binary"`
	// ValueSchema is a DDL text for json and an Avro schema as JSON for avro.
	ValueSchema string `koanf:"value_schema" doc:"columns of the value: DDL for json, an Avro schema for avro"`
	// ValueOptions are those of from_json or from_avro, such as mode FAILFAST.
	// By default a value that is no JSON gives a row of nulls, and one that is no
	// Avro fails the query.
	ValueOptions map[string]string `koanf:"value_options" doc:"options of from_json or from_avro under Spark's own keys, such as mode"`
	// ValueSkipBytes are cut off before Avro is read: 5 for what Confluent's
	// serializers put there.
	ValueSkipBytes int `koanf:"value_skip_bytes" min:"0" doc:"bytes to cut off before Avro is read; 5 for records of Confluent's serializers"`
	// MetadataColumn is the name of a struct with the rest of the record, beside the
	// columns of json and avro. Default none.
	MetadataColumn string `koanf:"metadata_column" doc:"name of a struct with key, topic, partition, offset, timestamp and headers, beside the columns of the value; by default none"`
}

// kafkaPlace is where the topics of a cluster are.
func kafkaPlace(k Kafka) outside { return outside(kafka.Connection(k).Place()) }

// selectAll applies selections one after the other, with no round trip.
func selectAll(ctx context.Context, spark *Session, df sql.DataFrame, selections ...[]string) (sql.DataFrame, error) {
	for _, exprs := range selections {
		out, err := df.SelectExpr(ctx, exprs...)
		if err != nil {
			return nil, spark.Error(ctx, err)
		}
		df = out
	}
	return df, nil
}
