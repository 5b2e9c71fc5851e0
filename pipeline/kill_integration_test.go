package pipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// envVictim makes the test program run the pipeline file of that name and die as
// envPoint says: "before 3" and "after 3" mean the third save of the record,
// "during append 50" means that many milliseconds after an operation of the
// component was recorded.
const (
	envVictim = "SPARKPIPE_TEST_VICTIM"
	envPoint  = "SPARKPIPE_TEST_POINT"
	// envRounds is how often each point is tried; 1 by default.
	envRounds = "SPARKPIPE_TEST_KILLS"
)

// victim is the program that is killed. It returns an exit code if it lives.
func victim() int {
	registry, err := pipeline.NewRegistry()
	if err != nil {
		return told(err)
	}
	p, err := pipeline.FromFile(os.Getenv(envVictim), registry, nil)
	if err != nil {
		return told(err)
	}
	options, err := p.CheckpointOptions()
	if err != nil {
		return told(err)
	}
	options.Store = &killingStore{Store: options.Store, point: strings.Fields(os.Getenv(envPoint))}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		RunID: "nightly", OpenSession: pipeline.Opener{}.Open, Checkpoint: options,
	})
	if err != nil {
		return told(err)
	}
	if _, err := runner.Run(context.Background(), p); err != nil {
		return told(err)
	}
	return 0
}

func told(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// killingStore kills its own process at a point.
type killingStore struct {
	checkpoint.Store
	point []string
	saves int
}

func (s *killingStore) Save(ctx context.Context, r *checkpoint.Record) error {
	s.saves++
	at := strings.Join(s.point, " ")
	if at == fmt.Sprint("before ", s.saves) {
		die()
	}
	err := s.Store.Save(ctx, r)
	if at == fmt.Sprint("after ", s.saves) {
		die()
	}
	if len(s.point) == 3 && len(r.Component(s.point[1]).Operations) > 0 {
		pause, _ := strconv.Atoi(s.point[2])
		time.AfterFunc(time.Duration(pause)*time.Millisecond, die)
		s.point = nil
	}
	return err
}

func die() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {} // it comes at once
}

// TestRealRunsThatAreKilled kills the process of a run at marked points, and the
// one that resumes it too, and looks at what is there in the end. The pipeline
// appends twice, which nothing may do again or leave out.
func TestRealRunsThatAreKilled(t *testing.T) {
	t.Parallel()
	rounds := 1
	if text := os.Getenv(envRounds); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	var points []string
	for i := range 8 {
		points = append(points, fmt.Sprint("before ", i+1), fmt.Sprint("after ", i+1))
	}
	points = append(points, "during append 0", "during append 60", "during insert 0", "during insert 60")
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, err := dataflow.Connect(t.Context(), remote, nil)
		require.NoError(t, err)
		defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()
		for round := range rounds {
			for i, point := range points {
				again := points[(i*7+round*3)%len(points)] // for the process that resumes
				if i%2 == 0 {
					again = ""
				}
				killAt(t, spark, remote, point, again)
			}
		}
	})
}

func killAt(t *testing.T, spark *dataflow.Session, remote, point, again string) {
	t.Helper()
	dir := t.TempDir()
	table := "killed_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+table+" (id BIGINT) USING parquet LOCATION '"+filepath.Join(dir, "table")+"'"))
	defer func() { require.NoError(t, spark.Exec(context.WithoutCancel(t.Context()), "DROP TABLE "+table)) }()
	file := filepath.Join(dir, "p.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
name: killed
checkpoint: {location: '`+filepath.Join(dir, "store")+`'}
components:
  - {name: read, type: sql, config: {sql: "SELECT id FROM range(0, 100, 1, 2)", output_view: src}}
  - {name: append, type: write_parquet, config: {query: "SELECT id, aggregate(sequence(1, 20000), 0L, (a, x) -> a + x % 7) AS s FROM src", path: '`+filepath.Join(dir, "appended")+`', mode: append}}
  - {name: insert, type: sql, depends_on: [append, read], config: {sql: "INSERT INTO `+table+` SELECT id FROM src WHERE aggregate(sequence(1, 20000), 0L, (a, x) -> a + x % 7) > id"}}
  - {name: count, type: write_parquet, depends_on: [insert], config: {query: "SELECT count(*) AS n FROM `+table+`", path: '`+filepath.Join(dir, "counted")+`'}}
`), 0o600))
	label := fmt.Sprintf("killed %q, then %q", point, again)
	runVictim(t, remote, file, point)
	if again != "" {
		runVictim(t, remote, file, again)
	}
	out, code := runVictim(t, remote, file, "")
	require.Zero(t, code, "%s: %s", label, out)
	for query, want := range map[string]int64{
		"SELECT count(*) FROM parquet.`" + dir + "/appended`":           100,
		"SELECT count(DISTINCT id) FROM parquet.`" + dir + "/appended`": 100,
		"SELECT count(*) FROM " + table:                                 100,
		"SELECT count(DISTINCT id) FROM " + table:                       100,
		"SELECT max(n) FROM parquet.`" + dir + "/counted`":              100,
	} {
		df, err := spark.SQL(t.Context(), query)
		require.NoError(t, err)
		rows, err := df.Collect(t.Context())
		require.NoError(t, spark.Error(t.Context(), err), label)
		require.Equal(t, []any{want}, rows[0].Values(), "%s: %s", label, query)
	}
}

// runVictim runs the test program as the victim and returns what it printed and
// its exit code, -1 when it was killed.
func runVictim(t *testing.T, remote, file, point string) (string, int) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(slices.Clone(os.Environ()), envVictim+"="+file, envPoint+"="+point, "SPARK_REMOTE="+remote, "GORACE=exitcode=66")
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}
