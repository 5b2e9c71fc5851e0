package cli_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// greeting is the config block of the component type greet.
type greeting struct {
	Whom string `koanf:"whom" default:"world" doc:"who is greeted"`
}

// A program with a component type of its own has the commands of sparkpipe.
func ExampleMain() {
	greet := component.NewFactory(component.Info{Type: "greet", Summary: "greets somebody"},
		func(name string, cfg greeting) (component.PipelineComponent, error) {
			return component.Func(name, func(_ context.Context, rt component.Runtime) error {
				_, err := fmt.Fprintf(rt.Output(), "hello, %s\n", cfg.Whom)
				return err
			}), nil
		})
	opts := &cli.Options{Name: "greeter", Factories: []component.Factory{greet}, Stdout: os.Stdout}

	cli.Main(context.Background(), []string{"components", "greet"}, opts)
	code := cli.Main(context.Background(), []string{"validate", "testdata/hello.yaml"}, opts)
	fmt.Println("exit code", code)
	// Output:
	// greet  greets somebody
	//     whom               text           who is greeted (default world)
	// testdata/hello.yaml is valid: pipeline "hello", 1 component
	// exit code 0
}
