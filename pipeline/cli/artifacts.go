package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/artifact"
)

// artifacts writes the documents of a run; nil writes none.
type artifacts struct{ writer *artifact.Hook }

// artifactsHook returns what writes into dir, or nil for "".
func (a *app) artifactsHook(dir string, p *pipeline.Pipeline) (*artifacts, error) {
	if dir == "" {
		return nil, nil
	}
	writer, err := artifact.NewHook(dir, p, &artifact.HookOptions{GeneratedBy: a.opts.Name + " " + a.version().Version})
	if err != nil {
		return nil, err
	}
	return &artifacts{writer}, nil
}

// hook is nil when nothing is written.
func (w *artifacts) hook() hooks.PipelineHooks {
	if w == nil {
		return nil
	}
	return w.writer
}

// complete returns outcome, or why the results could not be written when that is
// all that went wrong.
func (w *artifacts) complete(result *pipeline.Result, outcome error) error {
	if w == nil {
		return outcome
	}
	err := w.writer.Complete(result)
	var exit *exitError
	if err != nil && errors.As(outcome, &exit) {
		return &exitError{code: exit.code, cause: err}
	}
	return errors.Join(outcome, err)
}

// schemas are the JSON Schemas by the names of their documents.
var schemas = map[string]func() []byte{
	"manifest":    artifact.ManifestSchema,
	"run-results": artifact.RunResultsSchema,
}

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema manifest|run-results",
		Short: "Print the JSON Schema of what run --artifacts writes",
		Long: `Prints the JSON Schema (draft 2020-12) of manifest.json or run_results.json, which
run --artifacts DIR writes.`,
		Args: wantArgs(1, 1, "manifest or run-results"),
		RunE: func(_ *cobra.Command, args []string) error {
			schema, ok := schemas[strings.ReplaceAll(args[0], "_", "-")]
			if !ok {
				return wrongUsage(fmt.Errorf("schema %q: want manifest or run-results", args[0]))
			}
			_, err := a.stdout.Write(schema())
			return err
		},
		ValidArgs: []string{"manifest", "run-results"},
	}
}
