package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

func (a *app) localCommand() *cobra.Command {
	opts := &localspark.Options{}
	var conf []string
	cmd := &cobra.Command{
		Use:   "local [-- COMMAND [ARG...]]",
		Short: "Start a Spark Connect server on this machine, alone or around a command",
		Long: `Starts a Spark Connect server on a free port of the loopback interface and prints
its address. It runs until Ctrl-C, or until the command after -- has ended; the
command finds the address in SPARK_REMOTE, and its exit code becomes ours. When
this program ends in whatever way, the server ends too.

Spark comes from SPARK_HOME or an installed pyspark, else Maven fetches it once
into the cache folder. With SPARK_REMOTE set no server is started.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return wrongUsage(fmt.Errorf("unexpected argument %q; a command comes after --", args[0]))
			}
			var err error
			if opts.Conf, err = parseConf(conf); err != nil {
				return wrongUsage(err)
			}
			if err := opts.Validate(); err != nil {
				return wrongUsage(err)
			}
			return a.local(cmd.Context(), opts, args)
		},
	}
	cmd.Flags().StringVar(&opts.Version, "spark-version", "", "Spark version to run (default "+localspark.DefaultVersion+")")
	cmd.Flags().StringVar(&opts.Master, "master", "", `Spark master (default "local[*]")`)
	cmd.Flags().StringArrayVar(&conf, "conf", nil, "Spark property KEY=VALUE, repeatable")
	cmd.Flags().StringSliceVar(&opts.Connectors, "connectors", nil, "connector sets to have: "+strings.Join(localspark.Connectors(localspark.DefaultVersion), ", "))
	return cmd
}

func parseConf(pairs []string) (map[string]string, error) {
	conf := map[string]string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--conf wants KEY=VALUE, got %q", pair)
		}
		conf[key] = value
	}
	return conf, nil
}

func (a *app) local(ctx context.Context, opts *localspark.Options, command []string) error {
	ctx, stop := withSignals(ctx, a.stderr, "stopping")
	defer stop()
	opts.Progress = func(message string) { fmt.Fprintln(a.stderr, message) }
	opts.KeepLog = true // errors point to it
	server, err := localspark.Start(ctx, opts)
	if err != nil {
		return err
	}
	var outcome error
	switch {
	case len(command) > 0:
		outcome = a.runCommandIn(ctx, server, command)
	case server.Owned():
		outcome = a.waitFor(ctx, server)
	default:
		outcome = wrongUsage(errors.New("SPARK_REMOTE is set, so no server is started; unset it to have one"))
	}
	if err := server.Stop(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(outcome, err)
	}
	return outcome
}

// waitFor prints the address and waits for a signal or the server's end.
func (a *app) waitFor(ctx context.Context, server *localspark.Server) error {
	fmt.Fprintf(a.stdout, "%s\n", server.Remote())
	fmt.Fprintf(a.stderr, "Spark %s is ready; export SPARK_REMOTE=%s to use it, Ctrl-C to stop it\n", server.Version(), server.Remote())
	select {
	case <-ctx.Done():
		return nil
	case <-server.Done():
		return fmt.Errorf("the Spark server has ended by itself; its log is %s", server.LogFile())
	}
}

// runCommandIn runs the command with SPARK_REMOTE set. When ctx ends it is asked
// to end too and waited for.
func (a *app) runCommandIn(ctx context.Context, server *localspark.Server, command []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "SPARK_REMOTE="+server.Remote())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, a.stdout, a.stderr
	cmd.Cancel = func() error { return passOn(ctx, cmd.Process) }
	err := cmd.Run()
	switch code := commandCode(cmd.ProcessState); {
	case code > 0:
		return &exitError{code: code}
	case ctx.Err() != nil:
		return &exitError{code: ExitInterrupted}
	case err != nil:
		return fmt.Errorf("run %s: %w", command[0], err)
	}
	return nil
}

// passOn gives the signal that ended ctx to the command, unless it has had it
// from the terminal: for many programs a second one means to leave at once.
func passOn(ctx context.Context, command *os.Process) error {
	var interrupted *signalError
	if !errors.As(context.Cause(ctx), &interrupted) {
		return command.Signal(os.Interrupt)
	}
	if interrupted.signal == os.Interrupt && inForeground() {
		return nil
	}
	return command.Signal(interrupted.signal)
}

// commandCode is the exit code of a command as shells have it, 128 + N for one
// that signal N has ended; 0 for a command that was not started.
func commandCode(state *os.ProcessState) int {
	if state == nil {
		return 0
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
