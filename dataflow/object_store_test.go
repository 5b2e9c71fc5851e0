package dataflow_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func keys() dataflow.ObjectStore {
	return dataflow.ObjectStore{AccessKey: secrets.NewValue("id"), SecretKey: secrets.NewValue("hidden")}
}

const jsonKey = `{"type": "service_account", "client_email": "a@b", "private_key_id": "1", "private_key": "hidden"}`

func TestOptionsOfObjectStores(t *testing.T) {
	t.Parallel()
	no := false
	session := keys()
	session.SessionToken = secrets.NewValue("token")
	for name, tt := range map[string]struct {
		store dataflow.ObjectStore
		path  string
		want  map[string]string
	}{
		"endpoint": {dataflow.ObjectStore{Endpoint: "http://h:9000"}, "s3a://b/x", map[string]string{
			"fs.s3a.endpoint": "http://h:9000", "fs.s3a.endpoint.region": "us-east-1", "fs.s3a.path.style.access": "true",
			"fs.s3a.attempts.maximum": "1", "fs.s3a.retry.limit": "2",
		}},
		"the scheme s3": {dataflow.ObjectStore{Endpoint: "https://h", Region: "eu", PathStyle: &no}, "S3://b/x", map[string]string{
			"fs.s3a.endpoint": "https://h", "fs.s3a.endpoint.region": "eu", "fs.s3a.path.style.access": "false", "fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
			"fs.s3a.attempts.maximum": "1", "fs.s3a.retry.limit": "2",
		}},
		"region": {dataflow.ObjectStore{Region: "eu-west-3"}, "s3a://b/x", map[string]string{"fs.s3a.endpoint.region": "eu-west-3"}},
		"keys": {keys(), "s3a://b/x", map[string]string{
			"fs.s3a.access.key": "id", "fs.s3a.secret.key": "hidden", "fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
		}},
		"session": {session, "s3a://b/x", map[string]string{
			"fs.s3a.access.key": "id", "fs.s3a.secret.key": "hidden", "fs.s3a.session.token": "token",
			"fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.TemporaryAWSCredentialsProvider",
		}},
		"instance": {dataflow.ObjectStore{Credentials: dataflow.StoreCredentialsInstance}, "s3a://b/x", map[string]string{
			"fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider",
		}},
		"anonymous, GCS": {dataflow.ObjectStore{Endpoint: "http://h", Credentials: dataflow.StoreCredentialsAnonymous}, "gs://b/x", map[string]string{
			"fs.gs.storage.root.url": "http://h", "fs.gs.auth.type": "UNAUTHENTICATED", "fs.gs.auth.service.account.enable": "false", "fs.gs.auth.null.enable": "true",
			"mapreduce.outputcommitter.factory.scheme.gs": "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory",
		}},
		"file, GCS": {dataflow.ObjectStore{KeyFile: "/k.json"}, "gs://b/x", map[string]string{
			"fs.gs.auth.service.account.json.keyfile": "/k.json", "fs.gs.auth.type": "SERVICE_ACCOUNT_JSON_KEYFILE",
		}},
		"text, GCS": {dataflow.ObjectStore{KeyJSON: secrets.NewValue(jsonKey)}, "gs://b/x", map[string]string{
			"fs.gs.auth.service.account.email": "a@b", "fs.gs.auth.service.account.private.key.id": "1", "fs.gs.auth.service.account.private.key": "hidden",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			source := dataflow.ObjectStoreSource{ObjectStore: tt.store, FileSource: dataflow.FileSource{Path: tt.path, Options: map[string]string{"mine": "1"}}}
			df, err := source.Load(t.Context(), b.spark)
			require.NoError(t, err)
			var got map[string]string
			require.NoError(t, json.Unmarshal(at(t, b.planOf(t, df), "root", "read", "dataSource", "options"), &got))
			tt.want["mine"] = "1"
			require.Equal(t, tt.want, got)
			require.NotContains(t, fmt.Sprintf("%+v %#v", source, source), "hidden")
		})
	}
}

func TestObjectStoresSetNothingButWhatHides(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	plain := dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Path: "s3a://b/x"}}
	_, err := plain.Load(t.Context(), b.spark)
	require.NoError(t, err)
	require.Zero(t, b.trips(), "without settings there is no round trip")
	source := dataflow.ObjectStoreSource{ObjectStore: keys(), FileSource: dataflow.FileSource{Path: "s3a://b/x"}}
	for range 2 {
		_, err := source.Load(t.Context(), b.spark)
		require.NoError(t, err)
	}
	require.Equal(t, 4, b.trips(), "the property is set once")
	set := 0
	for _, request := range b.server.Requests("Config") {
		op := request.Message.(*wire.ConfigRequest).GetOperation()
		for _, pair := range op.GetSet().GetPairs() {
			set++
			require.Equal(t, "spark.sql.redaction.string.regex", pair.GetKey())
		}
	}
	require.Equal(t, 1, set)
}

func TestObjectStoreOptionsGoFirst(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	require.NoError(t, b.spark.Conf().Set(t.Context(), map[string]string{"spark.hadoop.fs.s3a.retry.limit": "20"}))
	sink := dataflow.ObjectStoreSink{
		ObjectStore: dataflow.ObjectStore{Endpoint: "http://h"},
		FileSink:    dataflow.FileSink{Path: "s3a://b/x", Options: map[string]string{"fs.s3a.endpoint.region": "mine"}},
	}
	require.NoError(t, sink.Write(t.Context(), b.spark, b.frame(t)))
	var got map[string]string
	require.NoError(t, json.Unmarshal(at(t, b.lastPlan(t), "command", "writeOperation", "options"), &got))
	require.Equal(t, map[string]string{
		"fs.s3a.endpoint": "http://h", "fs.s3a.endpoint.region": "mine", "fs.s3a.path.style.access": "true", "fs.s3a.attempts.maximum": "1",
	}, got, "what somebody has set stays")
}

func TestFaultsOfObjectStores(t *testing.T) {
	t.Parallel()
	half, both, gcs := keys(), keys(), keys()
	half.SecretKey = secrets.Value{}
	both.Credentials = dataflow.StoreCredentialsInstance
	gcs.KeyFile = "/k"
	at := func(url string) dataflow.ObjectStore { return dataflow.ObjectStore{Endpoint: url} }
	for name, tt := range map[string]struct {
		store dataflow.ObjectStore
		path  string
		want  string
	}{
		"in the path":        {dataflow.ObjectStore{}, "s3a://id:hidden@b/x", "credentials do not belong into a path"},
		"half a key":         {half, "s3a://b/x", "access_key and secret_key want each other"},
		"token alone":        {dataflow.ObjectStore{SessionToken: secrets.NewValue("hidden")}, "s3a://b/x", "session_token wants access_key"},
		"two ways":           {both, "s3a://b/x", "credentials and access_key exclude each other"},
		"unknown":            {dataflow.ObjectStore{Credentials: "magic"}, "s3a://b/x", `credentials is "magic"`},
		"unknown, GCS":       {dataflow.ObjectStore{Credentials: "profile"}, "gs://b/x", `credentials is "profile"`},
		"of GCS":             {gcs, "s3a://b/x", "are of Google Cloud Storage"},
		"of S3":              {keys(), "gs://b/x", "are of S3"},
		"two keys":           {dataflow.ObjectStore{KeyFile: "/k", KeyJSON: secrets.NewValue(jsonKey)}, "gs://b/x", "exclude each other"},
		"no JSON":            {dataflow.ObjectStore{KeyJSON: secrets.NewValue("hidden")}, "gs://b/x", "it is not the JSON key"},
		"JSON without a key": {dataflow.ObjectStore{KeyJSON: secrets.NewValue("{}")}, "gs://b/x", "private_key is missing"},
		"no store":           {keys(), "/data/x", "/data/x is on no object store"},
		"no URL":             {at("minio:9000"), "s3a://b/x", "endpoint is no URL"},
		"user":               {at("http://id:hidden@h"), "s3a://b/x", "endpoint holds a user"},
		"bucket":             {at("http://h/b"), "s3a://b/x", "the bucket belongs into the path"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			source := dataflow.ObjectStoreSource{ObjectStore: tt.store, FileSource: dataflow.FileSource{Path: tt.path}}
			_, err := source.Load(t.Context(), b.spark)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "hidden")
			require.ErrorContains(t, source.Validate(), tt.want)
			sink := dataflow.ObjectStoreSink{ObjectStore: tt.store, FileSink: dataflow.FileSink{Path: tt.path}}
			require.ErrorContains(t, sink.Write(t.Context(), b.spark, b.frame(t)), tt.want)
			require.Zero(t, b.trips(), "nothing was sent")
		})
	}
	two := dataflow.ObjectStoreSource{ObjectStore: at("http://h"), FileSource: dataflow.FileSource{Paths: []string{"s3a://b/x", "gs://b/x"}}}
	require.ErrorContains(t, two.Validate(), "different stores")
}
