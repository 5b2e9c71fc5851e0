package dataflow_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sparkerrors"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/secrets"
)

const canary = `c4n4ry "s3cr3t"&<é/`

// repeating makes the server refuse every execution and repeat the canary in every
// form that there is.
func repeating(t *testing.T) bundle {
	t.Helper()
	b := setup(t, nil)
	forms := strings.Join([]string{
		canary, base64.StdEncoding.EncodeToString([]byte(canary)), url.QueryEscape(canary), url.PathEscape(canary), hex.EncodeToString([]byte(canary)),
		strings.ReplaceAll(canary, `"`, `\"`),
	}, " | ")
	b.server.OnExecute(func(*fakeconnect.Operation) error {
		b.server.SetDetails("e", &wire.FetchErrorDetailsResponse{RootErrorIdx: new(int32), Errors: []*wire.FetchErrorDetailsResponse_Error{{Message: "cause: " + forms}}})
		return fakeconnect.Failure{Class: "BAD_OPTION", State: "42000", Message: "bad: " + forms, Parameters: map[string]string{"option": forms}, ErrorID: "e"}.Error()
	})
	return b
}

// requireConcealed looks at all that can be had of an error.
func requireConcealed(t *testing.T, b bundle, err error) {
	t.Helper()
	require.Error(t, err)
	var ours *component.SparkError
	require.ErrorAs(t, b.spark.Error(t.Context(), err), &ours)
	causes, _ := ours.Causes(t.Context())
	text := fmt.Sprintf("%v %+v %+v %+v", err, b.spark.Error(t.Context(), err), *ours, causes)
	var client *sparkerrors.SparkError
	if errors.As(err, &client) {
		text += fmt.Sprintf("%+v %v", *client, client)
	}
	for _, form := range []string{"c4n4ry", base64.StdEncoding.EncodeToString([]byte(canary)), hex.EncodeToString([]byte(canary))} {
		require.NotContains(t, text, form)
	}
	require.Contains(t, text, "bad: "+secrets.Redacted, "the rest of the error stays")
	require.Equal(t, "BAD_OPTION", ours.Class)
}

// TestErrorsOfTheServerConcealSecrets is for sources and sinks that are used
// without a runner.
func TestErrorsOfTheServerConcealSecrets(t *testing.T) {
	t.Parallel()
	secret := secrets.NewValue(canary)
	login := kafkaAt("b:1")
	login.SecurityProtocol, login.SASLMechanism, login.Username, login.Password = "SASL_SSL", "PLAIN", "ann", secret
	jdbc := dataflow.JDBC{URL: secrets.NewValue("jdbc:postgresql://h/db"), User: "ann", Password: secret}
	inURL := dataflow.JDBC{URL: secrets.NewValue("jdbc:postgresql://h/db?password=" + url.QueryEscape(canary))}
	hidden := dataflow.FormatOptions{SecretOptions: map[string]secrets.Value{"innocent": secret}}
	plain := map[string]string{"my.password": canary}
	for name, source := range map[string]dataflow.Source{
		"format": dataflow.FormatSource{Format: "x", FormatOptions: hidden}, "format table": dataflow.FormatSource{Table: "t", FormatOptions: hidden},
		"jdbc": dataflow.JDBCSource{JDBC: jdbc, Table: "t"}, "jdbc url": dataflow.JDBCSource{JDBC: inURL, Table: "t"},
		"kafka": dataflow.KafkaSource{Kafka: login, Subscribe: []string{"t"}}, "bigquery": dataflow.BigQuerySource{Table: "t", Options: map[string]string{"gcpAccessToken": canary}},
		"reader": dataflow.Reader{Format: "x", Options: map[string]string{"uri": "mongodb://ann:" + url.QueryEscape(canary) + "@h/db"}},
		"path":   dataflow.Reader{Format: "x", Paths: []string{"s3a://K:" + url.PathEscape(canary) + "@b/x"}}, "table": dataflow.TableSource{Table: "t", Options: plain},
	} {
		t.Run("read "+name, func(t *testing.T) {
			t.Parallel()
			b := repeating(t)
			df, err := source.Load(t.Context(), b.spark)
			require.NoError(t, err)
			_, err = df.Collect(t.Context())
			requireConcealed(t, b, err)
			requireConcealed(t, b, b.spark.CreateTempView(t.Context(), df, "v"))
		})
	}
	for name, sink := range map[string]dataflow.Sink{
		"format": dataflow.FormatSink{Format: "x", FormatOptions: hidden}, "format table": dataflow.FormatSink{Format: "x", Table: "t", FormatOptions: hidden},
		"jdbc": dataflow.JDBCSink{JDBC: jdbc, Table: "t"}, "jdbc append": dataflow.JDBCSink{JDBC: inURL, Table: "t", Mode: dataflow.SaveModeAppend},
		"jdbc atomic": dataflow.JDBCSink{JDBC: jdbc, Table: "t", Mode: dataflow.SaveModeOverwrite, Publish: dataflow.JDBCPublishAtomic},
		"kafka":       dataflow.KafkaSink{Kafka: login, Topic: "t"}, "bigquery": dataflow.BigQuerySink{Table: "t", Options: map[string]string{"credentials": canary}},
		"table": dataflow.TableSink{Table: "t", Options: plain}, "parquet": dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: "s3a://K:" + url.PathEscape(canary) + "@b/x"}},
		"iceberg": dataflow.IcebergSink{Table: "t", Options: plain}, "delta": dataflow.DeltaSink{Path: "/d", Options: plain},
	} {
		t.Run("write "+name, func(t *testing.T) {
			t.Parallel()
			b := repeating(t)
			requireConcealed(t, b, sink.Write(t.Context(), b.spark, b.frame(t)))
		})
	}
	t.Run("properties", func(t *testing.T) {
		t.Parallel()
		b := repeating(t)
		require.NoError(t, b.spark.Conf().Set(t.Context(), map[string]string{"fs.s3a.secret.key": canary}))
		requireConcealed(t, b, b.spark.Exec(t.Context(), "DROP TABLE t"))
		other, err := b.spark.NewSession(t.Context(), nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = other.Close(t.Context()) })
		requireConcealed(t, b, other.Exec(t.Context(), "DROP TABLE t"))
	})
	t.Run("of one's own", func(t *testing.T) {
		t.Parallel()
		b := repeating(t)
		b.spark.Conceal(secret, secrets.Value{})
		requireConcealed(t, b, b.spark.Exec(t.Context(), "DROP TABLE t"))
		require.Equal(t, "a "+secrets.Redacted, b.spark.Concealed("a "+canary))
	})
}

// TestLineagesHoldNoSecret looks at the names of datasets.
func TestLineagesHoldNoSecret(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"s3a://KEY:c4n4ry@bucket/x": "s3a://[REDACTED]@bucket/x", "https://h/x?v=1&sig=c4n4ry&y=2": "https://h/x?v=1&sig=[REDACTED]&y=2",
		"abfss://container@acc/x": "abfss://container@acc/x", "abfss://c:c4n4ry@acc/x": "abfss://[REDACTED]@acc/x", "/a/b": "/a/b",
	} {
		flow := dataflow.WriteView{Input: dataflow.Input{View: "v"}, Sink: dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: path}}}
		l := dataflow.LineageOf(dataflow.Component(flow))
		require.Equal(t, []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: want}}, l.Outputs)
	}
	for _, address := range []string{
		"jdbc:postgresql://ann:c4n4ry@h/db", "jdbc:postgresql://h/db?password=c4n4ry", "jdbc:oracle:thin:ann/c4n4ry@h:1:x",
		"jdbc:sqlserver://h;password=c4n4ry", "jdbc:x:c4n4ry@h", "c4n4ry",
	} {
		jdbc := dataflow.JDBC{URL: secrets.NewValue(address)}
		for _, l := range []dataflow.Lineage{
			dataflow.JDBCSource{JDBC: jdbc, Table: "t"}.Lineage(), dataflow.JDBCSource{JDBC: jdbc, Query: "SELECT 1 FROM t"}.Lineage(),
			dataflow.JDBCSink{JDBC: jdbc, Table: "t"}.Lineage(),
		} {
			require.NotContains(t, fmt.Sprint(l), "c4n4ry", address)
		}
	}
}
