package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/streaming"
)

func TestStreamHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"stream", "stream run", "stream status", "stream stop"} {
		got := sparkpipe(t, append(strings.Fields(command), "--help")...)
		require.Equal(t, cli.ExitSucceeded, got.code)
		require.Empty(t, got.stderr)
		requireGolden(t, "help_"+strings.ReplaceAll(command, " ", "_"), got.stdout, "")
	}
}

func TestStreamUsage(t *testing.T) {
	t.Parallel()
	batch := writeFile(t, "batch.yaml", "name: p\ncomponents: [{name: a, type: sql, config: {sql: SELECT 1, output_view: v}}]\n")
	good := writeFile(t, "stream.yaml", streamFileText(t.TempDir()))
	tests := []struct {
		line string
		code int
		want string
	}{
		{"stream", cli.ExitUsage, ""},
		{"stream statu", cli.ExitUsage, `unknown command "statu"; did you mean "status"? see sparkpipe stream --help`},
		{"stream run", cli.ExitUsage, "run takes one configuration file, got 0 arguments; see sparkpipe stream run --help"},
		{"stream status x", cli.ExitUsage, "status takes no arguments, got 1 argument; see sparkpipe stream status --help"},
		{"stream run " + batch, cli.ExitBadConfig, "it has no streaming component: none is of the type stream or write_stream_*"},
		{"stream run nothing.yaml", cli.ExitBadConfig, "nothing.yaml"},
		{"stream run --health 8080 " + good, cli.ExitUsage, `Addr: "8080" is not host:port, such as 127.0.0.1:8080`},
		{"stream run --checkpoints ftp://x " + good, cli.ExitUsage, "--checkpoints: checkpoint location: there is no store for ftp://"},
		{"stream status --health 8080", cli.ExitUsage, `--health: address of a supervisor: "8080" is not host:port`},
		{"stream status --health 127.0.0.1:1", cli.ExitFailed, "ask the supervisor at 127.0.0.1:1: no supervisor answers"},
		{"stream status --state " + t.TempDir(), cli.ExitFailed, "no supervisor runs here; start one with: sparkpipe stream run FILE"},
		{"stream stop --state " + t.TempDir(), cli.ExitFailed, "no supervisor runs here"},
	}
	for _, tt := range tests {
		got := sparkpipe(t, strings.Fields(tt.line)...)
		require.Equal(t, tt.code, got.code, "%s: %s", tt.line, got.both())
		require.Contains(t, got.stderr, tt.want, tt.line)
	}
}

// streamFileText is a file with two streams, of which one reads views. What they
// leave is below dir.
func streamFileText(dir string) string {
	return strings.ReplaceAll(`name: streams
components:
  - name: dims
    type: write_csv
    config: {query: "SELECT 1 AS k", path: DIR/dims, mode: append}
  - name: words
    type: sql
    depends_on: [dims]
    config: {output_view: words, sql: "SELECT 0 AS odd, 'even' AS word UNION ALL SELECT 1, 'odd'"}
  - name: ticks
    type: read_stream_rate
    config: {rows_per_second: 5, output_view: ticks}
  - name: joined
    type: write_stream_noop
    config:
      query: SELECT * FROM ticks JOIN words ON ticks.value % 2 = words.odd
      trigger: processing_time
      trigger_interval: 300ms
      checkpoint_location: DIR/checkpoints/joined
  - name: whole
    type: stream
    retry: {max_attempts: 3}
    config:
      source: {type: rate, rows_per_second: 3}
      sql: SELECT value * 2 AS v FROM whole
      sink: {type: noop}
      trigger: processing_time
      trigger_interval: 300ms
      checkpoint_location: DIR/checkpoints/whole
`, "DIR", dir)
}

// fakeSupervisor answers as a supervisor with two streams does, and leaves word.
func fakeSupervisor(t *testing.T, dir, name string, streams ...string) *httptest.Server {
	t.Helper()
	since := time.Now().Add(-90 * time.Second)
	lag := int64(12)
	status := streaming.SupervisorStatus{PID: 7, Host: "etl-1", Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), SessionID: "4d2c", SessionsLost: 1}
	for i, stream := range streams {
		q := streaming.QueryStatus{Name: stream, State: streaming.QueryRunning, Since: since}
		if i == 0 {
			q.Progress = &streaming.ProgressStatus{
				BatchID: 41, BatchDurationMillis: 1250, ProcessedRowsPerSecond: 1234.56, StateRows: 10, StateBytes: 2048,
				Sources: []streaming.SourceStatus{{Lag: &lag}, {}},
			}
		} else {
			q.State, q.Restarts, q.LastError = streaming.QueryBackingOff, 3, "it\tbroke\nfor this reason"
		}
		status.Queries = append(status.Queries, q)
	}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter) { _ = json.NewEncoder(w).Encode(status) }
	mux.HandleFunc("GET /queries", func(w http.ResponseWriter, _ *http.Request) { answer(w) })
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		for i := range status.Queries {
			if strings.Contains(string(body), status.Queries[i].Name) || strings.Contains(string(body), "null") {
				status.Queries[i].State = streaming.QueryStopped
			}
		}
		answer(w)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	word := `{"pid":7,"host":"etl-1","address":"` + strings.TrimPrefix(server.URL, "http://") + `","token":"secret"}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "supervisor-"+name+".json"), []byte(word), 0o600))
	return server
}

func TestStreamStatusAndStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := fakeSupervisor(t, dir, "1", "orders", "clicks")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "supervisor-0.json"), []byte(`{"address":"127.0.0.1:1"}`), 0o600))
	got := sparkpipe(t, "stream", "status", "--state", dir)
	require.Equal(t, cli.ExitFailed, got.code, "one is not ready")
	require.Empty(t, got.stderr)
	requireGolden(t, "stream_status", got.stdout, "")
	require.NoFileExists(t, filepath.Join(dir, "supervisor-0.json"), "nobody answers there any more")

	got = sparkpipe(t, "stream", "status", "--state", dir, "--json")
	require.Equal(t, cli.ExitFailed, got.code)
	var all []streaming.SupervisorStatus
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &all))
	require.Equal(t, "it\tbroke\nfor this reason", all[0].Queries[1].LastError)
	require.NotContains(t, got.both(), "secret")

	fakeSupervisor(t, dir, "2", "payments", "clicks")
	got = sparkpipe(t, "stream", "stop", "--state", dir)
	require.Equal(t, cli.ExitUsage, got.code)
	require.Contains(t, got.stderr, "2 supervisors run here, at 127.0.0.1:")
	got = sparkpipe(t, "stream", "stop", "--state", dir, "nope", "clicks")
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, `no supervisor has a stream "nope"`)
	require.Contains(t, got.stderr, `have a stream "clicks" each; choose one with --health`)
	got = sparkpipe(t, "stream", "stop", "--state", dir, "orders", "payments")
	require.Equal(t, cli.ExitSucceeded, got.code, got.stderr)
	require.Regexp(t, `^orders: stopped, within [0-9.]+m?s\npayments: stopped, within [0-9.]+m?s\n$`, got.stdout)
	got = sparkpipe(t, "stream", "stop", "--state", dir, "--health", strings.TrimPrefix(first.URL, "http://"))
	require.Equal(t, cli.ExitSucceeded, got.code, got.stderr)
	require.Contains(t, got.stdout, "clicks: stopped, within ")
	got = sparkpipe(t, "stream", "stop", "--state", t.TempDir(), "--health", strings.TrimPrefix(first.URL, "http://"))
	require.Equal(t, cli.ExitFailed, got.code, "without the word there is no token")
	require.Contains(t, got.stderr, "403 Forbidden")
}
