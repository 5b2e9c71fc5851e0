package cli_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

// stubbornVariable makes the test program a sparkpipe with a component that
// hangs; see TestMain.
const stubbornVariable = "SPARKPIPE_TEST_STUBBORN"

// stubborn is that program. Its component hangs in Run or in Close, whatever its
// context says.
func stubborn() int {
	hang := func() { select {} }
	factory := component.NewFactory(component.Info{Type: "hang", Summary: "hangs"}, func(name string, cfg struct {
		In string `koanf:"in" doc:"where"`
	}) (component.PipelineComponent, error) {
		return hanging{component.Func(name, func(ctx context.Context, rt component.Runtime) error {
			fmt.Fprintln(rt.Output(), "it runs")
			if cfg.In == "run" {
				hang()
			}
			<-ctx.Done()
			return ctx.Err()
		}), hang}, nil
	})
	return cli.Main(context.Background(), os.Args[1:], &cli.Options{
		Factories: []component.Factory{factory}, StopTimeout: 500 * time.Millisecond,
	})
}

type hanging struct {
	component.PipelineComponent
	hang func()
}

func (h hanging) Close(context.Context) error {
	h.hang()
	return nil
}
