package hookstest_test

import (
	"context"
	"fmt"

	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/hookstest"
)

func ExampleRecorder() {
	var recorder hookstest.Recorder
	told := hooks.Join(&recorder) // in a test: the hooks of a runner
	ctx, _ := told.BeforePipeline(context.Background(), hooks.PipelineStart{Pipeline: "orders", Total: 2})
	told.AfterPipeline(ctx, hooks.PipelineEnd{Pipeline: "orders"})

	fmt.Println(&recorder)
	fmt.Println(hookstest.Events[hooks.PipelineStart](&recorder)[0].Total, "components")
	// Output:
	// BeforePipeline orders
	// AfterPipeline orders
	// 2 components
}
