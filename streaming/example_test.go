package streaming_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// exampleSession is a session on a server in this process, whose queries run until
// they are stopped.
func exampleSession(ctx context.Context) (spark *dataflow.Session, end func()) {
	server, err := fakeconnect.New()
	if err != nil {
		panic(err)
	}
	newFakeQueries(server)
	if spark, err = dataflow.Connect(ctx, server.Remote(), nil); err != nil {
		panic(err)
	}
	return spark, func() {
		_ = spark.Close(ctx)
		server.Stop()
	}
}

// A streaming query is a plain value; what is wrong with it shows with no cluster.
func ExampleStreamingPipeline_Validate() {
	pipe := streaming.StreamingPipeline{
		Source:  streaming.RateSource{RowsPerSecond: 10},
		Sink:    streaming.MemorySink{}, // its table has the name of the query
		Trigger: streaming.ProcessingTime(-time.Second),
	}
	fmt.Println(pipe.Validate())
	// Output:
	// trigger processing_time(-1s): the interval is negative; write 0s or more
	// sink: it needs a query name (query_name in a file)
}

// Run starts the query and waits; the end of the context stops it.
func ExampleStreamingPipeline_Run() {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	spark, end := exampleSession(context.WithoutCancel(ctx))
	defer end()

	pipe := streaming.StreamingPipeline{Source: streaming.RateSource{}, Sink: streaming.NoopSink{}, QueryName: "ticks"}
	err := pipe.Run(ctx, spark, component.Runtime{})
	fmt.Println(strings.HasPrefix(err.Error(), `the streaming query "ticks"`), ctx.Err())
	// Output: true context deadline exceeded
}

// Start hands out the query.
func ExampleStreamingPipeline_Start() {
	ctx := context.Background()
	spark, end := exampleSession(ctx)
	defer end()

	query, err := streaming.StreamingPipeline{Source: streaming.RateSource{}, Sink: streaming.NoopSink{}, QueryName: "ticks"}.Start(ctx, spark)
	if err != nil {
		fmt.Println(err)
		return
	}
	active, _ := streaming.Queries(spark).Active(ctx)
	fmt.Println(query.Name(), "is one of", len(active))
	if err := query.Stop(ctx, &streaming.StopOptions{Timeout: time.Minute}); err != nil {
		fmt.Println(err)
	}
	status, _ := query.Status(ctx)
	fmt.Println("active:", status.Active, "ended with:", query.AwaitTermination(ctx))
	// Output:
	// ticks is one of 1
	// active: false ended with: <nil>
}

// A listener hears of all queries of the session.
func ExampleListen() {
	ctx := context.Background()
	spark, end := exampleSession(ctx)
	defer end()

	started := make(chan string, 1)
	stop, err := streaming.Listen(ctx, spark, streaming.Listener{
		Started:  func(e streaming.StartedEvent) { started <- e.Name },
		Progress: func(p streaming.Progress) { fmt.Println("batch", p.BatchID, "read", p.NumInputRows, "rows") },
		Fault:    func(err error) { fmt.Println(err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	if _, err := (streaming.StreamingPipeline{Source: streaming.RateSource{}, Sink: streaming.NoopSink{}, QueryName: "ticks"}).Start(ctx, spark); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("started", <-started)
	// Output: started ticks
}

func ExampleParseProgress() {
	p, err := streaming.ParseProgress([]byte(`{"batchId":7,"numInputRows":120,"durationMs":{"triggerExecution":250},
		"sources":[{"description":"KafkaV2[Subscribe[t]]","metrics":{"maxOffsetsBehindLatest":"30"}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	lag, known := p.Sources[0].Lag()
	fmt.Println(p.BatchID, p.NumInputRows, p.Durations["triggerExecution"], lag.Max, known)
	// Output: 7 120 250ms 30 true
}

func ExampleParseTrigger() {
	trigger, err := streaming.ParseTrigger("processing_time", "1 minute 30 seconds")
	fmt.Println(trigger, err)
	_, err = streaming.ParseTrigger("processing_time", "1 month")
	fmt.Println(err)
	// Output:
	// processing_time(1m30s) <nil>
	// trigger processing_time: interval "1 month": a month has no fixed length
}
