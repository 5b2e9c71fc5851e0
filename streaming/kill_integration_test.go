package streaming_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/kafkatest"
	"github.com/sparkpipe/sparkpipe/streaming"
)

const (
	// envRecords is how many records go from Kafka to Delta, and envKills how often
	// our process is killed meanwhile. The full proof takes 1000000 and 10.
	envRecords = "SPARKPIPE_TEST_RECORDS"
	envKills   = "SPARKPIPE_TEST_KILLS"

	envKillRemote  = "SPARKPIPE_TEST_KILL_REMOTE"
	envKillServers = "SPARKPIPE_TEST_KILL_SERVERS"
	envKillDir     = "SPARKPIPE_TEST_KILL_DIR"
	envKillBatch   = "SPARKPIPE_TEST_KILL_BATCH"

	// batchesAKill is how many batches lie between two kills, so that none of them
	// finds the work done: the server goes on until the next process takes over.
	batchesAKill = 6
	// killPatience is how long a process of a test may take to come to a point.
	killPatience = 3 * time.Minute
)

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// child is a process that runs one test of this binary, to be killed.
type child struct {
	*exec.Cmd
	out   bytes.Buffer // to be read when it has ended
	ended chan struct{}
}

// startChild starts it, with variables as NAME=value. It ends with the test.
func startChild(t *testing.T, test string, env ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], "-test.run", "^"+test+"$"), ended: make(chan struct{})}
	c.Env, c.Stdout, c.Stderr = append(os.Environ(), env...), &c.out, &c.out
	require.NoError(t, c.Start())
	go func() {
		defer close(c.ended)
		_ = c.Wait() // the state says how it ended
	}()
	t.Cleanup(c.kill)
	return c
}

// kill ends it at once.
func (c *child) kill() {
	_ = c.Process.Kill() // it may have ended
	<-c.ended
}

// until waits for something of a process that lives.
func (c *child) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), killPatience)
	defer cancel()
	for !done() {
		select {
		case <-c.ended:
			require.FailNow(t, "the process has ended by itself before "+what, "%v\n%s", c.ProcessState, &c.out)
		case <-ctx.Done():
			c.kill()
			require.FailNow(t, "not there: "+what, "%s", &c.out)
		case <-time.After(time.Millisecond):
		}
	}
}

// batches tells from a checkpoint the last batch that was begun and the last that is
// done; -1 is none.
func batches(t *testing.T, checkpoint string) (begun, done int) {
	t.Helper()
	last := func(folder string) int {
		entries, err := os.ReadDir(filepath.Join(checkpoint, folder))
		if err != nil {
			require.ErrorIs(t, err, os.ErrNotExist)
		}
		most := -1
		for _, entry := range entries {
			if n, err := strconv.Atoi(entry.Name()); err == nil {
				most = max(most, n)
			}
		}
		return most
	}
	done = last("commits") // in this order: begun is never less
	return last("offsets"), done
}

// toDelta is a topic that is written to a table, and is killed meanwhile.
type toDelta struct {
	servers, dir   string
	records, batch int
}

func (d toDelta) pipeline() streaming.StreamingPipeline {
	return streaming.StreamingPipeline{
		Source: streaming.KafkaSource{
			Kafka: kafkaOf(d.servers), Subscribe: []string{"records"}, StartingOffsets: "earliest", MaxOffsetsPerTrigger: int64(d.batch),
		},
		Sink:               streaming.DeltaSink{Path: filepath.Join(d.dir, "table")},
		CheckpointLocation: filepath.Join(d.dir, "checkpoint"), Trigger: streaming.AvailableNow(),
	}
}

// fill writes the topic.
func (d toDelta) fill(t *testing.T, spark *dataflow.Session) {
	t.Helper()
	const query = "SELECT CAST(id AS STRING) AS key, CAST(id * 7 AS STRING) AS value FROM range(0, %d, 1, 2)"
	df, err := spark.SQL(t.Context(), fmt.Sprintf(query, d.records))
	require.NoError(t, err)
	require.NoError(t, dataflow.Writer{
		Format: "kafka", Mode: dataflow.SaveModeAppend, Options: map[string]string{"kafka.bootstrap.servers": d.servers, "topic": "records"},
	}.Save(t.Context(), spark, df, ""))
}

// TestToDeltaInAProcess is the process that TestRealKafkaToDeltaThroughKills
// kills; by itself it does nothing.
func TestToDeltaInAProcess(t *testing.T) {
	dir := os.Getenv(envKillDir)
	if dir == "" {
		return
	}
	d := toDelta{servers: os.Getenv(envKillServers), dir: dir, batch: number(t, envKillBatch, 0)}
	q, err := d.pipeline().Start(t.Context(), sparkAt(t, os.Getenv(envKillRemote)))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(d.runFile(os.Getpid()), nil, 0o600))
	require.NoError(t, q.AwaitTermination(t.Context()))
}

// runFile is there when the query of a process runs.
func (d toDelta) runFile(pid int) string { return filepath.Join(d.dir, "run-"+strconv.Itoa(pid)) }

// killDuring runs the process until at least this batch and then some random time,
// and calls kill while a batch is being written. It returns the number of the batch.
func (d toDelta) killDuring(t *testing.T, remote string, batch int, kill func(c *child)) int {
	t.Helper()
	c := startChild(t, "TestToDeltaInAProcess", envKillRemote+"="+remote, envKillServers+"="+d.servers,
		envKillDir+"="+d.dir, envKillBatch+"="+strconv.Itoa(d.batch))
	checkpoint := filepath.Join(d.dir, "checkpoint")
	begun, done := -1, -1
	c.until(t, "its query", func() bool {
		_, err := os.Stat(d.runFile(c.Process.Pid))
		return err == nil
	})
	c.until(t, fmt.Sprintf("batch %d", batch), func() bool {
		begun, _ = batches(t, checkpoint)
		return begun >= batch
	})
	after := time.Now().Add(time.Duration(rand.IntN(1000)) * time.Millisecond) //nolint:gosec // a test
	c.until(t, "a batch that is being written", func() bool {
		begun, done = batches(t, checkpoint)
		return time.Now().After(after) && begun > done
	})
	kill(c)
	<-c.ended
	require.False(t, c.ProcessState.Exited(), "it was killed and has not ended by itself: %v\n%s", c.ProcessState, &c.out)
	require.Less(t, begun, d.records/d.batch-1, "it was killed before the last batch")
	return begun
}

// TestRealKafkaToDeltaThroughKills kills our process at random, again and again,
// then the server, each time while a batch is being written, and counts what is in
// the table in the end.
func TestRealKafkaToDeltaThroughKills(t *testing.T) {
	t.Parallel()
	server := connectorServerProcess(t)
	kills := number(t, envKills, 3)
	d := toDelta{servers: kafkatest.Start(t).Servers, dir: t.TempDir(), records: number(t, envRecords, 40_000)}
	d.batch = d.records / (batchesAKill*(kills+1) + batchesAKill/2)
	began := time.Now()
	d.fill(t, sparkAt(t, server.Remote()))
	t.Logf("%d records are in the topic after %v; a batch takes %d", d.records, time.Since(began).Round(time.Millisecond), d.batch)

	began = time.Now()
	for i := range kills {
		at := d.killDuring(t, server.Remote(), batchesAKill*i+1+rand.IntN(batchesAKill/2), (*child).kill) //nolint:gosec // a test
		t.Logf("%v: our process was killed in batch %d", time.Since(began).Round(time.Millisecond), at)
	}
	at := d.killDuring(t, server.Remote(), batchesAKill*kills+1, func(c *child) {
		process, err := os.FindProcess(server.PID())
		require.NoError(t, err)
		require.NoError(t, process.Kill())
		<-server.Done()
		c.kill()
	})
	begun, done := batches(t, filepath.Join(d.dir, "checkpoint"))
	t.Logf("%v: the server was killed in batch %d; its checkpoint has batch %d begun, %d done", time.Since(began).Round(time.Millisecond), at, begun, done)

	spark := sparkAt(t, connectorServerProcess(t).Remote())
	q, err := d.pipeline().Start(t.Context(), spark)
	require.NoError(t, err)
	require.NoError(t, q.AwaitTermination(t.Context()))
	begun, done = batches(t, filepath.Join(d.dir, "checkpoint"))
	t.Logf("%v: resumed on a new server and at the end, batch %d", time.Since(began).Round(time.Millisecond), done)
	require.Equal(t, begun, done)
	d.requireEveryRecordOnce(t, spark)
}

// requireEveryRecordOnce counts rows, keys and places in the topic, sums the values,
// and asks that no key has the value of another.
func (d toDelta) requireEveryRecordOnce(t *testing.T, spark *dataflow.Session) {
	t.Helper()
	table := "delta.`" + filepath.Join(d.dir, "table") + "`"
	got := one[string](t, spark, "SELECT concat_ws(' ', count(*), count(DISTINCT CAST(key AS STRING)), count(DISTINCT partition, offset),"+
		" sum(CAST(CAST(value AS STRING) AS BIGINT)), count_if(CAST(CAST(value AS STRING) AS BIGINT) <> 7 * CAST(CAST(key AS STRING) AS BIGINT))) FROM "+table)
	t.Logf("rows, keys, places in the topic, sum of the values, wrong values: %s", got)
	n := d.records
	require.Equal(t, fmt.Sprintf("%d %d %d %d 0", n, n, n, 7*n*(n-1)/2), got, "every record once")
}
