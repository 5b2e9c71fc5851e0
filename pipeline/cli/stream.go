package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/hooks/prometheus"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/streaming"
)

func (a *app) streamCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stream",
		Short: "Run the streams of a file for as long as they are wanted, ask after them, stop them",
		Args:  knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.Help(); err != nil {
				return err
			}
			return &exitError{code: ExitUsage}
		},
	}
	cmd.AddCommand(a.streamRunCommand(), a.streamStatusCommand(), a.streamStopCommand())
	return cmd
}

// defaultHealth is a free port that this machine alone reaches, so that status and
// stop find a supervisor that was given no address.
const defaultHealth = "127.0.0.1:0"

// streamFlags are the flags of the command stream run.
type streamFlags struct {
	health, checkpoints, stateDir string
	stopOnFailure                 bool
}

func (a *app) streamRunCommand() *cobra.Command {
	flags := streamFlags{health: defaultHealth}
	cmd := &cobra.Command{
		Use:   "run FILE",
		Short: "Run the streams of a configuration file until they are stopped",
		Long: `Runs the streaming components of the file (stream, write_stream_*) and keeps them
running. First it runs what they depend on, once; views are made anew whenever there
is a new Spark session.

A stream that fails is started again from its checkpoint after a wait, unless no
restart can mend it; a block "retry" of the component says otherwise. When the
server was restarted or is gone for long, a new session is opened and all streams
go on from their checkpoints. Only one process at a time runs a checkpoint location.

Secrets are read again for each new session and for each start of a stream. Where
the file has hooks.audit, a trail tells of all that; with required nothing starts that
cannot be recorded, and a stream that cannot start again for that reason ends all.

GET /live, /ready, /queries and /metrics of the health address tell how it goes. Its
host is 127.0.0.1 unless one is given; Kubernetes needs --health 0.0.0.0:8080.

SIGINT (Ctrl-C), SIGTERM and SIGHUP stop the streams once their batches are done; a
second one leaves at once.

Exit codes: 0 all streams have ended or were stopped in order, 1 one has failed for
good, 3 faulty configuration, 64 wrong usage, 130 left at once.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.streamRun(cmd.Context(), args[0], flags)
		},
	}
	a.jsonFlag(cmd, "print one JSON object a line instead of text")
	a.varFlag(cmd)
	cmd.Flags().StringVar(&flags.health, "health", flags.health, "host:port at which health is told")
	cmd.Flags().StringVar(&flags.checkpoints, "checkpoints", "", "where the locks of checkpoint locations are: a folder or URL that all machines share (default the folder of --state, for this machine)")
	stateFlag(cmd, &flags.stateDir)
	cmd.Flags().BoolVar(&flags.stopOnFailure, "stop-on-failure", false, "stop all streams when one has failed for good")
	return cmd
}

func stateFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "state", "", "folder in which a supervisor leaves word of itself (default in the user's state folder)")
}

// streamSessionKeepalive is the time between two calls that keep a session.
const streamSessionKeepalive = 5 * time.Minute

func (a *app) streamRun(ctx context.Context, file string, flags streamFlags) error {
	p, err := a.load(file)
	if err != nil {
		return a.refuse(file, err)
	}
	if len(newStreamFile(p).names) == 0 {
		return a.refuse(file, fmt.Errorf("%s: it has no streaming component: none is of the type stream or write_stream_*", file))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	trust, p, err := a.streamTrust(ctx, p, cancel)
	if err != nil {
		return a.checkFailed("run", file, err)
	}
	defer func() { _ = trust.close(ctx, "") }() // for what ends before the streams
	if p.Spark.SessionKeepalive == 0 {
		p.Spark.SessionKeepalive = streamSessionKeepalive
	}
	streams := newStreamFile(p)
	if err := streams.unlock(ctx, trust); err != nil {
		return a.refuse(file, fmt.Errorf("%s: %w", file, trust.hide(err)))
	}
	logger, closeLog, err := a.streamLogger(p)
	if err != nil {
		return a.refuse(file, fmt.Errorf("%s: %w", file, err))
	}
	defer closeLog()
	end := a.supervise(ctx, streams, flags, logger.WithOptions(hideIn(&trust.mask)))
	return a.auditExit(p, trust.hide(trust.close(ctx, trust.runID)), trust.hide(end))
}

// supervise runs the streams and tells of them.
func (a *app) supervise(ctx context.Context, streams *streamFile, flags streamFlags, logger *zap.Logger) error {
	p, trust := streams.whole, streams.trust
	report := a.streamReport(&trust.mask)
	measured := a.metricsHook(p.Hooks.Metrics, p.Name)
	exporter := prometheus.New(nil)
	if measured != nil {
		exporter = measured.exporter
	}
	checks, err := pipeline.NewStreamChecks(p, &pipeline.StreamChecksOptions{RunID: trust.runID, Reporter: trust, Logger: logger})
	if err != nil {
		return a.refuse(p.File, err)
	}
	opts := &streaming.SupervisorOptions{
		Hooks: []streaming.StreamHooks{report, trust}, Meter: exporter, Metrics: exporter.Handler(), Logger: logger,
		Addr: flags.health, StateDir: flags.stateDir, StopOnFailure: flags.stopOnFailure,
	}
	closeLocks, err := flags.locks(opts)
	if err != nil {
		return wrongUsage(err)
	}
	defer closeLocks()
	opener := pipeline.Opener{Progress: report.progress, Opened: func(s *dataflow.Session, remote string) {
		report.session(s.ServerVersion(), remote)
		checks.Use(s)
	}}
	opts.Open = streams.open(opener.Open, report)
	supervisor, err := streaming.NewSupervisor(opts)
	if err != nil {
		return wrongUsage(err)
	}
	report.supervisor = supervisor
	if err := trust.begin(ctx, streams.names); err != nil {
		return err
	}
	ctx, stop := stopOnSignals(ctx, a.stderr, "stopping the streams once their batches are done", a.stopTimeout())
	defer stop()
	pushed := measured.start(ctx)
	err = supervisor.Run(ctx, checks.Guard(streams.queries)...)
	pushed()
	trust.ended(ctx, err)
	return a.streamEnd(report, err)
}

// locks sets where the locks of checkpoint locations are. Call what it returns when
// they are given back.
func (f *streamFlags) locks(opts *streaming.SupervisorOptions) (func(), error) {
	if f.checkpoints == "" {
		return func() {}, nil
	}
	store, err := pipeline.OpenCheckpointStore(f.checkpoints, stores()...)
	if err != nil {
		return nil, fmt.Errorf("--checkpoints: %w", err)
	}
	opts.Locker = store
	return func() { closeStore(store) }, nil
}

// streamEnd tells the end and gives the exit code.
func (a *app) streamEnd(report *streamReport, err error) error {
	var failed *streaming.SupervisorError
	if errors.As(err, &failed) {
		report.failed(failed)
	}
	switch {
	case errors.Is(err, audit.ErrRequired):
		return err
	case failed != nil:
		return &exitError{code: ExitFailed}
	case errors.Is(err, errInterrupted), err == nil:
		report.ended()
		return nil
	}
	return err
}

// failuresOf is what failed of streams that were stopped from outside, or nil.
func failuresOf(err error) error {
	var failed *streaming.SupervisorError
	if errors.As(err, &failed) {
		return failed
	}
	return nil
}

// streamLogger is the logger that the file asks for, or a silent one.
func (a *app) streamLogger(p *pipeline.Pipeline) (*zap.Logger, func(), error) {
	cfg := p.Hooks.Logging
	if !cfg.Written || !cfg.Enabled {
		return zap.NewNop(), func() {}, nil
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
	return logger, closeFile, nil
}
