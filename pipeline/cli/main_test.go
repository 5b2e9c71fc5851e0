package cli_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	if os.Getenv(stubbornVariable) != "" {
		os.Exit(stubborn())
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeBinary()
		os.Exit(code)
	}))
}

// outcome is what a command left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// both is everything that was printed.
func (o outcome) both() string { return o.stdout + o.stderr }

// sparkpipe runs a command line in this process.
func sparkpipe(tb testing.TB, args ...string) outcome {
	tb.Helper()
	return sparkpipeWith(tb, cli.Options{}, args...)
}

// sparkpipeWith is sparkpipe as a program with options of its own.
func sparkpipeWith(tb testing.TB, opts cli.Options, args ...string) outcome {
	tb.Helper()
	var stdout, stderr bytes.Buffer
	opts.Version, opts.Stdout, opts.Stderr = "v1.2.3", &stdout, &stderr
	code := cli.Main(tb.Context(), args, &opts)
	return outcome{code, stdout.String(), stderr.String()}
}

// writeFile writes a file into a new folder and returns its path.
func writeFile(tb testing.TB, name, text string) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), name)
	require.NoError(tb, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// onServer gives a YAML file the server that it runs on.
func onServer(remote, text string) string {
	return text + "\nspark: {remote: \"" + remote + "\", reconnect_timeout_seconds: 0.2}\n"
}

// volatile is what differs from run to run, with what golden files have instead.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`("duration_ms": ?)[0-9.e+-]+`), "${1}0"},
	{regexp.MustCompile(`(?m)\s+[0-9.]+(µs|ms|s)$`), " DURATION"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:PORT"},
}

// requireGolden compares text with a golden file; dir is replaced by DIR in it.
func requireGolden(tb testing.TB, name, text, dir string) {
	tb.Helper()
	if dir != "" {
		text = strings.ReplaceAll(text, dir, "DIR")
	}
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(tb, os.WriteFile(file, []byte(text), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(tb, err, "run the test with -update to make it")
	require.Equal(tb, string(want), text)
}
