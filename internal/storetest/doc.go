// Package storetest starts the real servers that tests of checkpoint stores and
// of databases need: PostgreSQL, MariaDB, versitygw, which serves a folder over
// the protocol of S3, and fake-gcs-server, for that of Google Cloud Storage. They
// listen on a free port of this machine and end with the test.
//
//	func TestStore(t *testing.T) {
//		url := storetest.Postgres(t)
//		…
//	}
//
// make test installs them. Where a program is missing the test is skipped aloud;
// in CI, where CI=true, it fails. A service that runs already is used instead
// when SPARKPIPE_TEST_S3 has its URL (with credentials in AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY), or SPARKPIPE_TEST_POSTGRES that of a database.
package storetest
