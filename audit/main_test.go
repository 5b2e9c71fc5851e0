package audit_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/secrets"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(play(role, os.Getenv(childDir)))
	}
	goleak.VerifyTestMain(m)
}

// canary is a secret that must never be seen.
const canary = "c4n4ry-hunter2"

func key() secrets.Value { return secrets.NewValue("0123456789abcdef0123456789abcdef") }

// openFile returns a sink that is closed with the test.
func openFile(tb testing.TB, path string, opts *audit.FileOptions) *audit.FileSink {
	tb.Helper()
	sink, err := audit.NewFileSink(path, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, sink.Close(tb.Context())) })
	return sink
}

// logOf writes a log with so many entries and returns its path.
func logOf(tb testing.TB, entries int, opts *audit.FileOptions) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "audit.jsonl")
	if opts == nil {
		opts = &audit.FileOptions{Fsync: audit.FsyncNever}
	}
	sink := openFile(tb, path, opts)
	for n := range entries {
		require.NoError(tb, sink.Write(tb.Context(), audittest.Event(n)))
	}
	require.NoError(tb, sink.Close(tb.Context()))
	return path
}

func read(tb testing.TB, path string) string {
	tb.Helper()
	text, err := os.ReadFile(path)
	require.NoError(tb, err)
	return string(text)
}

// verified verifies a log with its head.
func verified(tb testing.TB, path string, opts *audit.VerifyOptions) audit.Report {
	tb.Helper()
	report, err := audit.VerifyFiles([]string{path}, opts)
	require.NoError(tb, err)
	return report
}

func kinds(r audit.Report) []audit.Kind {
	var out []audit.Kind
	for _, p := range r.Problems {
		out = append(out, p.Kind)
	}
	return out
}

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }
