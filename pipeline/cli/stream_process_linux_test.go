package cli_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// streamsOf asks for the streams of the supervisor of a state folder.
func streamsOf(t *testing.T, state string) map[string]streaming.QueryStatus {
	t.Helper()
	got := sparkpipe(t, "stream", "status", "--state", state, "--json")
	var all []streaming.SupervisorStatus
	if json.Unmarshal([]byte(got.stdout), &all) != nil {
		return nil
	}
	out := map[string]streaming.QueryStatus{}
	for _, s := range all {
		for _, q := range s.Queries {
			out[q.Name] = q
		}
	}
	return out
}

// lastingPort is a free port that nobody is given who asks the system for one, so
// that it stays free while a server is away.
func lastingPort(t *testing.T) string {
	t.Helper()
	for port := 20_000 + os.Getpid()%10_000; port < 32_000; port++ {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			require.NoError(t, listener.Close())
			return strconv.Itoa(port)
		}
	}
	require.Fail(t, "there is no free port")
	return ""
}

// TestStreamRun has streams live through the end of their server and end in order
// with SIGTERM.
func TestStreamRun(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp, dir, state := t.TempDir(), t.TempDir(), t.TempDir()
	conf := []string{"--master", "local[2]", "--conf", "spark.sql.shuffle.partitions=1", "--conf", "spark.connect.grpc.binding.port=" + lastingPort(t)}
	server, remote := localServer(t, tmp, conf...)
	file := writeFile(t, "streams.yaml", streamFileText(dir)+"hooks: {audit: {audit_trail_path: "+dir+"/trail, required: true}}\n")
	p := startProgram(t, t.TempDir(), remote, "stream", "run", "--state", state, "--json", file)
	runs := func(restarts int) bool {
		require.False(t, p.hasEnded(), "stdout:\n%s\nstderr:\n%s", &p.stdout, &p.stderr)
		streams := streamsOf(t, state)
		for _, q := range streams {
			if q.Progress == nil || q.Progress.BatchID < 1 || q.State != streaming.QueryRunning || q.Restarts < restarts {
				return false
			}
		}
		return len(streams) == 2
	}
	until(t, "the streams run", func() bool { return runs(0) })
	before := streamsOf(t, state)

	second := startProgram(t, t.TempDir(), remote, "stream", "run", "--state", state, file)
	require.Equal(t, cli.ExitFailed, second.wait(t, patience))
	require.Regexp(t, `streaming query "joined": the checkpoint location .*/joined belongs to another supervisor: process \d+ on `, second.stderr.String())

	require.NoError(t, server.Process.Signal(os.Interrupt))
	require.Equal(t, cli.ExitSucceeded, server.wait(t, patience))
	_, again := localServer(t, tmp, conf...)
	require.Equal(t, remote, again)
	up := time.Now()
	until(t, "the streams run again", func() bool { return runs(1) })
	t.Logf("both streams went on, with their views, %v after the server was up", time.Since(up))
	for name, q := range streamsOf(t, state) {
		require.Equal(t, before[name].ID, q.ID, "from the checkpoint")
		require.Greater(t, q.Progress.BatchID, before[name].Progress.BatchID)
	}
	parts, err := filepath.Glob(filepath.Join(dir, "dims", "part-*"))
	require.NoError(t, err)
	require.Len(t, parts, 1, "what writes is done once")

	sent := time.Now()
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Equal(t, cli.ExitSucceeded, p.wait(t, patience), "stdout:\n%s\nstderr:\n%s", &p.stdout, &p.stderr)
	t.Logf("drained in %v", time.Since(sent))
	require.Equal(t, "SIGTERM: stopping the streams once their batches are done; once more to leave at once\n", p.stderr.String())
	kinds := map[string]int{}
	for line := range strings.Lines(p.stdout.String()) {
		var e struct{ Event, Reason string }
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		kinds[e.Event+e.Reason]++
	}
	require.Equal(t, 4, kinds["query_start"])
	require.Equal(t, 2, kinds["query_endsession_lost"])
	require.Equal(t, 2, kinds["query_endstopped"])
	require.Equal(t, 1, kinds["session_lost"])
	require.Equal(t, 1, kinds["end"])
	left, err := filepath.Glob(filepath.Join(state, "*"))
	require.NoError(t, err)
	require.Empty(t, left)
	requireTrailOfStreams(t, filepath.Join(dir, "trail"))
}

// requireTrailOfStreams looks at the trail of two streams that lived through the end
// of their server.
func requireTrailOfStreams(t *testing.T, dir string) {
	t.Helper()
	events := requirePaired(t, dir)
	held := events[slices.IndexFunc(events, func(e auditEvent) bool { return e.Action == "supervisor_failed" })]
	require.Contains(t, held.Metadata["error"], "belongs to another supervisor")
	events = slices.DeleteFunc(events, func(e auditEvent) bool { return e.RunID == held.RunID })
	require.Equal(t, []string{"component_started", "component_completed"}, actionsOf(events, "dims"), "once")
	reasons := map[string]int{}
	for _, e := range events {
		if e.Action == "stream_completed" || e.Action == "stream_failed" {
			reasons[e.Metadata["reason"]]++
			for _, key := range []string{"batches", "rows_in", "last_batch_id"} {
				n, err := strconv.Atoi(e.Metadata[key])
				require.NoError(t, err)
				require.Positive(t, n, "%s of %v", key, e.Metadata)
			}
			require.NotEmpty(t, e.Metadata["query_run_id"])
		}
	}
	require.Equal(t, map[string]int{"session_lost": 2, "stopped": 2}, reasons)
	all := actionsOf(events, "")
	require.Equal(t, 2, count(all, "session_opened"))
	require.Equal(t, 1, count(all, "session_lost"))
	require.Equal(t, 2, count(all, "stream_restarted"))
	require.Equal(t, "supervisor_completed", all[len(all)-1])
}
