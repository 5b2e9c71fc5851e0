package audit_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/audit"
)

// printing is a sink that prints.
type printing struct{}

func (printing) Write(_ context.Context, e audit.Event) error {
	fmt.Println(e.Action, "of", e.Resource)
	return nil
}

func (printing) Close(context.Context) error { return nil }

func ExampleHook_Streams() {
	ctx := context.Background()
	hook := audit.NewHook(printing{}, &audit.HookOptions{Required: true})
	streams := hook.Streams("clicks", "r1")
	if err := streams.Begin(ctx, "to_lake"); err != nil {
		fmt.Println(err) // nothing may start
		return
	}
	if err := streams.Start(ctx, audit.StreamStart{Name: "to_lake", Type: "write_stream_delta"}); err == nil {
		streams.Batch("to_lake", audit.StreamBatch{ID: 0, RowsIn: 10, RowsOut: 10})
		streams.Ended(ctx, audit.StreamEnd{Name: "to_lake", Reason: audit.StreamEndStopped})
	}
	streams.End(ctx, nil)
	// Output:
	// supervisor_started of clicks
	// stream_started of write_stream_delta
	// stream_completed of write_stream_delta
	// supervisor_completed of clicks
}
