package audittest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/hooks"
)

func ExampleMemory() {
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, nil) // in a test: a hook of the runner
	ctx, _ := hook.BeforePipeline(context.Background(), hooks.PipelineStart{Pipeline: "orders", RunID: "r1", Total: 2})
	hook.AfterPipeline(ctx, hooks.PipelineEnd{Pipeline: "orders", RunID: "r1", Status: hooks.StatusSucceeded})

	for _, line := range sink.Lines() {
		fmt.Println(line)
	}
	// Output:
	// pipeline_started runner success
	// pipeline_completed runner success
}

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	audittest.Run(t, func(*testing.T) audittest.Store {
		sink := &audittest.Memory{}
		return audittest.Store{Open: func(*testing.T) audit.Sink { return sink }}
	})
}

func TestMemoryFails(t *testing.T) {
	t.Parallel()
	sink, full := &audittest.Memory{}, errors.New("full")
	sink.FailWith(func(audit.Event) error { return full })
	require.ErrorIs(t, sink.Write(t.Context(), audittest.Event(1)), full)
	sink.FailWith(nil)
	require.NoError(t, sink.Write(t.Context(), audittest.Event(1)))
	require.Len(t, sink.Events(), 1)
	require.NoError(t, sink.Close(t.Context()))
	require.Equal(t, 1, sink.Closed())
}
