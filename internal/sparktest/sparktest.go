package sparktest

import (
	"os"
	"strings"
	"testing"
)

// EnvRemote is the environment variable with the connection string of the
// server.
const EnvRemote = "SPARK_REMOTE"

// Remote returns the connection string of the server for tests. Without one it
// skips the test, and fails it in CI.
func Remote(tb testing.TB) string {
	tb.Helper()
	remote := os.Getenv(EnvRemote)
	switch {
	case remote != "":
		return remote
	case strings.EqualFold(os.Getenv("CI"), "true"):
		tb.Fatalf("%s is not set, and in CI this test must not be skipped", EnvRemote)
	default:
		tb.Skipf("NOT RUN, it needs a Spark server: set %s, for example to sc://localhost:15002", EnvRemote)
	}
	return ""
}
