//go:build linux || darwin

package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// onCluster are the settings of a driver that waits for both executors.
var onCluster = map[string]string{
	"spark.executor.memory": "512m", "spark.driver.memory": "1g", "spark.cores.max": "2",
	"spark.scheduler.minRegisteredResourcesRatio": "1.0", "spark.sql.shuffle.partitions": "2",
	"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
}

// TestRealCluster runs one pipeline on a standalone cluster of a master and two
// workers, and only the address differs: the server that is started for the run
// is the driver, or one that runs already.
func TestRealCluster(t *testing.T) {
	sparktest.Remote(t) // skips aloud, or fails in CI, where there is no Spark
	t.Setenv("SPARK_REMOTE", "")
	t.Setenv("SPARK_HOME", "")
	c := startCluster(t, 2)

	t.Run("the server of the run is the driver", func(t *testing.T) {
		spark := config.Spark{AppName: "on a cluster", Master: c.master, Conf: onCluster}
		rows := distributed(t, spark, 20, nil)
		require.Len(t, rows, 2, "both executors have worked")
	})

	t.Run("a worker is killed in mid-run", func(t *testing.T) {
		server, err := localspark.Start(t.Context(), &localspark.Options{Master: c.master, Conf: onCluster})
		require.NoError(t, err)
		defer func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) }()
		lost, kept := c.workers[0], c.workers[1]
		killed := errors.New("nobody has killed the worker")
		kill := sync.OnceFunc(func() { killed = lost.kill() })
		rows := distributed(t, config.Spark{Remote: secrets.NewValue(server.Remote())}, 240, func(e hooks.ComponentProgress) {
			if e.Name == "write" && e.TasksCompleted >= 50 && e.TasksCompleted < e.Tasks {
				kill()
			}
		})
		require.NoError(t, killed)
		require.Equal(t, map[string]int{"ALIVE": 1, "DEAD": 1}, c.states(t))
		require.Len(t, rows, 2, "the executor that was lost had worked, and the one that was left")
		var gone, alive []int
		for pid := range rows {
			switch group, err := syscall.Getpgid(pid); {
			case err != nil || group == lost.group(): // the dead may wait for somebody to hear of it
				gone = append(gone, pid)
			case group == kept.group():
				alive = append(alive, pid)
			}
		}
		require.Len(t, gone, 1)
		require.Len(t, alive, 1)
		require.Greater(t, rows[alive[0]], rows[gone[0]])
	})
}

// distributed runs a pipeline of so many short tasks and of a shuffle behind them,
// and gives how many of the rows were made by which process.
func distributed(t *testing.T, spark config.Spark, tasks int, progress func(hooks.ComponentProgress)) map[int]int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows")
	write := fmt.Sprintf("SELECT id, int(java_method('java.lang.ProcessHandle', 'current')) AS pid, "+
		"java_method('java.lang.Thread', 'sleep', 10L) AS waited FROM range(0, %d, 1, %d)", tasks, tasks)
	p := newPipeline(t,
		pipeline.Step{Name: "write", Component: dataflow.Component(dataflow.WriteView{
			Input: dataflow.Input{Query: write}, Sink: dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: path}},
		})},
		pipeline.Step{Name: "count", DependsOn: []string{"write"}, Component: dataflow.Component(dataflow.SQLView{
			SQL:  "SELECT pid, count(*) AS n, sum(id) AS ids FROM parquet.`" + path + "` GROUP BY pid",
			View: "by_process",
		})},
	)
	made, ids := map[int]int{}, 0
	collect := does("collect", func(ctx context.Context, rt component.Runtime) error {
		session, err := dataflow.SessionOf(ctx, rt)
		if err != nil {
			return err
		}
		df, err := session.SQL(ctx, "SELECT * FROM by_process")
		if err != nil {
			return err
		}
		type row struct {
			PID int32 `spark:"pid"`
			N   int64 `spark:"n"`
			IDs int64 `spark:"ids"`
		}
		for r, err := range dataflow.RowsAs[row](ctx, df) {
			if err != nil {
				return err
			}
			made[int(r.PID)] = int(r.N)
			ids += int(r.IDs)
		}
		return nil
	}, "count")
	p.Steps = append(p.Steps, collect)
	p.Spark = spark
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		OpenSession: pipeline.Opener{}.Open,
		Hooks: []hooks.PipelineHooks{hooks.Funcs{OnProgressFunc: func(_ context.Context, e hooks.ComponentProgress) {
			if progress != nil {
				progress(e)
			}
		}}},
	})
	require.NoError(t, err)
	_, err = runner.Run(t.Context(), p)
	require.NoError(t, err)
	rows := 0
	for _, n := range made {
		rows += n
	}
	require.Equal(t, tasks, rows, "every row is there")
	require.Equal(t, tasks*(tasks-1)/2, ids, "and none of them twice")
	return made
}
