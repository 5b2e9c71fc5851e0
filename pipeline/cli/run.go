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
	// observer is the hook for the progress of components, or nil.
	observer() hooks.PipelineHooks
	// close ends what the report draws; it prints as before.
	close()
}

// runFlags are the flags of the command run.
type runFlags struct {
	runID, progress, artifacts string
	resume                     resumeFlags
	// resumeOnly refuses a run that has no record.
	resumeOnly bool
	selection  pipeline.Selection
}

// addCommon adds the flags of every command that runs a pipeline.
func (f *runFlags) addCommon(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.progress, "progress", f.progress, "how running components are shown: auto, bar, plain or none")
	cmd.Flags().StringVar(&f.artifacts, "artifacts", "", "folder to write manifest.json and run_results.json into (default none)")
	f.resume.add(cmd)
	cmd.Flags().StringSliceVar(&f.selection.Only, "select", nil, "run only these components, and what makes the views that they read")
	cmd.Flags().StringSliceVar(&f.selection.From, "from", nil, "run only these components and all that depend on them")
	cmd.Flags().StringSliceVar(&f.selection.Until, "until", nil, "run only these components and all that they depend on")
}

func (a *app) runCommand() *cobra.Command {
	flags := runFlags{progress: progressAuto}
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run the pipeline of a configuration file",
		Long: `Loads and checks the file, opens a Spark session, and runs the components in the
order of their dependencies.

The server is that of spark.remote in the file, else that of the environment
variable SPARK_REMOTE, else one that is started on this machine for the run.

On a terminal each running component has a bar, elsewhere a line every ten
seconds. --json --progress plain makes events of it.

SIGINT (Ctrl-C), SIGTERM and SIGHUP stop the work on the cluster and end the run
in order; a second one leaves at once.

Exit codes: 0 succeeded, 1 failed, 2 partly failed, 3 faulty configuration,
64 wrong usage, 130 interrupted.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.run(cmd.Context(), args[0], flags)
		},
	}
	a.varFlag(cmd)
	a.jsonFlag(cmd, "print one JSON object a line instead of text")
	cmd.Flags().StringVar(&flags.runID, "run-id", "", "id of the run in logs, tags and results (default a new UUID)")
	flags.addCommon(cmd)
	return cmd
}

func (a *app) run(ctx context.Context, file string, flags runFlags) error {
	mode, err := a.progressMode(flags.progress)
	if err != nil {
		return err
	}
	p, err := a.load(file)
	if err != nil {
		return a.refuse(file, err)
	}
	logging, closeLog, err := a.loggingHook(p.Hooks.Logging)
	if err != nil {
		return a.refuse(file, fmt.Errorf("%s: %w", file, err))
	}
	defer closeLog()
	trust, p, err := a.trust(ctx, p, flags.runID)
	if err != nil {
		return a.checkFailed("run", file, err)
	}
	defer func() { _ = trust.close(ctx, "") }() // for what ends before the run
	checkpoints, err := flags.resume.options(p)
	if err != nil {
		return wrongUsage(err)
	}
	if checkpoints != nil {
		defer closeStore(checkpoints.Store)
	}
	if flags.resumeOnly && checkpoints != nil {
		checkpoints.Resume = pipeline.ResumeOnly
	}
	report := a.reporter(p, mode)
	defer report.close()
	artifacts, err := a.artifactsHook(flags.artifacts, p)
	if err != nil {
		return err
	}
	ctx, stop := stopOnSignals(ctx, a.stderr, "stopping the work on the cluster", a.stopTimeout())
	defer stop()
	opener := pipeline.Opener{Progress: report.progress, Opened: func(s *dataflow.Session, remote string) {
		report.session(s.ServerVersion(), remote)
		trust.session(s.Address(), s.ID())
		if mode == progressBar {
			hasten(ctx, p, s)
		}
	}}
	watchers := []hooks.PipelineHooks{artifacts.hook(), report, report.observer(), logging, trust.hooks()}
	measured := a.metricsHook(p.Hooks.Metrics, p.Name)
	if measured != nil {
		watchers = append(watchers, measured)
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{
		Hooks: watchers, RunID: flags.runID, OpenSession: opener.Open, Output: report.output(),
		Checkpoint: checkpoints, Select: &flags.selection, Secrets: trust, Quality: trust,
	})
	if err != nil {
		return wrongUsage(fmt.Errorf("--run-id: %w", errors.Unwrap(err)))
	}
	pushed := measured.start(ctx)
	result, _ := runner.Run(ctx, p) // the result holds the error
	pushed()
	unaudited := trust.close(ctx, result.RunID)
	report.result(result)
	if checkpoints != nil && !a.json && result.Status != pipeline.StatusSucceeded {
		a.tellResume(result, flags.resume.store)
	}
	return artifacts.complete(result, a.auditExit(p, unaudited, runExit(result.Status)))
}

// auditExit is the end of a run of which not everything is in its trail: it has failed
// when the trail is required.
func (a *app) auditExit(p *pipeline.Pipeline, unaudited, end error) error {
	if unaudited == nil {
		return end
	}
	fmt.Fprintf(a.stderr, "%s: warning: %v\n", a.opts.Name, unaudited)
	if end == nil && p.Audit != nil && p.Audit.Strict() {
		return &exitError{code: ExitFailed}
	}
	return end
}

// refuse tells why a file cannot be run.
func (a *app) refuse(file string, err error) error {
	if a.json {
		newJSONReport(a.stdout).emit(event{Event: "bad_config", File: file, Faults: faultsOf(err)})
		return &exitError{code: ExitBadConfig}
	}
	return a.tellFaults(file, err)
}

// reporter makes the report. With bars, whatever is printed from then on goes
// around them.
func (a *app) reporter(p *pipeline.Pipeline, mode string) reporter {
	if a.json {
		report := newJSONReport(a.stdout)
		report.tellsProgress = mode == progressPlain
		return report
	}
	report := newTextReport(a.stdout, a.stderr, wantsColour(a.stdout), p)
	switch mode {
	case progressBar:
		a.showBars(report)
	case progressPlain:
		report.live = newPlainProgress(func(name, text string) { report.step("36", "... ", name, text) })
	}
	return report
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
