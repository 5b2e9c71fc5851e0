package dataflow_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// wrongKey is a secret that must not be seen anywhere.
const wrongKey = "canary-of-the-stores"

func testStoreCredentials(t *testing.T, b *storeBundle) {
	one := func(store dataflow.ObjectStore, options map[string]string) error {
		sink := dataflow.ObjectStoreSink{ObjectStore: store, FileSink: dataflow.FileSink{Path: "s3a://" + b.bucket(t) + "/x", Options: options}}
		return sink.Write(t.Context(), b.spark, mustSQL(t, b.spark, "SELECT 1 AS id"))
	}
	region := b.access()
	region.Region = "us-east-1"
	require.NoError(t, one(region, nil))
	require.NoError(t, one(dataflow.ObjectStore{}, map[string]string{
		"fs.s3a.endpoint": b.s3.Endpoint, "fs.s3a.endpoint.region": "us-east-1", "fs.s3a.access.key": b.s3.AccessKey, "fs.s3a.secret.key": b.s3.SecretKey,
	}), "the server's own keys, for what has none here")
	for _, where := range []dataflow.StoreCredentials{
		dataflow.StoreCredentialsEnvironment, dataflow.StoreCredentialsAnonymous, dataflow.StoreCredentialsProfile,
		dataflow.StoreCredentialsInstance, dataflow.StoreCredentialsWebIdentity, dataflow.StoreCredentialsChain,
	} {
		err := one(dataflow.ObjectStore{Endpoint: b.s3.Endpoint, Credentials: where}, nil)
		require.Error(t, err, "%s", where)
		require.NotContains(t, err.Error(), "ClassNotFound", "%s", where)
		require.NotContains(t, err.Error(), "InstantiationIOException", "%s", where)
	}
	// What is given here goes before the environment of the server, which has others.
	require.NoError(t, one(b.access(), nil))
}

func testStoreFaults(t *testing.T, b *storeBundle) {
	wrong, refused, far := b.access(), b.access(), b.access()
	wrong.SecretKey = secrets.NewValue(wrongKey)
	refused.Endpoint = "http://127.0.0.1:1"
	far.Region = "eu-west-3"
	for name, tt := range map[string]struct {
		store dataflow.ObjectStore
		path  string
		hint  string
	}{
		"wrong key":      {wrong, "s3a://" + b.bucket(t), "access_key and secret_key"},
		"no bucket":      {b.access(), "s3a://there-is-no-such-bucket", "there is no such bucket"},
		"no store":       {refused, "s3a://" + b.bucket(t), "check endpoint"},
		"another region": {far, "s3a://" + b.bucket(t), "check region"},
		"no bucket, GCS": {b.anonymous(), "gs://none", ""},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			sink := dataflow.ObjectStoreSink{ObjectStore: tt.store, FileSink: dataflow.FileSink{Path: tt.path + "/x", Mode: dataflow.SaveModeOverwrite}}
			err := sink.Write(t.Context(), b.spark, mustSQL(t, b.spark, "SELECT 1 AS id"))
			require.ErrorContains(t, err, tt.hint)
			source := dataflow.ObjectStoreSource{ObjectStore: tt.store, FileSource: dataflow.FileSource{Path: tt.path + "/x"}}
			df, err := source.Load(t.Context(), b.spark)
			require.NoError(t, err)
			_, err = dataflow.SchemaOf(t.Context(), df)
			require.ErrorContains(t, err, tt.hint)
			require.NotContains(t, err.Error(), wrongKey)
			require.Less(t, time.Since(began), time.Minute)
		})
	}
}

// testStoresShowNothing looks where a server shows what it is told.
func testStoresShowNothing(t *testing.T, b *storeBundle) {
	spark := sparkAt(t, b.server.Remote())
	before, err := spark.Conf().All(t.Context(), "")
	require.NoError(t, err)
	at := "s3a://" + b.bucket(t) + "/x"
	sink := dataflow.ObjectStoreSink{ObjectStore: b.access(), FileSink: dataflow.FileSink{Path: at}}
	write(t, spark, sink, "SELECT 1 AS id")
	df, err := dataflow.ObjectStoreSource{ObjectStore: b.access(), FileSource: dataflow.FileSource{Path: at}}.Load(t.Context(), spark)
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, rowsOf(t, spark, df))
	for _, mode := range []dataflow.ExplainMode{dataflow.ExplainModeExtended, dataflow.ExplainModeFormatted, dataflow.ExplainModeCost} {
		text, err := dataflow.Explain(t.Context(), df, mode)
		require.NoError(t, err)
		require.NotContains(t, text, b.s3.SecretKey)
	}
	const hidden = "h1dden-v4lue"
	for _, source := range otherSecrets(hidden) {
		df, err := source.Load(t.Context(), spark)
		if err == nil {
			_, err = df.Collect(t.Context())
		}
		require.Error(t, err, "nobody is there")
		require.NotContains(t, err.Error(), hidden)
	}
	after, err := spark.Conf().All(t.Context(), "")
	require.NoError(t, err)
	for key, value := range after {
		require.NotContains(t, value, b.s3.SecretKey, key)
		require.NotContains(t, value, hidden, key)
		if strings.Contains(key, "fs.") {
			require.Equal(t, before[key], value, "%s: nothing of a store stays in the session", key)
		}
	}
	var all strings.Builder
	for _, file := range append(filesBelow(t, b.events), b.server.LogFile()) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(text)
		for _, secret := range []string{b.s3.SecretKey, wrongKey, hidden} {
			for line := range strings.Lines(string(text)) {
				require.NotContains(t, line, secret, file)
			}
		}
	}
	require.Contains(t, all.String(), "*********(redacted)", "the log of events has the statements, without what is in them")
}

// otherSecrets are sources of formats that the server knows, with a secret in each
// place where somebody could have one.
func otherSecrets(secret string) []dataflow.Source {
	at, value := "jdbc:derby:memory:none;user=ann", secrets.NewValue(secret)
	return []dataflow.Source{
		dataflow.JDBCSource{JDBC: dataflow.JDBC{URL: secrets.NewValue(at), Driver: "org.apache.derby.jdbc.EmbeddedDriver", User: "ann", Password: value}, Table: "t"},
		dataflow.JDBCSource{JDBC: dataflow.JDBC{URL: secrets.NewValue(at + ";password=" + secret), Driver: "org.apache.derby.jdbc.EmbeddedDriver"}, Table: "t"},
		dataflow.FormatSource{Format: "text", Path: "/none", FormatOptions: dataflow.FormatOptions{SecretOptions: map[string]secrets.Value{"innocent.name": value}}},
		dataflow.Reader{Format: "text", Paths: []string{"/none"}, Options: map[string]string{"kafka.sasl.jaas.config": `x required username="a" password="` + secret + `";`}},
		dataflow.Reader{Format: "csv", Paths: []string{"/none"}, Schema: "a INT", Options: map[string]string{"uri": "mongodb://ann:" + secret + "@h/db"}},
	}
}

// filesBelow are the files of a folder and of those in it.
func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		if os.IsNotExist(err) {
			return nil // it was there a moment ago
		}
		return err
	}))
	return files
}

// visible are the rows of a folder that a server reads from this machine, of which
// hidden files are none.
func visible(t *testing.T, spark *dataflow.Session, dir string) []string {
	t.Helper()
	for _, file := range filesBelow(t, dir) {
		if strings.HasSuffix(file, ".parquet") && !strings.Contains(file, "/_") && !strings.Contains(file, "/.") {
			return read(t, spark, dataflow.ParquetSource{FileSource: dataflow.FileSource{Path: dir, Schema: "id BIGINT"}})
		}
	}
	return nil
}

// await blocks until the condition holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("no sign within a minute: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
