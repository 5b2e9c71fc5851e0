// Package sparktest is for tests that need a real Spark server.
//
// There are two, of two versions of Spark. Which one a test takes depends on
// what it is about:
//
//   - The protocol, that is what the server accepts and answers: [Each] runs the
//     test once on each version, in subtests named "4.0.1" and "4.2.0". This is
//     the usual choice in internal/connect and dataflow.
//   - Something else that happens to need Spark, such as the command line:
//     [Remote] gives the address of the default version.
//
// So a test of the first kind begins like this:
//
//	func TestRealOverwrite(t *testing.T) {
//		t.Parallel()
//		sparktest.Each(t, func(t *testing.T, remote string) {
//			spark := sparkAt(t, remote)
//			…
//		})
//	}
//
// Where the versions differ, ask for the hazard, as in
// connect.HazardsOf(spark.ServerVersion()), and not for the version; and write
// the difference down in docs/spark-versions.md.
//
// The addresses come from the environment, SPARK_REMOTE and SPARK_REMOTE_NEXT;
// make test starts both servers and sets both. Without its address a test is
// skipped aloud. In CI, where CI=true, it fails instead, so that nothing is
// skipped unseen.
//
// The servers must be on this machine, or see the same files: tests exchange
// files with them in folders of [testing.TB.TempDir]. Other tests use them at
// the same time, so a test has tables and views of its own names.
package sparktest
