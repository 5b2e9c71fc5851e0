// Package streams has examples of streaming pipelines as configuration files, and
// the test that runs them on real parts.
package streams
