package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// logs runs a pipeline with the block and returns where its log lines are.
func logs(t *testing.T, block string, args ...string) (outcome, string) {
	t.Helper()
	server := fakeconnect.Start(t)
	refuse(server, refusedColumn)
	dir := t.TempDir()
	text := onServer(server.Remote(), failingRun) + strings.ReplaceAll(block, "DIR", dir)
	got := sparkpipe(t, append(append([]string{"run"}, args...), writeFile(t, "p.yaml", text))...)
	require.Equal(t, cli.ExitFailed, got.code, got.both())
	return got, filepath.Join(dir, "run.log")
}

func requireLogLines(t *testing.T, text string) {
	t.Helper()
	var messages []string
	for line := range strings.Lines(text) {
		var entry struct{ Time, Level, Message, RunID, Error string }
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		require.NotEmpty(t, entry.Time)
		messages = append(messages, entry.Level+" "+entry.Message)
	}
	require.Equal(t, []string{
		"info pipeline started", "info component started", "info component succeeded",
		"info component started", "error component failed", "warn component skipped", "error pipeline failed",
	}, messages)
}

func TestLogToStandardError(t *testing.T) {
	t.Parallel()
	got, _ := logs(t, "hooks: {logging: {output: stderr, format: json}}\n")
	requireLogLines(t, got.stderr)
	require.NotContains(t, got.stdout, "pipeline started")
	requireGolden(t, "log_json", got.stderr, "")
}

func TestLogAsText(t *testing.T) {
	t.Parallel()
	got, _ := logs(t, "hooks: {logging: {output: stderr, format: text}}\n")
	requireGolden(t, "log_text", got.stderr, "")
}

func TestLogToAFile(t *testing.T) {
	t.Parallel()
	got, file := logs(t, "hooks: {logging: {output: DIR/run.log}}\n")
	require.Empty(t, got.stderr)
	require.NotContains(t, got.stdout, "pipeline started")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	requireLogLines(t, string(text))
}

func TestLogFileIsAppendedTo(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	log := filepath.Join(t.TempDir(), "run.log")
	require.NoError(t, os.WriteFile(log, []byte("before\n"), 0o600))
	file := writeFile(t, "p.yaml", onServer(server.Remote(), goodRun)+"hooks: {logging: {output: \""+log+"\"}}\n")
	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "run", file).code)
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "before\n"))
	require.Contains(t, string(text), "pipeline succeeded")
}

func TestLogToStandardOutput(t *testing.T) {
	t.Parallel()
	got, _ := logs(t, "hooks: {logging: {output: stdout, format: json}}\n")
	require.Empty(t, got.stderr)
	require.Contains(t, got.stdout, `"message":"pipeline started"`)
	require.Contains(t, got.stdout, "\nfailed: 1 succeeded, 1 failed, 1 skipped in ")
}

func TestLogLinesStayOutOfTheEvents(t *testing.T) {
	t.Parallel()
	for _, output := range []string{"", ", output: stdout"} {
		got, _ := logs(t, "hooks: {logging: {format: json"+output+"}}\n", "--json")
		requireLogLines(t, got.stderr)
		for _, kind := range requireEvents(t, got.stdout) {
			require.NotEmpty(t, kind)
		}
	}
}

func TestLogGoesToStandardErrorByDefault(t *testing.T) {
	t.Parallel()
	got, _ := logs(t, "hooks: {logging: {format: json}}\n")
	requireLogLines(t, got.stderr)
	require.NotContains(t, got.stdout, "pipeline started", "standard output is the report's")
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	got, _ := logs(t, "hooks: {logging: {output: stderr, level: error}}\n")
	require.Equal(t, 2, strings.Count(got.stderr, "\n"), got.stderr)
	got, _ = logs(t, "hooks: {logging: {output: stderr, enabled: false}}\n")
	require.Empty(t, got.stderr)
}
