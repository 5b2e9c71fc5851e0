package hooks_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/hooks"
)

func ExampleJoin() {
	say := func(name string) hooks.PipelineHooks {
		return hooks.Funcs{
			BeforePipelineFunc: func(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
				fmt.Println(name, "hears that", e.Pipeline, "starts")
				return ctx, nil
			},
			AfterPipelineFunc: func(_ context.Context, e hooks.PipelineEnd) {
				fmt.Println(name, "hears that", e.Pipeline, e.Status)
			},
		}
	}
	both := hooks.Join(say("first"), nil, say("second"))
	ctx, _ := both.BeforePipeline(context.Background(), hooks.PipelineStart{Pipeline: "orders"})
	both.AfterPipeline(ctx, hooks.PipelineEnd{Pipeline: "orders", Status: hooks.StatusSucceeded})
	// Output:
	// first hears that orders starts
	// second hears that orders starts
	// second hears that orders succeeded
	// first hears that orders succeeded
}

// weekendGate embeds Base and writes the one method that it needs.
type weekendGate struct {
	hooks.Base
	weekend bool
}

func (weekendGate) HookName() string { return "weekend" }

func (g weekendGate) BeforePipeline(ctx context.Context, _ hooks.PipelineStart) (context.Context, error) {
	if g.weekend {
		return ctx, errors.New("no runs at the weekend")
	}
	return ctx, nil
}

func ExampleBase() {
	gate := hooks.Join(weekendGate{weekend: true})
	_, err := gate.BeforePipeline(context.Background(), hooks.PipelineStart{Pipeline: "orders"})
	var veto *hooks.VetoError
	fmt.Println(errors.As(err, &veto), err)
	// Output:
	// true vetoed by hook "weekend": no runs at the weekend
}
