package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/pipeline/cli"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// ownServerText is the head of a file whose server is started by the program.
const ownServerText = "name: embedded\nspark: {master: \"local[2]\", spark_conf: {spark.sql.shuffle.partitions: \"1\"}}\ncomponents:\n"

// countingText is a file with a stream that writes the numbers from 0 on, through a
// view that a new session has not.
func countingText(dir string) string {
	return ownServerText + strings.ReplaceAll(`  - name: ticks
    type: read_stream_rate
    config: {rows_per_second: 20, output_view: ticks}
  - name: numbers
    type: write_stream_file
    config:
      input_view: ticks
      format: json
      path: DIR/out
      trigger: processing_time
      trigger_interval: 300ms
      checkpoint_location: DIR/checkpoint
`, "DIR", dir)
}

// numbersIn returns the numbers in the files that the stream has committed, sorted.
func numbersIn(t *testing.T, out string) []int {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(out, "_spark_metadata", "[0-9]*"))
	require.NoError(t, err)
	files := map[string]bool{} // a log that sums up others names their files again
	for _, log := range logs {
		eachLine(t, log, func(line []byte) {
			var entry struct{ Path string }
			if json.Unmarshal(line, &entry) == nil { // the first line is a version
				at, err := url.Parse(entry.Path)
				require.NoError(t, err)
				files[at.Path] = true
			}
		})
	}
	var numbers []int
	for file := range files {
		eachLine(t, file, func(line []byte) {
			var row struct{ Value int }
			require.NoError(t, json.Unmarshal(line, &row), file)
			numbers = append(numbers, row.Value)
		})
	}
	slices.Sort(numbers)
	return numbers
}

func eachLine(t *testing.T, file string, do func(line []byte)) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		do(lines.Bytes())
	}
	require.NoError(t, lines.Err())
}

// streamLine is a line of stream run --json.
type streamLine struct {
	Time                   time.Time
	Event, Reason, Message string
	Error                  string
}

func linesOf(t *testing.T, p *process, event string) []streamLine {
	t.Helper()
	var found []streamLine
	for line := range strings.Lines(p.stdout.String()) {
		var e streamLine
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		if e.Event == event {
			found = append(found, e)
		}
	}
	return found
}

// killJava kills the server that a program has started, and tells when.
func killJava(t *testing.T, tmp string) time.Time {
	t.Helper()
	pids := java(t, tmp)
	require.Len(t, pids, 1)
	at := time.Now()
	require.NoError(t, syscall.Kill(pids[0], syscall.SIGKILL))
	return at
}

// requireLogs asks that nothing is left of the servers but the logs of those that
// were killed.
func requireLogs(t *testing.T, tmp string, want int) {
	t.Helper()
	until(t, "a process is left", func() bool { return len(java(t, tmp)) == 0 })
	left, err := filepath.Glob(filepath.Join(tmp, "sparkpipe-spark-*", "*"))
	require.NoError(t, err)
	require.Len(t, left, want)
	for _, file := range left {
		require.Equal(t, "server.log", filepath.Base(file))
	}
}

// TestStreamRunStartsItsServerAgain kills the server that stream run has started for
// a file without an address, twice: the streams go on on another one, each number
// comes once, and nothing is left behind.
func TestStreamRunStartsItsServerAgain(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp, dir, state := t.TempDir(), t.TempDir(), t.TempDir()
	p := startProgram(t, tmp, "", "stream", "run", "--state", state, "--json", writeFile(t, "own.yaml", countingText(dir)))
	running := func(restarts int, batch int64) (now streaming.QueryStatus) {
		until(t, "the stream runs", func() bool {
			require.False(t, p.hasEnded(), "stdout:\n%s\nstderr:\n%s", &p.stdout, &p.stderr)
			now = streamsOf(t, state)["numbers"]
			return now.State == streaming.QueryRunning && now.Restarts == restarts && now.Progress != nil && now.Progress.BatchID >= batch
		})
		return now
	}
	q := running(0, 2)
	const kills = 2
	for i := range kills {
		killed := killJava(t, tmp)
		after := running(i+1, q.Progress.BatchID+2)
		require.Equal(t, q.ID, after.ID, "from the checkpoint")
		lost := linesOf(t, p, "session_lost")
		require.Len(t, lost, i+1)
		found, sessions := lost[i].Time.Sub(killed), linesOf(t, p, "session")
		t.Logf("the server was killed: found after %v, another one answered after %v, two batches were written after %v",
			found.Round(time.Millisecond), sessions[i+1].Time.Sub(killed).Round(time.Millisecond), time.Since(killed).Round(time.Millisecond))
		require.Less(t, found, 5*time.Second, "nobody waits for a server that is known to be gone")
		require.Regexp(t, `^listen to streaming queries: the Spark session is lost: .*the Spark Connect server went away; its log is `+regexp.QuoteMeta(tmp), lost[i].Error)
		q = after
	}
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Equal(t, cli.ExitSucceeded, p.wait(t, patience), "stdout:\n%s\nstderr:\n%s", &p.stdout, &p.stderr)
	broke := slices.DeleteFunc(linesOf(t, p, "progress"), func(e streamLine) bool { return !strings.Contains(e.Message, "trying again") })
	require.LessOrEqual(t, len(broke), 4*kills, "it does not go on telling that the server is gone")
	numbers := numbersIn(t, filepath.Join(dir, "out"))
	require.NotEmpty(t, numbers)
	t.Logf("%d numbers, from %d to %d", len(numbers), numbers[0], numbers[len(numbers)-1])
	for i, n := range numbers {
		require.Equal(t, i, n, "each number once, none is missing")
	}
	requireLogs(t, tmp, kills)
}

// TestStreamRunStopsWhileItsServerStartsAgain has SIGTERM come when there is no
// server.
func TestStreamRunStopsWhileItsServerStartsAgain(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp := t.TempDir()
	p := startProgram(t, tmp, "", "stream", "run", "--state", t.TempDir(), "--json", writeFile(t, "own.yaml", countingText(t.TempDir())))
	until(t, "the stream runs", func() bool { return len(linesOf(t, p, "query_start")) > 0 || p.hasEnded() })
	killJava(t, tmp)
	until(t, "the session is lost", func() bool { return len(linesOf(t, p, "query_restart")) > 0 || p.hasEnded() })
	sent := time.Now()
	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Equal(t, cli.ExitSucceeded, p.wait(t, patience), "stdout:\n%s\nstderr:\n%s", &p.stdout, &p.stderr)
	t.Logf("ended %v after SIGTERM", time.Since(sent))
	require.Len(t, linesOf(t, p, "end"), 1)
	requireLogs(t, tmp, 1)
}

// TestStreamRunWhoseServerDiesBeforeItsStreams kills the server while it does what
// the streams depend on. That may write, so that it is not done again.
func TestStreamRunWhoseServerDiesBeforeItsStreams(t *testing.T) {
	t.Parallel()
	needJava(t)
	tmp, dir := t.TempDir(), t.TempDir()
	text := strings.Replace(countingText(dir), "  - name: ticks\n", `  - name: days
    type: write_csv
    config: {query: "SELECT id FROM range(0, 1000000000000000, 1, 8) WHERE id < 8", path: `+dir+`/days}
  - name: ticks
    depends_on: [days]
`, 1)
	p := startProgram(t, tmp, "", "stream", "run", "--state", t.TempDir(), writeFile(t, "own.yaml", text))
	untilItWorks(t, filepath.Join(dir, "days", "_temporary", "*", "_temporary", "*", "part-*"), p)
	killed := killJava(t, tmp)
	require.Equal(t, cli.ExitFailed, p.wait(t, patience))
	require.Less(t, time.Since(killed), 15*time.Second)
	require.Contains(t, p.stderr.String(), "run what the streams depend on: ")
	require.Contains(t, p.stderr.String(), "the Spark Connect server went away; its log is "+tmp)
	requireLogs(t, tmp, 1)
}
