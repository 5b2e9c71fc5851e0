package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// reporter tells of a run as it goes. It is a hook for the steps.
type reporter interface {
	hooks.PipelineHooks
	// session tells that Spark is there.
	session(version, remote string)
	// progress tells what takes long before that.
	progress(message string)
	// output is where components print.
	output() io.Writer
	// result tells the end.
	result(r *pipeline.Result)
}

func (a *app) runCommand() *cobra.Command {
	var runID string
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run the pipeline of a configuration file",
		Long: `Loads and checks the file, opens a Spark session, and runs the components in the
order of their dependencies.

The server is that of spark.remote in the file, else that of the environment
variable SPARK_REMOTE, else one that is started on this machine for the run.
Ctrl-C stops the work on the cluster.

Exit codes: 0 succeeded, 1 failed, 2 partly failed, 3 faulty configuration,
64 wrong usage, 130 interrupted.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd.Context(), args[0], runID)
		},
	}
	a.jsonFlag(cmd, "print one JSON object a line instead of text")
	cmd.Flags().StringVar(&runID, "run-id", "", "id of the run in logs, tags and results (default a new UUID)")
	return cmd
}

func (a *app) run(ctx context.Context, file, runID string) error {
	p, err := a.load(file)
	if err != nil {
		return a.refuse(file, err)
	}
	logging, closeLog, err := a.loggingHook(p.Hooks.Logging)
	if err != nil {
		return a.refuse(file, fmt.Errorf("%s: %w", file, err))
	}
	defer closeLog()
	report := a.reporter(p)
	ctx, stop := withSignals(ctx, a.stderr, "stopping the work on the cluster")
	defer stop()
	opener := pipeline.Opener{Progress: report.progress, Opened: func(s *dataflow.Session, remote string) {
		report.session(s.ServerVersion(), remote)
	}}
	watchers := []hooks.PipelineHooks{report, logging}
	measured := a.metricsHook(p.Hooks.Metrics, p.Name)
	if measured != nil {
		watchers = append(watchers, measured)
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		Hooks: watchers, RunID: runID, OpenSession: opener.Open, Output: report.output(),
	})
	if err != nil {
		return wrongUsage(fmt.Errorf("--run-id: %w", errors.Unwrap(err)))
	}
	pushed := measured.start(ctx)
	result, _ := runner.Run(ctx, p) // the result holds the error
	pushed()
	report.result(result)
	return runExit(result.Status)
}

// refuse tells why a file cannot be run.
func (a *app) refuse(file string, err error) error {
	if a.json {
		newJSONReport(a.stdout).emit(event{Event: "bad_config", File: file, Faults: faultsOf(err)})
		return &exitError{code: ExitBadConfig}
	}
	return a.tellFaults(file, err)
}

func (a *app) reporter(p *pipeline.Pipeline) reporter {
	if a.json {
		return newJSONReport(a.stdout)
	}
	return newTextReport(a.stdout, a.stderr, isTerminal(a.stdout), p)
}

// loggingHook gives the logging hook that the file asks for, or nil, and what
// closes its output.
func (a *app) loggingHook(cfg config.LoggingHook) (hooks.PipelineHooks, func(), error) {
	if !cfg.Written || !cfg.Enabled {
		return nil, func() {}, nil
	}
	w, closeFile, err := a.logOutput(cfg.Output)
	if err != nil {
		return nil, nil, fmt.Errorf("hooks.logging.output: %w", err)
	}
	logger, err := newLogger(w, cfg)
	if err != nil {
		closeFile()
		return nil, nil, err
	}
	return hooks.NewLogging(logger, nil), closeFile, nil
}

// logOutput opens where the log goes, standard error by default: standard output
// is the report's.
func (a *app) logOutput(output string) (io.Writer, func(), error) {
	switch output {
	case "stdout":
		if a.json {
			return a.stderr, func() {}, nil // standard output is one JSON object a line
		}
		return a.stdout, func() {}, nil
	case "", "stderr":
		return a.stderr, func() {}, nil
	}
	f, err := os.OpenFile(output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { _ = f.Close() }, nil
}
