package dataflow_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/internal/storetest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// largestFile is the size in bytes from which on Java cannot write a file: this
// machine's disk is full then, as far as it can see.
const largestFile = 24 << 20

// storeBundle is a Spark server beside two object stores.
type storeBundle struct {
	server *localspark.Server
	spark  *dataflow.Session
	s3     storetest.Service
	client *minio.Client
	gcs    string
	events string
}

// TestRealStores shares one server, which is killed at the end.
func TestRealStores(t *testing.T) {
	t.Parallel()
	b := startStores(t)
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, b *storeBundle)
	}{
		{"formats on S3", testS3Formats},
		{"formats on GCS", testGCSFormats},
		{"from a file", testStoresFromAFile},
		{"save modes", testStoreModes},
		{"partitions", testStorePartitions},
		{"committers", testStoreCommitters},
		{"uploads of parts", testMultipart},
		{"credentials", testStoreCredentials},
		{"faults", testStoreFaults},
		{"nothing shows credentials", testStoresShowNothing},
		{"writes that fail", testFailedWrites},
		{"killed", testKilledWrites},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, b) })
	}
}

func startStores(t *testing.T) *storeBundle {
	t.Helper()
	b := &storeBundle{s3: storetest.S3(t), gcs: storetest.GCS(t, "bucket"), events: t.TempDir()}
	at, err := url.Parse(b.s3.Endpoint)
	require.NoError(t, err)
	b.client, err = minio.New(at.Host, &minio.Options{Creds: credentials.NewStaticV4(b.s3.AccessKey, b.s3.SecretKey, ""), Region: "us-east-1"})
	require.NoError(t, err)
	b.server = sparktest.StartServer(t, sparktest.Version, []string{"delta", "gcs", "s3"}, map[string]string{
		"spark.master": "local[8]", "spark.driver.memory": "1g", "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
		"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.shuffle.partitions": "1",
		"spark.databricks.delta.snapshotPartitions": "1", "spark.eventLog.enabled": "true", "spark.eventLog.compress": "false", "spark.eventLog.dir": "file://" + b.events,
	}, limitedJava(t)...)
	b.spark = connectTo(t, b.server.Remote(), &dataflow.ConnectOptions{Conf: map[string]string{"spark.sql.session.timeZone": "UTC"}, ServerDone: b.server.Done()})
	return b
}

// limitedJava is the environment of a server whose Java writes no large files and,
// being root, may do no more than another user. It finds credentials there too,
// which no store accepts.
func limitedJava(t *testing.T) []string {
	t.Helper()
	java := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java = filepath.Join(home, "bin", "java")
	}
	java, err := exec.LookPath(java)
	require.NoError(t, err)
	// Only the server: Maven, which is a Java too, writes larger files.
	text := fmt.Sprintf("#!/bin/sh\njava=%q\ncase \"$1\" in @*) ;; *) exec \"$java\" \"$@\" ;; esac\nulimit -f %d\n"+
		"[ \"$(id -u)\" = 0 ] && exec setpriv --bounding-set=-dac_override,-dac_read_search \"$java\" \"$@\"\nexec \"$java\" \"$@\"\n", java, largestFile/512)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "java"), []byte(text), 0o700))
	return []string{
		"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH"), "JAVA_HOME=", "SPARKPIPE_CLASS_ARCHIVE=off",
		"AWS_ACCESS_KEY_ID=other", "AWS_SECRET_ACCESS_KEY=other", "AWS_EC2_METADATA_DISABLED=true",
	}
}

// bucket makes a bucket on S3 that no other test has used, since a server keeps the
// settings with which it has used one.
func (b *storeBundle) bucket(t *testing.T) string {
	t.Helper()
	name := strings.ReplaceAll(uniqueName("b"), "_", "-")
	require.NoError(t, b.client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{}))
	return name
}

// access are the settings of a user of S3.
func (b *storeBundle) access() dataflow.ObjectStore {
	return dataflow.ObjectStore{Endpoint: b.s3.Endpoint, AccessKey: secrets.NewValue(b.s3.AccessKey), SecretKey: secrets.NewValue(b.s3.SecretKey)}
}

func (b *storeBundle) anonymous() dataflow.ObjectStore {
	return dataflow.ObjectStore{Endpoint: b.gcs, Credentials: dataflow.StoreCredentialsAnonymous}
}

// storeTrip writes rows of every sort and none, and reads them again.
func storeTrip(t *testing.T, spark *dataflow.Session, store dataflow.ObjectStore, dir string, formats ...string) {
	t.Helper()
	for _, format := range formats {
		file := dataflow.FileSink{Path: dir + "/" + format, Mode: dataflow.SaveModeOverwrite}
		sink := dataflow.ObjectStoreSink{FileSink: file, ObjectStore: store, Format: format}
		source := dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Path: file.Path, Schema: "id INT, name STRING"}, ObjectStore: store, Format: format}
		if format == "delta" {
			source.Schema = ""
		}
		write(t, spark, sink, "SELECT * FROM VALUES (1, 'grün 🚀 \"q\" \\' x'), (2, NULL) AS t(id, name)")
		require.Equal(t, []string{`1 grün 🚀 "q" ' x`, "2 <nil>"}, read(t, spark, source), "%s", file.Path)
		write(t, spark, sink, "SELECT 1 AS id, 'x' AS name WHERE false")
		require.Empty(t, read(t, spark, source), "%s", file.Path)
	}
}

func testS3Formats(t *testing.T, b *storeBundle) {
	bucket := b.bucket(t)
	storeTrip(t, b.spark, b.access(), "s3a://"+bucket+"/all", "parquet", "csv", "json", "orc", "delta")
	storeTrip(t, b.spark, b.access(), "s3://"+bucket+"/s3", "parquet")
	// Spark reads braces, brackets and stars in a path as a pattern.
	storeTrip(t, b.spark, b.access(), "s3a://"+bucket+"/names/a b%20grün🚀'\"$(x)+=&;#~!,%", "json")
}

func testGCSFormats(t *testing.T, b *storeBundle) {
	storeTrip(t, b.spark, b.anonymous(), "gs://bucket/all", "parquet", "csv", "json", "orc", "delta")
	storeTrip(t, b.spark, b.anonymous(), "gs://bucket/a b%20grün🚀'$(x)", "json")
}

// runText runs a pipeline as somebody does who has only a file.
func runText(t *testing.T, remote, text string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "p.yaml")
	require.NoError(t, os.WriteFile(file, []byte("spark: {remote: \""+remote+"\"}\n"+text), 0o600))
	registry, err := pipeline.NewRegistry()
	require.NoError(t, err)
	p, err := pipeline.FromFile(file, registry, nil)
	require.NoError(t, err)
	var out bytes.Buffer
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{OpenSession: pipeline.Opener{}.Open, Output: &out})
	require.NoError(t, err)
	_, err = runner.Run(t.Context(), p)
	return out.String(), err
}

func testStoresFromAFile(t *testing.T, b *storeBundle) {
	s3 := fmt.Sprintf("endpoint: %q, region: us-east-1, path_style: true, access_key: %s, secret_key: %s", b.s3.Endpoint, b.s3.AccessKey, b.s3.SecretKey)
	gcs := fmt.Sprintf("endpoint: %q, credentials: anonymous", b.gcs)
	out, err := runText(t, b.server.Remote(), fmt.Sprintf(`name: stores
components:
  - {name: one, type: write_s3, config: {query: "SELECT 1 AS id, 'grün' AS name", path: "s3a://%[1]s/one", %[2]s}}
  - {name: two, type: read_s3, depends_on: [one], config: {path: "s3://%[1]s/one", output_view: two, %[2]s}}
  - {name: three, type: write_gcs, config: {input_view: two, path: "gs://bucket/three", format: csv, %[3]s}}
  - {name: four, type: read_gcs, depends_on: [three], config: {path: "gs://bucket/three", format: csv, output_view: four, %[3]s}}
  - {name: show, type: show, config: {input_view: four}}
`, b.bucket(t), s3, gcs))
	require.NoError(t, err)
	require.Contains(t, out, "|1  |grün|")
}

func testStoreModes(t *testing.T, b *storeBundle) {
	for _, store := range []struct {
		at  dataflow.ObjectStore
		dir string
	}{{b.access(), "s3a://" + b.bucket(t)}, {b.anonymous(), "gs://bucket"}} {
		sink := dataflow.ObjectStoreSink{FileSink: dataflow.FileSink{Path: store.dir + "/modes"}, ObjectStore: store.at}
		source := dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Path: sink.Path}, ObjectStore: store.at}
		for _, step := range []struct {
			mode dataflow.SaveMode
			want []string
		}{
			{dataflow.SaveModeErrorIfExists, []string{"0"}},
			{dataflow.SaveModeAppend, []string{"0", "1"}},
			{dataflow.SaveModeIgnore, []string{"0", "1"}},
			{dataflow.SaveModeOverwrite, []string{"3"}},
		} {
			sink.Mode = step.mode
			write(t, b.spark, sink, fmt.Sprintf("SELECT %d AS id", map[dataflow.SaveMode]int{dataflow.SaveModeAppend: 1, dataflow.SaveModeIgnore: 2, dataflow.SaveModeOverwrite: 3}[step.mode]))
			require.Equal(t, step.want, read(t, b.spark, source), "%s %s", store.dir, step.mode)
		}
		sink.Mode = dataflow.SaveModeErrorIfExists
		requireClass(t, "PATH_ALREADY_EXISTS", sink.Write(t.Context(), b.spark, mustSQL(t, b.spark, "SELECT 4 AS id")))
		require.Equal(t, []string{"3"}, read(t, b.spark, source))
	}
}

func testStorePartitions(t *testing.T, b *storeBundle) {
	for _, store := range []struct {
		at  dataflow.ObjectStore
		dir string
	}{{b.access(), "s3a://" + b.bucket(t)}, {b.anonymous(), "gs://bucket"}} {
		file := dataflow.FileSink{Path: store.dir + "/parts", Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"part"}}
		source := dataflow.ObjectStoreSource{FileSource: dataflow.FileSource{Path: file.Path}, ObjectStore: store.at}
		write(t, b.spark, dataflow.ObjectStoreSink{FileSink: file, ObjectStore: store.at}, "SELECT * FROM VALUES (1, 'a b%/ü'), (2, concat('$', '{x}')), (3, NULL) AS t(id, part)")
		require.Equal(t, []string{"1 a b%/ü", "2 ${x}", "3 <nil>"}, read(t, b.spark, source), store.dir)
		file.PartitionOverwrite = "dynamic"
		write(t, b.spark, dataflow.ObjectStoreSink{FileSink: file, ObjectStore: store.at}, "SELECT * FROM VALUES (4, concat('$', '{x}')), (5, 'new') AS t(id, part)")
		require.Equal(t, []string{"1 a b%/ü", "3 <nil>", "4 ${x}", "5 new"}, read(t, b.spark, source), "%s: the others stay", store.dir)
	}
}

// testStoreCommitters has files appear by the end of their upload, which a session
// can choose, and sees that no partitions are overwritten so.
func testStoreCommitters(t *testing.T, b *storeBundle) {
	spark := magicSession(t, b)
	bucket := b.bucket(t)
	for committer, session := range map[string]*dataflow.Session{"magic": spark, "file": b.spark} {
		sink := dataflow.ObjectStoreSink{ObjectStore: b.access(), FileSink: dataflow.FileSink{
			Path: "s3a://" + bucket + "/" + committer, Mode: dataflow.SaveModeOverwrite, Options: map[string]string{"fs.s3a.committer.name": committer},
		}}
		write(t, session, sink, "SELECT 1 AS id")
		write(t, session, sink, "SELECT 2 AS id")
		told, err := os.ReadFile(filepath.Join(b.s3.Dir, bucket, committer, "_SUCCESS"))
		require.NoError(t, err)
		require.Equal(t, committer == "magic", strings.Contains(string(told), `"committer":"magic"`), "%s", told)
		sink.Mode = dataflow.SaveModeAppend
		require.Error(t, sink.Write(t.Context(), session, mustSQL(t, session, failing)))
		require.Equal(t, []string{"2"}, read(t, session, dataflow.ObjectStoreSource{ObjectStore: b.access(), FileSource: dataflow.FileSource{Path: sink.Path}}), committer)
	}
	sink := dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: t.TempDir(), Mode: dataflow.SaveModeOverwrite, PartitionBy: []string{"part"}, PartitionOverwrite: "dynamic"}}
	require.ErrorIs(t, sink.Write(t.Context(), spark, mustSQL(t, spark, "SELECT 1 AS id, 2 AS part")), dataflow.ErrPartitionsKept)
}

// magicSession is a session in which sinks can choose the committer magic.
func magicSession(t *testing.T, b *storeBundle) *dataflow.Session {
	t.Helper()
	return connectTo(t, b.server.Remote(), &dataflow.ConnectOptions{Conf: map[string]string{
		"spark.sql.sources.commitProtocolClass":    "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol",
		"spark.sql.parquet.output.committer.class": "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter",
	}})
}

// testMultipart writes an object in several parts. They can be counted only where
// it is not copied at the end.
func testMultipart(t *testing.T, b *storeBundle) {
	bucket := b.bucket(t)
	const wide = "SELECT id, repeat(sha2(string(id), 512), 8) AS text FROM range(0, 21000, 1, 1)"
	sink := dataflow.ObjectStoreSink{ObjectStore: b.access(), Format: "csv", FileSink: dataflow.FileSink{
		Path: "s3a://" + bucket + "/large", Mode: dataflow.SaveModeOverwrite, Options: map[string]string{"fs.s3a.multipart.size": "5M", "fs.s3a.committer.name": "magic"},
	}}
	write(t, magicSession(t, b), sink, wide)
	parts := false
	for object := range b.client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		require.NoError(t, object.Err)
		if strings.HasSuffix(object.Key, ".csv") {
			require.Greater(t, object.Size, int64(20<<20))
			parts = strings.Contains(object.ETag, "-")
		}
	}
	require.True(t, parts, "the object was put in parts")
	df, err := dataflow.ObjectStoreSource{ObjectStore: b.access(), Format: "csv", FileSource: dataflow.FileSource{Path: sink.Path, Schema: "id BIGINT, text STRING"}}.Load(t.Context(), b.spark)
	require.NoError(t, err)
	back := uniqueName("back")
	require.NoError(t, b.spark.CreateTempView(t.Context(), df, back))
	sum := func(from string) []string {
		return rows(t, b.spark, "SELECT count(*), sum(hash(id, text)) FROM "+from)
	}
	require.Equal(t, sum("("+wide+")"), sum(back))
}
