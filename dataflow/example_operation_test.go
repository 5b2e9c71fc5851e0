package dataflow_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// A process writes down what it is about to do. The process that comes after it
// asks the server what became of that.
func ExampleSession_Outcome() {
	server, err := fakeconnect.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	ctx := context.Background()

	first, err := dataflow.Connect(ctx, server.Remote(), &dataflow.ConnectOptions{KeepSession: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file struct{ session, serverSession, operation string }
	file.session, file.serverSession = first.ID(), first.ServerSessionID()
	recorded := dataflow.WithOperationRecorder(ctx, func(_ context.Context, op dataflow.Operation) error {
		if op.Kind.HasEffect() {
			file.operation = op.ID // to disk, before it is sent
		}
		return nil
	})
	err = first.Exec(recorded, "INSERT INTO sales SELECT * FROM orders")
	fmt.Println(err, first.Close(ctx)) // or the end of the process at any moment

	second, err := dataflow.Connect(ctx, server.Remote(), &dataflow.ConnectOptions{
		SessionID: file.session, ServerSessionID: file.serverSession,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	outcome, err := second.Outcome(ctx, file.operation)
	fmt.Println(outcome.State, err, second.Close(ctx))
	// Output:
	// <nil> <nil>
	// succeeded <nil> <nil>
}
