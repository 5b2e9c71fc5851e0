package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func (a *app) planCommand() *cobra.Command {
	var opts pipeline.CheckOptions
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Print what would run, in which order, and the columns that it makes",
		Long: `Prints the components in the order of the run, by stages: those of one stage can
run at the same time. For each it tells what it reads and makes, the columns of
that, and what a second run would do. The columns are those of check, which
executes nothing; --static leaves them out and needs no server.

Exit codes: 0 no fault, 1 faults or no server, 3 faulty configuration,
64 wrong usage, 130 interrupted.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if opts.Static && opts.Infer {
				return wrongUsage(fmt.Errorf("--static takes no server, which --infer needs"))
			}
			return a.plan(cmd.Context(), args[0], &opts)
		},
	}
	a.varFlag(cmd)
	a.jsonFlag(cmd, "print one JSON object with the plan and what was found")
	cmd.Flags().BoolVar(&opts.Static, "static", false, "leave Spark out: print no columns")
	cmd.Flags().BoolVar(&opts.Infer, "infer", false, "let Spark read JSON and CSV files without a schema to find their columns")
	return cmd
}

func (a *app) plan(ctx context.Context, file string, opts *pipeline.CheckOptions) error {
	p, report, err := a.checked(ctx, file, opts)
	if err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(report)
	} else {
		_, err = fmt.Fprint(a.stdout, planText(p, report))
	}
	if err == nil && report.Err() != nil {
		err = &exitError{code: ExitFailed}
	}
	return err
}

// planText writes a plan for people.
func planText(p *pipeline.Pipeline, r *pipeline.CheckReport) string {
	var b strings.Builder
	stages, width := 0, nameWidth(r)
	for i := range r.Components {
		stages = max(stages, r.Components[i].Stage)
	}
	fmt.Fprintf(&b, "%s: %s in %s, %s\n", p.Name, count(len(r.Components), "component"), count(stages, "stage"), atATime(p.MaxParallel))
	for stage := 1; stage <= stages; stage++ {
		fmt.Fprintf(&b, "\nstage %d\n", stage)
		for i := range r.Components {
			if c := &r.Components[i]; c.Stage == stage {
				planComponent(&b, c, r.Of(c.Name), width)
			}
		}
	}
	if len(r.Findings) > 0 || r.Checked {
		fmt.Fprintf(&b, "\n%s\n", checkSum(r))
	}
	return b.String()
}

func atATime(parallel int) string {
	if parallel <= 1 {
		return "one at a time"
	}
	return fmt.Sprintf("%d at a time", parallel)
}

func planComponent(b *strings.Builder, c *pipeline.CheckedComponent, findings []pipeline.Finding, width int) {
	head := fmt.Sprintf("  %-*s  %s", width, c.Name, c.Type)
	if c.Off != "" {
		head += "  (does not run: " + c.Off + ")"
	}
	fmt.Fprintln(b, strings.TrimRight(head, " "))
	row := func(key, text string) {
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		fmt.Fprintf(b, "      %-8s %s\n", key, lines[0])
		for _, line := range lines[1:] {
			fmt.Fprintf(b, "      %-8s %s\n", "", line)
		}
	}
	if len(c.After) > 0 {
		row("after", strings.Join(c.After, ", "))
	}
	for _, d := range c.Reads {
		row("reads", dataText(d))
	}
	for _, d := range c.Makes {
		key := "writes"
		if d.Dataset.Kind == dataflow.DatasetView {
			key = "makes"
		}
		row(key, dataText(d.Dataset)+columnsText(d))
	}
	if c.Off == "" {
		row("again", effectText(c.Effect, c.Opaque))
	}
	for _, f := range findings {
		row(f.Severity.String(), strings.TrimPrefix(f.Err.Error(), "not analysed: "))
	}
}

// dataText names data as people do: a relation is what a query names.
func dataText(d dataflow.Dataset) string {
	if d.Kind == dataflow.DatasetRelation {
		return d.Name
	}
	return string(d.Kind) + " " + d.Name
}

// columnsText are the columns, one a line, if they are known.
func columnsText(d dataflow.CheckedData) string {
	if d.Schema == nil {
		return ""
	}
	var b strings.Builder
	for _, f := range d.Schema.Fields {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// effectText says what a second run does.
func effectText(effect dataflow.Effect, opaque bool) string {
	text := "nobody knows what a second run does"
	switch effect {
	case dataflow.EffectNone:
		text = "changes nothing outside the session"
	case dataflow.EffectIdempotent:
		text = "leaves the same data"
	case dataflow.EffectRepeats:
		text = "does its work once more"
	case dataflow.EffectUnknown:
	}
	if opaque {
		text += "; it may read and make more than is listed"
	}
	return text
}
