package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [FILE]",
		Short: "Find out whether pipelines can run here: server, version, jars, clock, rights",
		Long: `Looks at everything that a run of the file would need: is the server there and how
fast does it answer, what must be known of its version, does it have the jars that
the components need, do the clocks agree, may the user do what a run does, can the
store of checkpoints be locked. Nothing of the pipeline is executed. Without a file
it looks at the server alone.

The server is that of run.

Exit codes: 0 nothing keeps pipelines from running, 1 something does, 3 faulty
configuration, 64 wrong usage, 130 interrupted.`,
		Args: wantArgs(0, 1, "at most one configuration file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := &pipeline.Pipeline{Name: "doctor"}
			if len(args) == 1 {
				var err error
				if p, err = a.load(args[0]); err != nil {
					return a.refuse(args[0], err)
				}
			}
			return a.doctor(cmd.Context(), p)
		},
	}
	a.jsonFlag(cmd, "print one JSON object with the findings")
	a.varFlag(cmd)
	return cmd
}

func (a *app) doctor(ctx context.Context, p *pipeline.Pipeline) error {
	ctx, stop := stopOnSignals(ctx, a.stderr, "stopping", a.stopTimeout())
	defer stop()
	opener := pipeline.Opener{Progress: func(message string) {
		if !a.json {
			fmt.Fprintln(a.stdout, message)
		}
	}}
	p, done, err := a.unlock(ctx, p)
	if err != nil {
		return err
	}
	defer done()
	report := doctor.Examine(ctx, p, &doctor.Options{Open: opener.Open, Stores: stores()})
	if err := a.printDiagnosis(report); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return &exitError{code: ExitInterrupted}
	case report.Failed():
		return &exitError{code: ExitFailed}
	}
	return nil
}

func (a *app) printDiagnosis(report *doctor.Report) error {
	if a.json {
		return a.printJSON(report)
	}
	for _, f := range report.Findings {
		if _, err := fmt.Fprintf(a.stdout, "%-8s %-12s %s\n", f.Status, f.Check, indentRest(f.Message)); err != nil {
			return err
		}
		if f.Remedy != "" {
			fmt.Fprintf(a.stdout, "%22s%s\n", "", f.Remedy)
		}
	}
	return nil
}

// indentRest puts the lines after the first below it.
func indentRest(text string) string { return indent(text, "                      ")[22:] }
