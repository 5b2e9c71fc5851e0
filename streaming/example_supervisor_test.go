package streaming_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/resilience"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// A supervisor keeps queries running until its context ends, here after the first
// has started. A service would take the context of its signals.
func ExampleSupervisor() {
	server, err := fakeconnect.New() // in a service: a cluster
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	newFakeQueries(server)
	state, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(state)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	supervisor, err := streaming.NewSupervisor(&streaming.SupervisorOptions{
		Open: func(ctx context.Context) (*dataflow.Session, error) {
			return dataflow.Connect(ctx, server.Remote(), nil)
		},
		Retry:         resilience.RetryConfig{InitialDelay: 5 * time.Second, MaxDelay: 2 * time.Minute},
		RestartLimits: map[string]int{"KAFKA_DATA_LOSS": 3},
		Addr:          "127.0.0.1:0", // 0.0.0.0:8080 for the probes of Kubernetes
		StateDir:      state,
		Hooks:         []streaming.StreamHooks{announcer{stop: stop}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = supervisor.Run(ctx, streaming.SupervisedQuery{Pipeline: streaming.StreamingPipeline{
		Source: streaming.RateSource{}, Sink: streaming.NoopSink{}, QueryName: "ticks", CheckpointLocation: "/checkpoints/ticks",
	}})
	fmt.Println(err)
	fmt.Println(supervisor.Status().Queries[0].State)
	// Output:
	// ticks runs
	// ticks has ended: stopped
	// the streaming queries were stopped: context canceled
	// stopped
}

// announcer prints two of the moments.
type announcer struct {
	streaming.BaseStreamHooks
	stop func()
}

func (a announcer) OnQueryStart(_ context.Context, e streaming.QueryStart) {
	fmt.Println(e.Query, "runs")
	a.stop()
}

func (a announcer) OnQueryTerminated(_ context.Context, e streaming.QueryEnd) {
	fmt.Println(e.Query, "has ended:", e.Reason)
}
