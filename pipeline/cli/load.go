package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// load reads a file into a pipeline; its faults are faults of the configuration.
func (a *app) load(file string) (*pipeline.Pipeline, error) {
	warn := func(message string) { fmt.Fprintf(a.stderr, "%s: warning: %s\n", a.opts.Name, message) }
	p, err := pipeline.FromFile(file, a.registry, &config.Options{Warn: warn, Vars: a.vars})
	if err != nil {
		return nil, badConfig(err)
	}
	return p, nil
}

// maxFaults is how many faults of a file are printed.
const maxFaults = 50

// printFaults prints the faults of a file, one a line, under a headline unless
// there is one fault only.
func (a *app) printFaults(file string, list []string) {
	if len(list) == 1 && strings.Contains(list[0], file) {
		fmt.Fprintf(a.stderr, "%s: %s\n", a.opts.Name, list[0])
		return
	}
	fmt.Fprintf(a.stderr, "%s: %s has %s:\n", a.opts.Name, file, count(len(list), "fault"))
	for i, fault := range list {
		if i == maxFaults {
			fmt.Fprintf(a.stderr, "  and %d more\n", len(list)-i)
			break
		}
		fmt.Fprintln(a.stderr, indent(fault, "  "))
	}
}

// tellFaults prints the faults and leaves the exit code to be told.
func (a *app) tellFaults(file string, err error) error {
	a.printFaults(file, faultsOf(err))
	return &exitError{code: ExitBadConfig}
}

// faultsOf gives the faults of a file as texts.
func faultsOf(err error) []string {
	var file *pipeline.FileError
	if !errors.As(err, &file) {
		return []string{err.Error()}
	}
	list := make([]string, len(file.Faults))
	for i, fault := range file.Faults {
		list[i] = fault.Error()
	}
	return list
}

func (a *app) validateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "validate FILE",
		Short: "Check a configuration file without a cluster, every fault at once",
		Long: `Loads the file, resolves its substitutions and includes, and checks every key,
every component's settings, and the order of the components. No server is
contacted. Exits with 3 when the file has faults.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := a.load(args[0])
			if a.json {
				return a.validateJSON(args[0], err)
			}
			if err != nil {
				return a.tellFaults(args[0], err)
			}
			_, printErr := fmt.Fprintf(a.stdout, "%s is valid: pipeline %q, %s\n", args[0], p.Name, count(len(p.Steps), "component"))
			return printErr
		},
	}
	a.jsonFlag(cmd, "print one JSON object with the faults")
	a.varFlag(cmd)
	return cmd
}
