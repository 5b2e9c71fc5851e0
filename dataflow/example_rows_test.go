package dataflow_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

func ExampleRowsAs() {
	ctx := context.Background()
	remote, stop := exampleServer()
	defer stop()
	spark, err := dataflow.Connect(ctx, remote, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	df, err := spark.SQL(ctx, "SELECT city FROM trips WHERE distance > :min", dataflow.Named("min", 10))
	if err != nil {
		fmt.Println(err)
		return
	}
	type trip struct {
		City string
		Note *string `spark:"note,optional"`
	}
	for row, err := range dataflow.RowsAs[trip](ctx, df) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row.City)
	}
	// Output:
	// Oslo
}

func ExampleValue() {
	ctx := context.Background()
	remote, stop := exampleServer()
	defer stop()
	spark, err := dataflow.Connect(ctx, remote, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	df, err := spark.SQL(ctx, "SELECT max(city) FROM trips")
	if err != nil {
		fmt.Println(err)
		return
	}
	city, err := dataflow.Value[*string](ctx, df) // max of no rows is NULL
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*city)
	// Output:
	// Oslo
}

func ExampleBatches() {
	ctx := context.Background()
	remote, stop := exampleServer()
	defer stop()
	spark, err := dataflow.Connect(ctx, remote, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer spark.Close(ctx)

	df, err := spark.SQL(ctx, "SELECT city FROM trips")
	if err != nil {
		fmt.Println(err)
		return
	}
	for record, err := range dataflow.Batches(ctx, df) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(record.NumRows(), record.Column(0))
	}
	// Output:
	// 1 ["Oslo"]
}
