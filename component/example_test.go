package component_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sparkpipe/sparkpipe/component"
)

// greetConfig is what users write in the config block.
type greetConfig struct{ Whom string }

// greet is the component; it holds its settings and nothing else.
type greet struct{ name, whom string }

func (g greet) Name() string { return g.name }

func (g greet) Validate() error {
	if g.whom == "" {
		return errors.New("whom is empty")
	}
	return nil
}

func (g greet) Run(_ context.Context, rt component.Runtime) error {
	fmt.Printf("%s: hello, %s\n", rt.Pipeline, g.whom)
	return nil
}

func newGreet(name string, cfg greetConfig) (component.PipelineComponent, error) {
	return greet{name: name, whom: cfg.Whom}, nil
}

func ExampleRegistry() {
	registry, err := component.NewRegistry(
		component.NewFactory(component.Info{
			Type:    "greet",
			Aliases: []string{"Greeter"},
			Summary: "Says hello.",
		}, newGreet),
	)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A configuration file may give the type, an alias or a class path.
	factory, err := registry.Lookup("com.example.Greeter")
	if err != nil {
		fmt.Println(err)
		return
	}
	greeter, err := factory.New("first", func(into any) error {
		into.(*greetConfig).Whom = "Spark"
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = greeter.Run(context.Background(), component.Runtime{Pipeline: "demo"})

	_, err = registry.Lookup("gret")
	fmt.Println(err)
	// Output:
	// demo: hello, Spark
	// unknown component type "gret"; did you mean "greet"? known types: greet
}

func ExampleFunc() {
	c := component.Func("count", func(_ context.Context, rt component.Runtime) error {
		fmt.Println("attempt", rt.Attempt)
		return nil
	})
	fmt.Println(c.Name(), c.Run(context.Background(), component.Runtime{Attempt: 1}))
	// Output:
	// attempt 1
	// count <nil>
}
