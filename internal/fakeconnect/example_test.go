package fakeconnect_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func ExampleNew() {
	ctx := context.Background()
	server, err := fakeconnect.New() // in a test: fakeconnect.Start(t)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	server.OnExecute(func(op *fakeconnect.Operation) error { return op.SendStrings("name", "Ann", "Bob") })

	conn, err := connect.Open(ctx, server.Remote(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)
	df, err := conn.Session().Table("people")
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, err := df.Collect(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(rows), "rows,", rows[0].Value("name"), "is the first")
	fmt.Println(len(server.Requests("ExecutePlan")), "execution")
	// Output:
	// 2 rows, Ann is the first
	// 1 execution
}
