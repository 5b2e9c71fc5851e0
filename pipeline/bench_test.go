package pipeline_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// BenchmarkRunner measures what the runner adds to components that do nothing.
// The metric ns/component is to stay the same for every number of components.
func BenchmarkRunner(b *testing.B) {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)
	watchers := []struct {
		name  string
		hooks []hooks.PipelineHooks
	}{
		{"nohooks", nil},
		{"logging", []hooks.PipelineHooks{hooks.NewLogging(zap.New(core), nil)}},
	}
	for _, shape := range []string{"independent", "chain"} {
		for _, size := range []int{1, 10, 100, 1000, 10_000} {
			p := sized(b, shape, size)
			for _, watcher := range watchers {
				b.Run(fmt.Sprintf("%s/%d/%s", shape, size, watcher.name), func(b *testing.B) {
					runner := newRunner(b, pipeline.RunnerOptions{Hooks: watcher.hooks})
					b.ReportAllocs()
					for b.Loop() {
						if _, err := runner.Run(b.Context(), p); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/component")
				})
			}
		}
	}
}

// sized returns a pipeline of components that do nothing; a chain is declared
// in reverse.
func sized(tb testing.TB, shape string, size int) *pipeline.Pipeline {
	tb.Helper()
	steps := make([]pipeline.Step, size)
	for i := range steps {
		steps[i] = works(fmt.Sprintf("c%d", i))
		if shape == "chain" && i+1 < size {
			steps[i].DependsOn = []string{fmt.Sprintf("c%d", i+1)}
		}
	}
	p, err := pipeline.New("bench", steps...)
	require.NoError(tb, err)
	return p
}
