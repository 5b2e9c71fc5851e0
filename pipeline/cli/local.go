package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/internal/localspark"
)

// remoteVariable is the environment variable with the address of a server.
const remoteVariable = "SPARK_REMOTE"

const localHelp = `Starts a Spark Connect server on a free port of the loopback interface and prints
its address. It runs until Ctrl-C, or until the command after -- has ended; the
command finds the address in SPARK_REMOTE, and its exit code becomes ours. When
this program ends in whatever way, the server ends too.

Spark comes from SPARK_HOME or an installed pyspark, else Maven fetches it once
into the cache folder. With SPARK_REMOTE set no server is started.

--env NAME puts NAME in the place of SPARK_REMOTE. So a command can have two
servers:

  sparkpipe local -- sparkpipe local --env SPARK_REMOTE_NEXT --spark-version 4.2.0 -- COMMAND`

func (a *app) localCommand() *cobra.Command {
	opts := &localspark.Options{}
	var conf []string
	var variable string
	cmd := &cobra.Command{
		Use:   "local [-- COMMAND [ARG...]]",
		Short: "Start a Spark Connect server on this machine, alone or around a command",
		Long:  localHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return wrongUsage(fmt.Errorf("unexpected argument %q; a command comes after --", args[0]))
			}
			var err error
			if opts.Conf, err = parseConf(conf); err != nil {
				return wrongUsage(err)
			}
			if err := errors.Join(checkVariable(variable), opts.Validate()); err != nil {
				return wrongUsage(err)
			}
			opts.Env = localEnvironment(variable)
			return a.local(cmd.Context(), opts, variable, args)
		},
	}
	cmd.Flags().StringVar(&opts.Version, "spark-version", "", "Spark version to run (default "+localspark.DefaultVersion+")")
	cmd.Flags().StringVar(&opts.Master, "master", "", `Spark master (default "local[*]")`)
	cmd.Flags().StringArrayVar(&conf, "conf", nil, "Spark property KEY=VALUE, repeatable")
	cmd.Flags().StringVar(&variable, "env", remoteVariable, "environment variable that has the address")
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

var variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// checkVariable checks the name and, unless it is SPARK_REMOTE, whose value the
// start itself checks, also what the variable has.
func checkVariable(name string) error {
	if !variablePattern.MatchString(name) {
		return fmt.Errorf("--env wants the name of an environment variable, got %q", name)
	}
	if value := os.Getenv(name); name != remoteVariable && value != "" && !strings.HasPrefix(value, "sc://") {
		return fmt.Errorf("%s does not hold an address such as sc://host:15002; correct it, or unset it to have a server started", name)
	}
	return nil
}

// localEnvironment is the environment in which SPARK_REMOTE has the value of
// the variable, as far as the start of a server looks at it.
func localEnvironment(variable string) []string {
	env := os.Environ()
	if variable == remoteVariable {
		return env
	}
	env = slices.DeleteFunc(env, func(entry string) bool { return strings.HasPrefix(entry, remoteVariable+"=") })
	if value := os.Getenv(variable); value != "" {
		env = append(env, remoteVariable+"="+value)
	}
	return env
}

// local starts a server and does what the command line wants with it. variable
// names the environment variable for its address.
func (a *app) local(ctx context.Context, opts *localspark.Options, variable string, command []string) error {
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
		outcome = a.runCommandIn(ctx, variable+"="+server.Remote(), command)
	case server.Owned():
		outcome = a.waitFor(ctx, server, variable)
	default:
		outcome = wrongUsage(fmt.Errorf("%s is set, so no server is started; unset it to have one", variable))
	}
	if err := server.Stop(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(outcome, err)
	}
	return outcome
}

// waitFor prints the address and waits for a signal or the server's end.
func (a *app) waitFor(ctx context.Context, server *localspark.Server, variable string) error {
	fmt.Fprintf(a.stdout, "%s\n", server.Remote())
	fmt.Fprintf(a.stderr, "Spark %s is ready; export %s=%s to use it, Ctrl-C to stop it\n", server.Version(), variable, server.Remote())
	select {
	case <-ctx.Done():
		return nil
	case <-server.Done():
		return fmt.Errorf("the Spark server has ended by itself; its log is %s", server.LogFile())
	}
}

// runCommandIn runs the command with the setting in its environment. When ctx
// ends it is asked to end too and waited for.
func (a *app) runCommandIn(ctx context.Context, setting string, command []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), setting)
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
