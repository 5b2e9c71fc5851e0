package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/streaming"
)

const (
	// streamRows is how many rows the first batch has.
	streamRows = 10
	// pollPause lies between two questions for the progress; PySpark's worker has
	// the same.
	pollPause = 10 * time.Millisecond
	// streamPatience is how long a first batch may take.
	streamPatience = time.Minute
)

// stream answers the median time of COUNT queries, each to the moment that WAY
// names.
func (s *sessions) stream(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 2 {
		return 0, fmt.Errorf("stream wants WAY COUNT, got %q", args)
	}
	count, err := positive(args[1])
	if err != nil {
		return 0, err
	}
	var measure func(context.Context, *dataflow.Session) (time.Duration, error)
	switch args[0] {
	case "call", "poll", "stop", "rate":
		measure = func(ctx context.Context, spark *dataflow.Session) (time.Duration, error) {
			return pollStream(ctx, spark, args[0])
		}
	case "listener":
		measure = s.hearStream
	case "files":
		measure = fileStream
	default:
		return 0, fmt.Errorf("unknown way %q", args[0])
	}
	spark, err := s.openOurs(ctx)
	if err != nil {
		return 0, err
	}
	took := make([]time.Duration, count)
	for i := range took {
		limited, cancel := context.WithTimeout(ctx, streamPatience)
		took[i], err = measure(limited, spark)
		cancel()
		if err != nil {
			return 0, spark.Error(ctx, err)
		}
	}
	slices.Sort(took)
	return took[count/2], nil
}

// rateStream is the query that is measured. The source makes its rows for each
// batch; that of rate has none before a second is over, so that its first batch is
// empty.
func rateStream(source string) streaming.StreamingPipeline {
	p := streaming.StreamingPipeline{
		Source: streaming.RateMicroBatchSource{RowsPerBatch: streamRows}, Sink: streaming.MemorySink{},
		QueryName: streamName(), Trigger: streaming.ProcessingTime(0),
	}
	if source == "rate" {
		p.Source = streaming.RateSource{RowsPerSecond: streamRows}
	}
	return p
}

func streamName() string { return "q" + uuid.NewString()[:8] }

// pollStream starts a query and asks for its progress until there is one: to the
// end of the start alone (call), to the first batch with rows (poll), that and the
// end of the query (stop), or to the first batch of any kind (rate).
func pollStream(ctx context.Context, spark *dataflow.Session, way string) (took time.Duration, err error) {
	started := time.Now()
	q, err := rateStream(way).Start(ctx, spark)
	if err != nil {
		return 0, err
	}
	took = time.Since(started)
	for way != "call" {
		p, err := q.LastProgress(ctx)
		if err != nil {
			return 0, errors.Join(err, abandon(context.WithoutCancel(ctx), q))
		}
		if p != nil && (p.NumInputRows > 0 || way == "rate") {
			took = time.Since(started)
			break
		}
		time.Sleep(pollPause)
	}
	err = abandon(ctx, q)
	if way == "stop" {
		took = time.Since(started)
	}
	return took, err
}

// abandon stops a query as PySpark does, which waits for no batch.
func abandon(ctx context.Context, q *streaming.Query) error {
	return q.Stop(ctx, &streaming.StopOptions{Abandon: true})
}

// hearStream starts a query and waits until the listener of the session, which
// stays, is told of its first batch.
func (s *sessions) hearStream(ctx context.Context, spark *dataflow.Session) (time.Duration, error) {
	if s.heard == nil {
		heard := make(chan streaming.Progress, streaming.ListenerBacklog)
		if _, err := streaming.Listen(context.WithoutCancel(ctx), spark, streaming.Listener{Progress: func(p streaming.Progress) {
			select {
			case heard <- p:
			default: // nobody waits
			}
		}}); err != nil {
			return 0, err
		}
		s.heard = heard
	}
	for len(s.heard) > 0 {
		<-s.heard // of a query before
	}
	started := time.Now()
	q, err := rateStream("listener").Start(ctx, spark)
	if err != nil {
		return 0, err
	}
	for {
		select {
		case p := <-s.heard:
			if p.RunID != q.RunID() || p.NumInputRows == 0 {
				continue
			}
			took := time.Since(started)
			return took, abandon(ctx, q)
		case <-ctx.Done():
			return 0, errors.Join(context.Cause(ctx), abandon(context.WithoutCancel(ctx), q))
		}
	}
}

// fileStream runs a query over a folder of one small file to its end.
func fileStream(ctx context.Context, spark *dataflow.Session) (took time.Duration, err error) {
	dir, err := os.MkdirTemp("", "bench-stream")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var lines []byte
	for i := range streamRows {
		lines = fmt.Appendf(lines, "{\"id\":%d}\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "1.json"), lines, 0o644); err != nil {
		return 0, err
	}
	p := streaming.StreamingPipeline{
		Source: streaming.Reader{Format: "json", Schema: "id BIGINT", Path: dir}, Sink: streaming.MemorySink{},
		QueryName: streamName(), Trigger: streaming.AvailableNow(),
	}
	started := time.Now()
	q, err := p.Start(ctx, spark)
	if err != nil {
		return 0, err
	}
	if err := q.AwaitTermination(ctx); err != nil {
		return 0, err
	}
	took = time.Since(started)
	recent, err := q.RecentProgress(ctx)
	var rows int64
	for _, p := range recent {
		rows += p.NumInputRows
	}
	if err == nil && rows != streamRows {
		err = fmt.Errorf("want %d rows, got %d", streamRows, rows)
	}
	return took, err
}
