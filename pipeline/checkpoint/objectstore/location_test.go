package objectstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint/objectstore"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestOpen_refuses(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"":                          "want s3://bucket/prefix",
		"/var/lib":                  "want s3://bucket/prefix",
		"gs://bucket":               "want s3://bucket/prefix",
		"s3://":                     `the bucket ""`,
		"s3://Bucket":               `the bucket "Bucket"`,
		"s3://a..b":                 `the bucket "a..b"`,
		"s3://bucket:9000/x":        `the bucket "bucket:9000"`,
		"s3://key:canary@bucket":    "it has credentials",
		"s3://key:canary%zz@bucket": "it is not a URL",
		"s3://bucket/a//b":          "want names joined by single",
		"s3://bucket/a/../b":        "want names joined by single",
		"s3://bucket/a%00b":         "a control character",
		"s3://bucket/" + strings.Repeat("x", 701):         "has 701 bytes",
		"s3://bucket/x#y":                                 "write %23",
		"s3://bucket?acces_key=canary":                    `there is no parameter "acces_key"; known are endpoint, lease`,
		"s3://bucket?region=a&region=b":                   "the parameter region is there 2 times",
		"s3://bucket?region=a%20b":                        `the region "a b"`,
		"s3://bucket?a;b":                                 "cannot be read",
		"s3://bucket?path_style=maybe":                    "want true or false",
		"s3://bucket?lease=soon":                          "want a time such as 30s",
		"s3://bucket?lease=1s":                            "lease 1s is below 3s",
		"s3://bucket?endpoint=localhost:9000":             "want a URL such as https://host:9000",
		"s3://bucket?endpoint=http://u:canary@host":       "the parameter endpoint: it has credentials",
		"s3://bucket?endpoint=http://host/path":           "want a host and a port only",
		"s3://bucket?endpoint=http://host%3Fkey%3Dcanary": "want a host and a port only",
		"s3://bucket?endpoint=ftp://host":                 "want a URL such as",
	} {
		_, err := objectstore.Open(location, nil)
		require.ErrorContains(t, err, want, location)
		require.ErrorContains(t, err, "checkpoint location", location)
		require.NotContains(t, err.Error(), "canary", location)
	}
}

func TestOptions_Validate(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string]*objectstore.Options{
		"AccessKeyID and SecretAccessKey: give both or neither": {AccessKeyID: "a"},
		"give both or neither":   {SecretAccessKey: secrets.NewValue("canary")},
		"SessionToken: it needs": {SessionToken: secrets.NewValue("canary")},
		"checkpoint location s3://b-1/x: checkpoint store: lease 1ms is below 3s": {Lease: time.Millisecond},
	} {
		_, err := objectstore.Open("s3://b-1/x", opts)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "canary")
	}
}

// A location in the environment is read as strictly.
func TestOpen_environment(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://user:canary@host")
	_, err := objectstore.Open("s3://bucket", nil)
	require.ErrorContains(t, err, "AWS_ENDPOINT_URL: it has credentials")
	require.NotContains(t, err.Error(), "canary")
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://host:1")
	store, err := objectstore.Open("s3a://bucket/x/", nil)
	require.NoError(t, err)
	require.NoError(t, store.Close())
}
