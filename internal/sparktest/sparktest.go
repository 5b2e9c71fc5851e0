package sparktest

import (
	"os"
	"strings"
	"testing"
)

// The environment variables with the connection strings of the servers, and
// the versions of Spark that make test starts for them.
const (
	EnvRemote     = "SPARK_REMOTE"
	EnvRemoteNext = "SPARK_REMOTE_NEXT"

	Version     = "4.0.1" // the default of the library
	VersionNext = "4.2.0"
)

// Server is a server that the environment may name.
type Server struct {
	// Version of Spark that it is meant to have, for example "4.0.1". Whoever
	// sets the environment by hand may have named another.
	Version string
	// Env is the variable that has its address.
	Env string
	// Remote is its connection string, empty when Env is not set.
	Remote string
}

// Remotes returns the servers, oldest first, those without an address
// included.
func Remotes() []Server {
	return []Server{
		{Version: Version, Env: EnvRemote, Remote: os.Getenv(EnvRemote)},
		{Version: VersionNext, Env: EnvRemoteNext, Remote: os.Getenv(EnvRemoteNext)},
	}
}

// Each runs the test on every server, one after the other, in a subtest with
// the name of the version. The subtest of a server without an address is
// skipped, and in CI it fails.
func Each(t *testing.T, test func(t *testing.T, remote string)) {
	t.Helper()
	for _, server := range Remotes() {
		t.Run(server.Version, func(t *testing.T) {
			test(t, server.Need(t))
		})
	}
}

// Remote returns the connection string of the server of the default version,
// as [Server.Need] does.
func Remote(tb testing.TB) string {
	tb.Helper()
	return Remotes()[0].Need(tb)
}

// Need returns the connection string. Without one it skips the test, and fails
// it in CI.
func (s Server) Need(tb testing.TB) string {
	tb.Helper()
	switch {
	case s.Remote != "":
	case strings.EqualFold(os.Getenv("CI"), "true"):
		tb.Fatalf("%s is not set, and in CI this test must not be skipped", s.Env)
	default:
		tb.Skipf("NOT RUN, it needs a Spark server: set %s, for example to sc://localhost:15002", s.Env)
	}
	return s.Remote
}
