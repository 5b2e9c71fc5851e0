// Package pipelinetest gives tests of pipelines a real Spark.
//
// [Session] opens a session on a Spark Connect server that is started once for
// the test binary and ends with it:
//
//	func TestRevenue(t *testing.T) {
//		spark := pipelinetest.Session(t)
//		df, err := spark.SQL(t.Context(), "SELECT 1 AS one")
//		...
//	}
//
// [RunFile] runs the pipeline of a configuration file on such a session.
//
// The server is that of the environment variable SPARK_REMOTE if it is set. So
// the tests of many packages share one server:
//
//	sparkpipe local -- go test ./...
//
// Otherwise Spark comes from SPARK_HOME or an installed pyspark, else Maven
// fetches it once into the user's cache folder.
//
// # Concurrency
//
// The functions may be called from parallel tests. Temporary views belong to a
// session and so to one test; tables and files are shared by all, so give them
// names of their own.
package pipelinetest
