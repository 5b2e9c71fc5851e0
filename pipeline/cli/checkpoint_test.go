package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// failedRun has a run "nightly" fail at its second component, and returns the
// file of the pipeline and the server, which does not fail any more.
func failedRun(t *testing.T, more string) (file, store string) {
	t.Helper()
	server := fakeconnect.Start(t)
	refuse(server, refusedColumn)
	store = filepath.Join(t.TempDir(), "runs")
	file = writeFile(t, "orders.yaml", onServer(server.Remote(), failingRun)+more)
	got := sparkpipe(t, "run", file, "--run-id", "nightly", "--checkpoints", store)
	require.Equal(t, cli.ExitFailed, got.code, got.both())
	server.OnExecute(func(*fakeconnect.Operation) error { return fakeconnect.ErrUnscripted })
	return file, store
}

func TestResume(t *testing.T) {
	t.Parallel()
	_, store := failedRun(t, "")
	got := sparkpipe(t, "resume", "nightly", "--checkpoints", store)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Equal(t, 3, strings.Count(got.stdout, "\n  ok "), got.stdout)
	got = sparkpipe(t, "resume", "nightly", "--checkpoints", store)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Contains(t, got.stdout, "succeeded: 3 skipped")
}

func TestResumeOfAChangedFile(t *testing.T) {
	t.Parallel()
	file, store := failedRun(t, "")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	other := writeFile(t, "other.yaml", strings.Replace(string(text), "sum(amout)", "sum(amount)", 1))
	got := sparkpipe(t, "resume", "nightly", "--checkpoints", store, "--file", other)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stdout, `the pipeline is not the one that the run began with (changed: ["total"])`)
	got = sparkpipe(t, "resume", "nightly", "--checkpoints", store, "--file", other, "--allow-changes")
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
}

func TestRuns(t *testing.T) {
	t.Parallel()
	file, store := failedRun(t, "")
	got := sparkpipe(t, "runs", "--checkpoints", store)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Regexp(t, `^RUN      PIPELINE  STATUS  STARTED               DONE
nightly  orders    failed  20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ  1 of 3
$`, got.stdout)
	got = sparkpipe(t, "runs", "nightly", "--checkpoints", store)
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Contains(t, got.stdout, "run nightly of orders: failed\n  file     "+file+"\n  session  ")
	require.Regexp(t, `\nlook       skipped    0 +the run stopped after "total" failed\n$`, got.stdout)
	got = sparkpipe(t, "runs", "--checkpoints", store, "--json")
	var record checkpoint.Record
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &record))
	require.Equal(t, "nightly", record.RunID)
	require.Equal(t, cli.ExitSucceeded, sparkpipe(t, "runs", "nightly", "--checkpoints", store, "--delete").code)
	got = sparkpipe(t, "runs", "nightly", "--checkpoints", store)
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.stderr, `no checkpoint record of run "nightly" in `+store)
	got = sparkpipe(t, "runs", "--checkpoints", store)
	require.Equal(t, outcome{}, got, "there are none")
}

func TestWrongUsageOfRuns(t *testing.T) {
	t.Parallel()
	file, store := failedRun(t, "")
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"runs", "--delete", "--checkpoints", store}, cli.ExitUsage, "--delete wants a run id"},
		{[]string{"run", file, "--rerun", "total"}, cli.ExitUsage, "--rerun, --done and --allow-changes are for runs with records"},
		{[]string{"runs", "a\x00b", "--checkpoints", store}, cli.ExitUsage, "not a run id"},
		{[]string{"resume", "nightly", "--checkpoints", store, "--done", "tota"}, cli.ExitFailed, `the run has no component "tota"`},
		{[]string{"resume", "../nightly", "--checkpoints", store}, cli.ExitFailed, "no checkpoint record of run \"../nightly\""},
		{[]string{"cancel", "nightly", "--checkpoints", store}, cli.ExitFailed, `run "nightly" is over: it failed at `},
		{[]string{"run", file, "--select", "lok"}, cli.ExitFailed, `the selection: no component is named "lok"; did you mean "look"?`},
	} {
		got := sparkpipe(t, tc.args...)
		require.Equal(t, tc.code, got.code, "%q: %s", tc.args, got.both())
		require.Contains(t, got.both(), tc.want)
	}
}

func TestCheckpointBlockOfAFile(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	store := filepath.Join(t.TempDir(), "runs")
	file := writeFile(t, "orders.yaml", onServer(server.Remote(), goodRun)+"checkpoint: {location: '"+store+"'}\n")
	got := sparkpipe(t, "run", file, "--run-id", "r7")
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	got = sparkpipe(t, "runs", "--file", file)
	require.Contains(t, got.stdout, "r7   orders    succeeded")
	got = sparkpipe(t, "run", file, "--run-id", "r7")
	require.Contains(t, got.stdout, "succeeded: 4 skipped, 1 disabled")
}

func TestSelectedComponents(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	file := writeFile(t, "orders.yaml", onServer(server.Remote(), goodRun))
	got := sparkpipe(t, "run", file, "--select", "look,größte Bestellungen")
	require.Equal(t, cli.ExitSucceeded, got.code, got.both())
	require.Contains(t, got.stdout, "keep-the-old-ones-for-the-auditors  not selected")
	require.Contains(t, got.stdout, "succeeded: 3 succeeded, 1 skipped, 1 disabled")
}
