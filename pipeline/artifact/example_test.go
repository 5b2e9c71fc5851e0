package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
)

// A run leaves two documents for other programs.
func ExampleHook() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	p, err := pipeline.New("orders", pipeline.Step{
		Name: "clean",
		Component: component.Func("clean", func(context.Context, component.Runtime) error {
			return errors.New("no such table")
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	hook, err := artifact.NewHook(dir, p, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Hooks: []hooks.PipelineHooks{hook}})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, _ := runner.Run(context.Background(), p)
	if err := hook.Complete(result); err != nil {
		fmt.Println(err)
	}

	manifest, _ := artifact.ReadManifest(filepath.Join(dir, artifact.ManifestFile))
	results, _ := artifact.ReadRunResults(filepath.Join(dir, artifact.RunResultsFile))
	fmt.Println(manifest.Pipeline, "has", len(manifest.Steps), "step")
	fmt.Println(results.Status, results.Counts.Failed, results.Components[0].Error.Message)
	// Output:
	// orders has 1 step
	// failed 1 no such table
}
