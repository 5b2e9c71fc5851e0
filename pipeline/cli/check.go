package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

func (a *app) checkCommand() *cobra.Command {
	var opts pipeline.CheckOptions
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Find what is wrong with a pipeline before it runs, every fault at once",
		Long: `Checks the file as validate does, then has Spark analyse every query of the
pipeline, in the order of the run, on the columns that the components before
make: a missing column, a type that a table does not take or an unknown function
is found in seconds, with its place in the file.

Nothing is executed. Only what is provably a query is sent to Spark; of other
statements, and of what depends on them, a note says that they were not analysed.
Spark reads metadata: the catalog, the footers of Parquet and ORC files, the
first line of CSV files without a schema.

The server is that of run.

Exit codes: 0 no fault, 1 faults or no server, 3 faulty configuration,
64 wrong usage, 130 interrupted.`,
		Args: wantArgs(1, 1, "one configuration file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case opts.Sample < 0:
				return wrongUsage(fmt.Errorf("--sample %d: want a number of rows", opts.Sample))
			case opts.Static && (opts.Infer || opts.Sample > 0):
				return wrongUsage(errors.New("--static takes no server, which --infer and --sample need"))
			}
			return a.check(cmd.Context(), args[0], &opts)
		},
	}
	a.varFlag(cmd)
	a.jsonFlag(cmd, "print one JSON object with what was found")
	cmd.Flags().BoolVar(&opts.Static, "static", false, "leave Spark out: check the file alone")
	cmd.Flags().BoolVar(&opts.Infer, "infer", false, "let Spark read JSON and CSV files without a schema to find their columns")
	cmd.Flags().IntVar(&opts.Sample, "sample", 0, "also run the queries on that many rows of each source, and write nothing")
	return cmd
}

func (a *app) check(ctx context.Context, file string, opts *pipeline.CheckOptions) error {
	_, report, err := a.checked(ctx, file, opts)
	if err != nil {
		return err
	}
	if a.json {
		if err := a.printJSON(report); err != nil {
			return err
		}
	} else {
		a.printCheck(report)
	}
	if report.Err() != nil {
		return &exitError{code: ExitFailed}
	}
	return nil
}

// checked loads a file and checks it. The error is what stood in the way.
func (a *app) checked(ctx context.Context, file string, opts *pipeline.CheckOptions) (*pipeline.Pipeline, *pipeline.CheckReport, error) {
	p, err := a.load(file)
	if err != nil {
		return nil, nil, a.refuse(file, err)
	}
	ctx, stop := withSignals(ctx, a.stderr, "stopping the check")
	defer stop()
	opener := pipeline.Opener{Progress: func(message string) { fmt.Fprintln(a.stderr, "  "+message) }}
	secret, err := a.secrets(p)
	if err != nil {
		return nil, nil, a.refuse(file, fmt.Errorf("%s: %w", file, err))
	}
	defer func() { _ = secret.Close(ctx) }() // nothing of the check depends on it
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{OpenSession: opener.Open, Secrets: secret})
	if err != nil {
		return nil, nil, err
	}
	report, err := runner.Check(ctx, p, opts)
	var faults *pipeline.CheckError
	if err != nil && !errors.As(err, &faults) {
		if ctx.Err() != nil {
			return nil, nil, &exitError{code: ExitInterrupted, cause: fmt.Errorf("the check of %s: %w", file, context.Cause(ctx))}
		}
		return nil, nil, a.checkFailed("check", file, err)
	}
	return p, report, nil
}

// checkFailed tells why a check has no report, or why nothing of a run was begun.
func (a *app) checkFailed(what, file string, err error) error {
	if a.json {
		newJSONReport(a.stdout).emit(event{Event: what + "_failed", File: file, Error: newErrorFields(err)})
		return &exitError{code: ExitFailed}
	}
	return &exitError{code: ExitFailed, cause: fmt.Errorf("%s %s: %w", what, file, err)}
}

// printCheck prints a report for people: one line a component, what was found
// below it, and a sum.
func (a *app) printCheck(r *pipeline.CheckReport) {
	t := newTextReport(a.stdout, a.stderr, wantsColour(a.stdout), &pipeline.Pipeline{})
	t.width = nameWidth(r)
	on := "no server asked"
	if r.Checked {
		on = "Spark " + r.Spark
	}
	t.line("%s: %s, %s", t.bold(r.Pipeline), count(len(r.Components), "component"), on)
	for _, f := range r.Findings {
		if f.Component == "" {
			t.line("%s", indent(f.String(), "  "))
		}
	}
	for i := range r.Components {
		t.checkedComponent(r, &r.Components[i])
	}
	for _, warning := range r.Warnings {
		t.line("  warning: %v", warning)
	}
	t.line("%s in %s", checkSum(r), took(r.Duration))
}

func (t *textReport) checkedComponent(r *pipeline.CheckReport, c *pipeline.CheckedComponent) {
	findings := r.Of(c.Name)
	colour, word := "32", "ok  "
	switch {
	case c.Off != "":
		colour, word = "33", "off "
	case hasSeverity(findings, dataflow.CheckError):
		colour, word = "31", "FAIL"
	case hasSeverity(findings, dataflow.CheckWarning):
		colour, word = "33", "warn"
	case !c.Analysed && r.Checked:
		colour, word = "33", "skip"
	}
	t.line("%s", strings.TrimRight(fmt.Sprintf("  %s  %-*s  %s", t.paint(colour, word), t.width, c.Name, cmp.Or(c.Off, c.Type)), " "))
	for _, f := range findings {
		text := f.Err.Error()
		if f.Severity == dataflow.CheckWarning {
			text = "warning: " + text
		}
		if f.Sample {
			text = "in the sample: " + text
		}
		if f.Where != "" && f.Severity != dataflow.CheckNote {
			text = f.Where + ": " + text
		}
		t.line("%s", indent(text, "        "))
	}
}

func hasSeverity(findings []pipeline.Finding, severity dataflow.CheckSeverity) bool {
	for _, f := range findings {
		if f.Severity == severity {
			return true
		}
	}
	return false
}

func nameWidth(r *pipeline.CheckReport) int {
	width := 8
	for i := range r.Components {
		width = max(width, min(maxWidth, len([]rune(r.Components[i].Name))))
	}
	return width
}

// checkSum counts what was found.
func checkSum(r *pipeline.CheckReport) string {
	var parts []string
	for _, kind := range []struct {
		severity dataflow.CheckSeverity
		noun     string
	}{{dataflow.CheckError, "fault"}, {dataflow.CheckWarning, "warning"}, {dataflow.CheckNote, "note"}} {
		if n := len(r.With(kind.severity)); n > 0 {
			parts = append(parts, count(n, kind.noun))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no fault"}
	}
	if r.Checked {
		analyses := count(r.Analyses, "analysis")
		if r.Analyses != 1 {
			analyses = fmt.Sprintf("%d analyses", r.Analyses)
		}
		parts = append(parts, analyses)
	}
	return strings.Join(parts, ", ")
}
