package pipelinetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/localspark"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// start starts the server that the test binary shares. Nothing stops it: it ends
// with the process, whatever becomes of that.
var start = sync.OnceValues(func() (*localspark.Server, error) {
	return localspark.Start(context.Background(), nil)
})

// Session returns a session of its own for the test and closes it when the test
// ends. It blocks while the server starts, some seconds at the first call in a
// test binary, and fails the test when there is no Spark to be had.
func Session(tb testing.TB) *dataflow.Session {
	tb.Helper()
	server, err := start()
	if err != nil {
		tb.Fatalf("start a Spark Connect server for the test: %v", err)
	}
	return connect(tb, server.Remote(), nil)
}

func connect(tb testing.TB, remote string, opts *dataflow.ConnectOptions) *dataflow.Session {
	tb.Helper()
	session, err := dataflow.Connect(tb.Context(), remote, opts)
	if err != nil {
		tb.Fatalf("open a Spark session for the test: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := session.Close(ctx); err != nil {
			tb.Errorf("close the Spark session of the test: %v", err)
		}
	})
	return session
}

// RunFile loads a configuration file and runs its pipeline, with the builtins
// and more component types, on the shared server instead of the one that the
// file names. It fails the test when the file has faults; what became of the run
// is in the result, and what components print is in the log of the test. The
// session stays open until the end of the test, so that its views can be looked
// at.
func RunFile(tb testing.TB, file string, more ...component.Factory) (*pipeline.Result, *dataflow.Session) {
	tb.Helper()
	registry, err := pipeline.NewRegistry(more...)
	if err != nil {
		tb.Fatalf("make a registry: %v", err)
	}
	p, err := pipeline.FromFile(file, registry, nil)
	if err != nil {
		tb.Fatal(err)
	}
	server, err := start()
	if err != nil {
		tb.Fatalf("start a Spark Connect server for the test: %v", err)
	}
	session := connect(tb, server.Remote(), p.SessionOptions())
	runner, err := pipeline.NewSimplePipelineRunner(session, &pipeline.RunnerOptions{Output: tb.Output()})
	if err != nil {
		tb.Fatalf("make a runner: %v", err)
	}
	result, _ := runner.Run(tb.Context(), p) // the result holds the error
	return result, session
}
