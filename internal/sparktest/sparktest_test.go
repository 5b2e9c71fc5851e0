package sparktest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// recorder stands in for a test and writes down how it would end.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.ended = "skip: " + fmt.Sprintf(format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = "fail: " + fmt.Sprintf(format, args...)
}

func TestRemote(t *testing.T) {
	tests := map[string]struct{ remote, ci, want, ended string }{
		"set":               {"sc://h:1", "", "sc://h:1", ""},
		"set in CI":         {"sc://h:1", "true", "sc://h:1", ""},
		"absent":            {"", "", "", "skip: NOT RUN, it needs a Spark server: set SPARK_REMOTE, for example to sc://localhost:15002"},
		"absent, CI is off": {"", "false", "", "skip: NOT RUN, it needs a Spark server: set SPARK_REMOTE, for example to sc://localhost:15002"},
		"absent in CI":      {"", "true", "", "fail: SPARK_REMOTE is not set, and in CI this test must not be skipped"},
		"absent in loud CI": {"", "TRUE", "", "fail: SPARK_REMOTE is not set, and in CI this test must not be skipped"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SPARK_REMOTE", tt.remote)
			t.Setenv("CI", tt.ci)
			r := &recorder{}
			require.Equal(t, tt.want, sparktest.Remote(r))
			require.Equal(t, tt.ended, r.ended)
		})
	}
}

func TestEach(t *testing.T) {
	t.Setenv("SPARK_REMOTE", "sc://h:1")
	t.Setenv("SPARK_REMOTE_NEXT", "sc://h:2")
	t.Setenv("CI", "true")
	got := map[string]string{}
	sparktest.Each(t, func(t *testing.T, remote string) { got[t.Name()] = remote })
	require.Equal(t, map[string]string{"TestEach/4.0.1": "sc://h:1", "TestEach/4.2.0": "sc://h:2"}, got)
}

// A skip in a subtest would be one that CI looks for, hence no subtests.
func TestServerOfTheNextVersion(t *testing.T) {
	t.Setenv("SPARK_REMOTE", "sc://h:1")
	t.Setenv("SPARK_REMOTE_NEXT", "")
	for ci, ended := range map[string]string{
		"":     "skip: NOT RUN, it needs a Spark server: set SPARK_REMOTE_NEXT, for example to sc://localhost:15002",
		"true": "fail: SPARK_REMOTE_NEXT is not set, and in CI this test must not be skipped",
	} {
		t.Setenv("CI", ci)
		r := &recorder{}
		require.Empty(t, sparktest.Remotes()[1].Need(r))
		require.Equal(t, ended, r.ended)
	}
}

func TestRemotes(t *testing.T) {
	t.Setenv("SPARK_REMOTE", "sc://h:1")
	t.Setenv("SPARK_REMOTE_NEXT", "")
	require.Equal(t, []sparktest.Server{
		{Version: "4.0.1", Env: "SPARK_REMOTE", Remote: "sc://h:1"},
		{Version: "4.2.0", Env: "SPARK_REMOTE_NEXT"},
	}, sparktest.Remotes())
}
