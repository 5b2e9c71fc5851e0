package quality_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/quality"
)

func ExampleNewStreamGate() {
	suite := quality.Suite{Rules: []quality.Rule{
		{Check: quality.NotNull{Columns: []string{"id"}}, Action: quality.ActionDrop},
		{Check: quality.Range{Column: "price", Min: 0}},
	}}
	gate, err := quality.NewStreamGate(suite, &quality.StreamOptions{
		BeforeSink: true,
		Reporter: quality.ReporterFunc(func(_ context.Context, r *quality.Report) error {
			fmt.Println(r.Batch.ID, r.Status(), r.Dropped)
			return nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The last of the Transforms of a streaming.StreamingPipeline, it hears of the
	// batches from whoever runs that.
	fmt.Println(gate.Passed())
	// Output: false
}
