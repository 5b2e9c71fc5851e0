package connect_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// A relation that the client cannot build becomes a DataFrame of the client, with
// no round trip.
func ExampleConn_Relation() {
	ctx := context.Background()
	server, err := fakeconnect.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()

	conn, err := connect.Open(ctx, server.Remote(), &connect.Options{UserAgent: "example/1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)
	df, err := conn.Relation(&wire.Relation{RelType: &wire.Relation_Sql{Sql: &wire.SQL{Query: "SELECT 1"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("calls before the action:", len(server.Requests("ExecutePlan")))
	rows, err := df.Collect(connect.WithTags(ctx, "night"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("rows:", len(rows))
	// Output:
	// calls before the action: 0
	// rows: 1
}
