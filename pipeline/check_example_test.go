package pipeline_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// A misspelt column is found before anything runs, and a DROP is not sent.
func ExampleSimplePipelineRunner_Check() {
	server, err := fakeconnect.New() // in place of a Spark server
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Stop()
	server.OnAnalyze(func(req *wire.AnalyzePlanRequest, resp *wire.AnalyzePlanResponse) error {
		if bytes.Contains(req.GetSchema().GetPlan().GetRoot(), []byte("amout")) {
			return fakeconnect.Failure{Class: "UNRESOLVED_COLUMN.WITH_SUGGESTION", State: "42703", Message: "No `amout`; line 1 pos 7"}.Error()
		}
		resp.Result = fakeconnect.StringColumns("amount")
		return nil
	})

	ctx := context.Background()
	p, err := pipeline.New("orders",
		pipeline.Step{Name: "load", Component: dataflow.Component(dataflow.SQLView{SQL: "SELECT '7' AS amount", View: "v"})},
		pipeline.Step{Name: "sum", Component: dataflow.Component(dataflow.SQLView{SQL: "SELECT amout FROM v", View: "w"})},
		pipeline.Step{Name: "clean", Component: dataflow.Component(dataflow.SQLView{SQL: "DROP TABLE old"})},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		OpenSession: func(ctx context.Context, _ *pipeline.Pipeline) (*dataflow.Session, error) {
			return dataflow.Connect(ctx, server.Remote(), nil)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := runner.Check(ctx, p, nil)
	fmt.Println("faults:", err != nil)
	for _, f := range report.Findings {
		fmt.Printf("%s %s: %v\n", f.Severity, f.Component, f.Err)
	}
	// Output:
	// faults: true
	// error sum: [UNRESOLVED_COLUMN.WITH_SUGGESTION] No `amout`; line 1 pos 7 (SQLSTATE 42703)
	// note clean: not analysed: it is a DROP statement
}
