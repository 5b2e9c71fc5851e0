// Package sparktest is for tests that need a real Spark server.
//
// [Remote] gives the address of the one that the environment names, in
// SPARK_REMOTE, and skips the test when there is none. In CI, where CI=true, a
// missing server fails the test instead, so that nothing is skipped unseen.
//
// The server must be on this machine, or see the same files: tests exchange
// files with it in folders of [testing.TB.TempDir].
package sparktest
