package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// atLeast is the time of runs behind one answer.
const atLeast = 20 * time.Millisecond

// runner answers how long one run of components that do nothing takes, from the
// loaded configuration on.
func runner(ctx context.Context, args []string) (time.Duration, error) {
	if len(args) != 3 {
		return 0, fmt.Errorf("runner wants SHAPE SIZE LOGGING, got %q", args)
	}
	size, err := positive(args[1])
	if err != nil {
		return 0, err
	}
	cfg, err := config.Parse([]byte(configuration(args[0], size)), config.FormatYAML, nil)
	if err != nil {
		return 0, err
	}
	nothing := component.NewFactory(component.Info{Type: "nothing", Summary: "does nothing"},
		func(name string, _ struct{}) (component.PipelineComponent, error) {
			return component.Func(name, nil), nil
		})
	registry, err := component.NewRegistry(nothing)
	if err != nil {
		return 0, err
	}
	var opts pipeline.RunnerOptions
	if args[2] == "on" {
		core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)
		opts.Hooks = []hooks.PipelineHooks{hooks.NewLogging(zap.New(core), nil)}
	}
	started := time.Now()
	for runs := 1; ; runs++ {
		if err := runOnce(ctx, cfg, registry, &opts); err != nil {
			return 0, err
		}
		if took := time.Since(started); took >= atLeast {
			return took / time.Duration(runs), nil
		}
	}
}

func runOnce(ctx context.Context, cfg *config.Pipeline, registry *component.Registry, opts *pipeline.RunnerOptions) error {
	p, err := pipeline.FromConfig(cfg, registry)
	if err != nil {
		return err
	}
	r, err := pipeline.NewSimplePipelineRunner(nil, opts)
	if err != nil {
		return err
	}
	_, err = r.Run(ctx, p)
	return err
}

// configuration is a file of components that do nothing.
func configuration(shape string, size int) string {
	var b strings.Builder
	b.WriteString("name: bench\ncomponents:\n")
	for i := range size {
		fmt.Fprintf(&b, "  - {name: step-%d, type: nothing", i)
		if shape == "chain" && i > 0 {
			fmt.Fprintf(&b, ", depends_on: [step-%d]", i-1)
		}
		b.WriteString("}\n")
	}
	return b.String()
}
