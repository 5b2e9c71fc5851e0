package connect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
)

func TestHintsOfStores(t *testing.T) {
	t.Parallel()
	const sdk = "getFileStatus on s3a://b/x: software.amazon.awssdk.services.s3.model.S3Exception: Forbidden"
	tests := map[string]struct{ class, text, want string }{
		"credentials": {"java.nio.file.AccessDeniedException", sdk, "access_key and secret_key"},
		"bucket":      {"org.apache.hadoop.fs.s3a.UnknownStoreException", "`s3a://b/x'", "no such bucket"},
		"region":      {"org.apache.hadoop.fs.s3a.AWSBadRequestException", sdk, "check region"},
		"endpoint":    {"java.net.ConnectException", sdk, "check endpoint"},
		"host":        {"java.net.UnknownHostException", sdk, "check endpoint"},
		"plain text":  {"javax.net.ssl.SSLException", sdk, "http:// or https://"},
		"scheme s3":   {"org.apache.hadoop.fs.UnsupportedFileSystemException", `No FileSystem for scheme "s3"`, "write s3a://"},
		"scheme gs":   {"org.apache.hadoop.fs.UnsupportedFileSystemException", `No FileSystem for scheme "gs"`, "gcs-connector"},
		"scheme abfs": {"org.apache.hadoop.fs.UnsupportedFileSystemException", `No FileSystem for scheme "abfss"`, "hadoop-azure"},
		"other":       {"org.apache.hadoop.fs.UnsupportedFileSystemException", `No FileSystem for scheme "foo"`, ""},
		"a database":  {"java.net.ConnectException", "connection to jdbc:postgresql://h refused", ""},
		"a folder":    {"java.nio.file.AccessDeniedException", "/data/x", ""},
		"no fault":    {"java.lang.RuntimeException", sdk, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := storageHint(&component.SparkError{JavaClass: tt.class, Message: tt.text})
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, tt.want)
		})
	}
}
