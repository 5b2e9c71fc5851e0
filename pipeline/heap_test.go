package pipeline_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/otel"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// envHeapServer makes this program the server of [TestHeapAfterManyRuns]: what
// the server keeps must not be counted.
const envHeapServer = "SPARKPIPE_TEST_HEAP_SERVER"

// TestHeapAfterManyRuns has a program that runs the same pipeline a thousand
// times on one session. Not parallel: it looks at the memory of the process.
func TestHeapAfterManyRuns(t *testing.T) {
	if os.Getenv(envHeapServer) != "" {
		server := fakeconnect.Start(t)
		server.OnExecute(func(op *fakeconnect.Operation) error {
			if op.SQL() == flakyStatement {
				return fakeconnect.Failure{Class: "CONNECT.FLAKY", Message: "again", ErrorID: op.Request.GetOperationId()}.Error()
			}
			return fakeconnect.ErrUnscripted
		})
		fmt.Println(server.Remote())
		_, _ = io.Copy(io.Discard, os.Stdin) // until the other side ends
		return
	}
	const warm, runs, growth = 50, 1000, 512 << 10
	spark, err := dataflow.Connect(t.Context(), heapServer(t), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) }()
	store, err := checkpoint.NewFileStore(t.TempDir())
	require.NoError(t, err)
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)
	options := pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{
		hooks.NewLogging(zap.New(core), nil), hooks.NewMetrics(&hooks.Registry{}),
		otel.NewTracing(&otel.TracingOptions{TracerProvider: tracenoop.NewTracerProvider()}),
		hooks.Funcs{OnProgressFunc: func(context.Context, hooks.ComponentProgress) {}},
	}}
	plain, err := pipeline.NewSimplePipelineRunner(spark, &options)
	require.NoError(t, err)
	options.Checkpoint = &pipeline.CheckpointOptions{Store: store, DeleteOnSuccess: true}
	recorded, err := pipeline.NewSimplePipelineRunner(spark, &options)
	require.NoError(t, err)
	p := newPipeline(t,
		pipeline.Step{Name: "read", Component: dataflow.Component(dataflow.SQLView{SQL: "SELECT 1", View: "rows"})},
		retrying(stumbling("flaky"), 2),
		asks("ask", 1),
		pipeline.Step{Name: "last", DependsOn: []string{"read", "flaky", "ask"}, Component: component.Func("last", nil)},
	)
	p.MaxParallel = 3

	var heap, goroutines uint64
	for i := range runs {
		runner := plain
		if i%25 == 0 { // a record costs more than all else
			runner = recorded
		}
		result, err := runner.Run(t.Context(), p)
		require.NoError(t, err)
		flaky, _ := result.Component("flaky")
		require.Equal(t, 2, flaky.Attempts)
		if i+1 == warm {
			heap, goroutines = settled()
		}
	}
	after, left := settled()
	t.Logf("heap in use after %d runs %d kB, after %d runs %d kB; goroutines %d and %d",
		warm, heap>>10, runs, after>>10, goroutines, left)
	require.LessOrEqual(t, after, heap+growth)
	require.LessOrEqual(t, left, goroutines)
}

// flakyStatement is what the server of the test fails.
const flakyStatement = "DROP TABLE flaky"

// stumbling is a component whose first attempt fails on the server.
func stumbling(name string) pipeline.Step {
	return does(name, func(ctx context.Context, rt component.Runtime) error {
		spark, err := dataflow.SessionOf(ctx, rt)
		if err != nil {
			return err
		}
		if rt.Attempt > 1 {
			return nil
		}
		return spark.Exec(ctx, flakyStatement)
	})
}

// settled gives the bytes of the heap that are in use and the number of
// goroutines when what the runs left to others is done.
func settled() (heap, goroutines uint64) {
	var stats runtime.MemStats
	for range 20 { // connections end behind the caller's back
		runtime.GC()
		runtime.ReadMemStats(&stats)
		if heap != 0 && stats.HeapAlloc >= heap && uint64(runtime.NumGoroutine()) >= goroutines {
			break
		}
		heap, goroutines = stats.HeapAlloc, uint64(runtime.NumGoroutine())
		time.Sleep(time.Millisecond)
	}
	return heap, goroutines
}

// heapServer starts this program as a server, which ends with the test, and
// gives its address.
func heapServer(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHeapAfterManyRuns$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), envHeapServer+"=1")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}
