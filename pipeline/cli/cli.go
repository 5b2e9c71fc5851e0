package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// Options are the settings of [Main]. Nil and the zero value are the defaults.
type Options struct {
	// Name is what the program calls itself; default "sparkpipe".
	Name string
	// Version is what the version command prints; by default what the Go build
	// knows.
	Version string
	// Factories are component types beside the builtins.
	Factories []component.Factory
	// AuditOpeners open databases of audit trails beside PostgreSQL, MySQL and MariaDB;
	// of two for one scheme these come first.
	AuditOpeners []audit.Opener
	// Stdout and Stderr are where it prints; default those of the process.
	Stdout, Stderr io.Writer
	// StopTimeout is how long after the first SIGINT, SIGTERM or SIGHUP a run may
	// take to end in order before the process leaves all the same. Default
	// [DefaultStopTimeout]; below 0 there is no limit.
	StopTimeout time.Duration

	_ struct{}
}

// app is one run of the program.
type app struct {
	opts     Options
	stdout   io.Writer
	stderr   io.Writer
	registry *component.Registry
	json     bool
	vars     variables
}

// Main runs the command line and returns the exit code of the program. It
// blocks until the command is done; SIGINT, SIGTERM and SIGHUP stop a run, on the
// cluster too, and a second one leaves at once.
func Main(ctx context.Context, args []string, opts *Options) int {
	if opts == nil {
		opts = &Options{}
	}
	a := &app{opts: *opts}
	a.opts.Name = cmp.Or(opts.Name, "sparkpipe")
	a.stdout, a.stderr = opts.Stdout, opts.Stderr
	if a.stdout == nil {
		a.stdout = os.Stdout
	}
	if a.stderr == nil {
		a.stderr = os.Stderr
	}
	registry, err := pipeline.NewRegistry(opts.Factories...)
	if err != nil {
		fmt.Fprintf(a.stderr, "%s: %v\n", a.opts.Name, err)
		return ExitFailed
	}
	a.registry = registry
	return a.execute(ctx, args)
}

func (a *app) execute(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // nil would mean those of the process
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	code := exitCode(err)
	if text := errorText(err); text != "" {
		fmt.Fprintf(a.stderr, "%s: %s\n", a.opts.Name, text)
	}
	return code
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   a.opts.Name,
		Short: "Run data pipelines on Apache Spark over Spark Connect",
		Long: `Runs data pipelines on Apache Spark over Spark Connect, from configuration files
in HOCON, YAML or JSON.

Exit codes: 0 succeeded, 1 failed, 2 partly failed, 3 faulty configuration,
64 wrong usage, 130 interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,

		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.Help(); err != nil {
				return err
			}
			return &exitError{code: ExitUsage}
		},
	}
	root.AddCommand(a.runCommand(), a.resumeCommand(), a.runsCommand(), a.cancelCommand(), a.validateCommand(), a.checkCommand(), a.planCommand(), a.graphCommand(), a.componentsCommand(), a.checksCommand(), a.localCommand(), a.streamCommand(), a.doctorCommand(), a.auditCommand(), a.profileCommand(), a.migrateCommand(), a.schemaCommand(), a.versionCommand(), a.completionCommand(), a.manCommand())
	root.SetHelpCommand(helpCommand())
	a.complete(root)
	usage(root)
	return root
}

// usage gives the exit code of wrong usage, and where to read on, to what is
// wrong with arguments and flags.
func usage(cmd *cobra.Command) {
	asUsage := func(c *cobra.Command, err error) error {
		separator := "; "
		if strings.HasSuffix(err.Error(), "?") {
			separator = " "
		}
		return wrongUsage(fmt.Errorf("%w%ssee %s --help", err, separator, c.CommandPath()))
	}
	cmd.SetFlagErrorFunc(asUsage)
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return asUsage(c, err)
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		usage(sub)
	}
}

// knownCommand refuses what is no command of root.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(root, args[0])
}

// unknownCommand tells of a command that the one before it has not, and which one
// was meant.
func unknownCommand(of *cobra.Command, name string) error {
	of.SuggestionsMinimumDistance = 2
	if like := of.SuggestionsFor(name); len(like) > 0 {
		return fmt.Errorf("unknown command %q; did you mean %q?", name, like[0])
	}
	return fmt.Errorf("unknown command %q", name)
}

// wantArgs checks the number of arguments; what names them in the error.
func wantArgs(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		return fmt.Errorf("%s takes %s, got %s", cmd.Name(), what, count(len(args), "argument"))
	}
}

// jsonFlag adds --json to a command.
func (a *app) jsonFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().BoolVar(&a.json, "json", false, usage)
}
