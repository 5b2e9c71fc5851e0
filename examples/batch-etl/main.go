// Command batch-etl is the pipeline of pipeline.yaml in Go.
//
//	go run ./examples/batch-etl
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

const revenueSQL = `
	SELECT country, count(*) AS orders, sum(amount) AS revenue
	FROM orders
	WHERE status = 'paid' AND amount IS NOT NULL
	GROUP BY country`

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	p, err := newPipeline("examples/batch-etl/data/orders.csv", "build/batch-etl/revenue_by_country")
	if err != nil {
		return err
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{OpenSession: pipeline.Opener{}.Open})
	if err != nil {
		return err
	}
	result, err := runner.Run(ctx, p)
	for _, c := range result.Components {
		fmt.Printf("%-14s %-9s %s\n", c.Name, c.Status, c.Duration.Round(1e6))
	}
	return err
}

// newPipeline gives three steps: read a file, ask a question in SQL, save the
// answer.
func newPipeline(input, output string) (*pipeline.Pipeline, error) {
	return pipeline.New("batch-etl",
		pipeline.Step{Name: "read_orders", Component: dataflow.Component(dataflow.ReadView{
			Source: dataflow.CSVSource{Header: true, FileSource: dataflow.FileSource{
				Path: input, Schema: "order_id INT, customer STRING, country STRING, amount DECIMAL(10,2), status STRING",
			}},
			View: "orders",
		})},
		pipeline.Step{Name: "sum_by_country", DependsOn: []string{"read_orders"}, Component: dataflow.Component(
			dataflow.SQLView{SQL: revenueSQL, View: "revenue_by_country"},
		)},
		pipeline.Step{Name: "save_revenue", DependsOn: []string{"sum_by_country"}, Component: dataflow.Component(dataflow.WriteView{
			Input: dataflow.Input{View: "revenue_by_country"},
			Sink:  dataflow.ParquetSink{FileSink: dataflow.FileSink{Path: output, Mode: dataflow.SaveModeOverwrite}},
		})},
	)
}
