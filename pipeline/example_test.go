package pipeline_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func ExampleSimplePipelineRunner() {
	say := func(text string) component.PipelineComponent {
		return component.Func(text, func(context.Context, component.Runtime) error {
			fmt.Println(text)
			return nil
		})
	}
	pipe, err := pipeline.New("greetings",
		pipeline.Step{Name: "second", Component: say("world"), DependsOn: []string{"first"}},
		pipeline.Step{Name: "first", Component: say("hello")},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := runner.Run(context.Background(), pipe)
	fmt.Println(result.Status, err)
	// Output:
	// hello
	// world
	// succeeded <nil>
}

func ExampleSimplePipelineRunner_Run_failure() {
	errNoDisk := errors.New("no space left")
	pipe, err := pipeline.New("orders",
		pipeline.Step{Name: "save", Type: "write_csv", Component: component.Func("save",
			func(context.Context, component.Runtime) error { return errNoDisk })},
		pipeline.Step{Name: "report", Component: component.Func("report", nil), DependsOn: []string{"save"}},
		pipeline.Step{Name: "other", Component: component.Func("other", nil)},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	pipe.FailFast = false // go on with what does not depend on the failure
	runner, err := pipeline.NewSimplePipelineRunner(nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	result, err := runner.Run(context.Background(), pipe)
	fmt.Println(err)
	var failed *pipeline.ComponentError
	fmt.Println(errors.As(err, &failed), failed.Component, errors.Is(err, errNoDisk))
	for _, c := range result.Components {
		fmt.Printf("%s %s %q\n", c.Name, c.Status, c.Reason)
	}
	// Output:
	// pipeline "orders" partly failed: component "save" (write_csv): no space left
	// true save true
	// save failed ""
	// other succeeded ""
	// report skipped "depends on \"save\", which failed"
}

func ExampleRunnerOptions() {
	progress := hooks.Funcs{
		BeforeComponentFunc: func(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
			fmt.Printf("%d of %d: %s\n", e.Index+1, e.Total, e.Name)
			return ctx, nil
		},
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		Hooks: []hooks.PipelineHooks{progress},
		RunID: "2025-01-01",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	pipe, err := pipeline.New("orders",
		pipeline.Step{Name: "read", Component: component.Func("read", nil)},
		pipeline.Step{Name: "clean", Component: component.Func("clean", nil), DependsOn: []string{"read"}},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := runner.Run(context.Background(), pipe)
	fmt.Println(result.RunID, result.Status, err)
	// Output:
	// 1 of 2: read
	// 2 of 2: clean
	// 2025-01-01 succeeded <nil>
}

func ExampleNew_invalid() {
	step := component.Func("step", nil)
	_, err := pipeline.New("orders",
		pipeline.Step{Name: "a", Component: step, DependsOn: []string{"b"}},
		pipeline.Step{Name: "b", Component: step, DependsOn: []string{"a", "c"}},
	)
	fmt.Println(err)
	// Output:
	// pipeline "orders" is not valid:
	// component "b" depends on "c", which is not in the pipeline
	// dependency cycle: a -> b -> a (each depends on the next)
}
