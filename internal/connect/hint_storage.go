package connect

import (
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// storageHint is the advice when the server cannot work with an object store. Java
// has no class for these faults that is theirs alone, so the text has to tell that
// a store is meant; the advice is for people and nothing branches on it.
func storageHint(spark *component.SparkError) string {
	text := spark.Message
	if spark.JavaClass == "org.apache.hadoop.fs.UnsupportedFileSystemException" {
		return missingStore(text)
	}
	if !strings.Contains(text, "amazon.awssdk") && !strings.Contains(text, "s3a://") && !strings.Contains(text, "s3://") {
		return ""
	}
	switch spark.JavaClass {
	case "java.nio.file.AccessDeniedException":
		return "the store refuses the credentials, or they do not allow this: see access_key and secret_key, or credentials (fs.s3a.access.key and " +
			"fs.s3a.secret.key of the server); a server keeps those with which it used a bucket first until it is restarted"
	case "org.apache.hadoop.fs.s3a.UnknownStoreException":
		return "there is no such bucket there: check the path and endpoint (fs.s3a.endpoint)"
	case "org.apache.hadoop.fs.s3a.AWSBadRequestException", "org.apache.hadoop.fs.s3a.AWSRedirectException":
		return "the bucket may be of another region: check region (fs.s3a.endpoint.region)"
	case "java.net.ConnectException", "java.net.UnknownHostException", "org.apache.hadoop.net.ConnectTimeoutException", "java.net.SocketTimeoutException":
		return "the Spark server does not reach the store: check endpoint (fs.s3a.endpoint), as seen from the server"
	case "javax.net.ssl.SSLException", "javax.net.ssl.SSLHandshakeException":
		return "check whether endpoint (fs.s3a.endpoint) begins with http:// or https://, and whether the server trusts the certificate of the store"
	}
	return ""
}

// missingStore is the advice when the server lacks the file system of a path.
func missingStore(text string) string {
	switch {
	case strings.Contains(text, `"s3"`):
		return "write s3a://, or set fs.s3.impl on the server; s3:// means something by itself only on a cloud's own Spark"
	case strings.Contains(text, `"gs"`):
		return "the server lacks the jar gcs-connector"
	case strings.Contains(text, `"abfs"`), strings.Contains(text, `"abfss"`):
		return "the server lacks the jar hadoop-azure"
	}
	return ""
}
