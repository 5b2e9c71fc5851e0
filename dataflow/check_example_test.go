package dataflow_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// newest is a flow of one's own that takes part in checks.
type newest struct{ from, view string }

func (n newest) Name() string { return "newest" }

func (n newest) Run(ctx context.Context, spark *dataflow.Session, _ component.Runtime) error {
	df, err := spark.SQL(ctx, n.query())
	if err != nil {
		return err
	}
	return spark.CreateTempView(ctx, df, n.view)
}

func (n newest) query() string { return "SELECT * FROM " + n.from + " ORDER BY day DESC LIMIT 10" }

// Check analyses the query and makes its columns known to what comes after.
func (n newest) Check(ctx context.Context, scope *dataflow.CheckScope) error {
	df, err := scope.SQL(ctx, n.query())
	if err != nil {
		return err
	}
	columns, err := scope.Analyze(ctx, df)
	if err != nil {
		return err
	}
	return scope.Register(ctx, n.view, df, columns)
}

func ExampleChecker() {
	server, err := fakeconnect.New() // in place of a Spark server
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	server.OnAnalyze(func(_ *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		resp.Result = fakeconnect.StringColumns("id", "day")
		return nil
	})

	ctx := context.Background()
	spark, err := dataflow.Connect(ctx, server.Remote(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = spark.Close(ctx) }()
	checks, err := dataflow.NewCheckSession(ctx, spark, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = checks.Close(ctx) }()
	result, err := checks.Check(ctx, "newest", dataflow.Component(newest{from: "orders", view: "latest"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, made := range result.Outputs {
		fmt.Printf("%s %s: %s\n", made.Dataset.Kind, made.Dataset.Name, made.Schema)
	}
	// Output:
	// view latest: id STRING NOT NULL, day STRING NOT NULL
}
