package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/nearest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/quality"
)

// profileFlags are the flags of the command profile.
type profileFlags struct {
	config, format, sourceFormat string
	opts                         quality.ProfileOptions
}

// The forms in which a profile is printed.
var profileFormats = []string{"text", "json", "markdown", "yaml-checks"}

func (a *app) profileCommand() *cobra.Command {
	flags := profileFlags{format: "text"}
	cmd := &cobra.Command{
		Use:   "profile SOURCE",
		Short: "Tell what is in the columns of data, and suggest checks",
		Long: `Reads all rows of the source once for every 50 columns and tells of each column
how many values are missing and different, the smallest and the largest, mean,
quantiles, lengths and the most frequent values. Nothing is written. What is
printed holds values of the rows.

SOURCE is one of

  a path          its format is guessed by its ending: csv (with a header), tsv,
                  parquet, json, jsonl, ndjson, orc, avro, or a folder with a
                  Delta table; --source-format names it
  table:NAME      a table of the catalog
  a name          with --config, a component of the file that makes a view, or the
                  view: what it reads is made first, and its checks are left out

The server is that of the file of --config, else that of the environment variable
SPARK_REMOTE, else one that is started on this machine.

--format yaml-checks prints checks that the rows obey, for the block "quality" of a
component.

Exit codes: 0 told, 1 failed, 3 faulty configuration, 64 wrong usage,
130 interrupted.`,
		Args: wantArgs(1, 1, "one source"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(profileFormats, flags.format) {
				return wrongUsage(fmt.Errorf("--format %q: want one of %q", flags.format, profileFormats))
			}
			return a.profile(cmd.Context(), args[0], flags)
		},
	}
	a.varFlag(cmd)
	cmd.Flags().StringVarP(&flags.config, "config", "c", "", "configuration file with the server, and with the component or view")
	cmd.Flags().StringVar(&flags.format, "format", flags.format, "how it is printed: "+strings.Join(profileFormats, ", "))
	cmd.Flags().StringVar(&flags.sourceFormat, "source-format", "", "format of a path whose ending does not tell it")
	cmd.Flags().StringSliceVar(&flags.opts.Columns, "columns", nil, "look only at these columns")
	cmd.Flags().IntVar(&flags.opts.TopValues, "top", quality.DefaultTopValues, "how many of the most frequent values are told; -1 for none")
	return cmd
}

func (a *app) profile(ctx context.Context, source string, flags profileFlags) error {
	p, target, err := a.profiled(source, flags)
	if err != nil {
		return err
	}
	ctx, stop := stopOnSignals(ctx, a.stderr, "stopping", a.stopTimeout())
	defer stop()
	p, done, err := a.unlock(ctx, p)
	if err != nil {
		return err
	}
	defer done()
	flags.opts.Subject = source
	out, err := a.profileOn(ctx, p, target, &flags.opts)
	switch {
	case err != nil && ctx.Err() != nil:
		return &exitError{code: ExitInterrupted, cause: fmt.Errorf("the profile of %s: %w", source, context.Cause(ctx))}
	case err != nil:
		return &exitError{code: ExitFailed, cause: fmt.Errorf("the profile of %s: %w", source, err)}
	}
	return a.printProfile(out, flags.format)
}

// profileCloseTimeout bounds how long a session is closed for.
const profileCloseTimeout = 15 * time.Second

// profileTarget is what is looked at: a source, or the view that a step makes.
type profileTarget struct {
	source     dataflow.Source
	step, view string
}

// profiled finds out what is meant: a pipeline that says where the work runs and
// what the server must have, and the rows.
func (a *app) profiled(source string, flags profileFlags) (*pipeline.Pipeline, profileTarget, error) {
	p := &pipeline.Pipeline{Name: "profile"}
	if flags.config != "" {
		file, err := a.load(flags.config)
		if err != nil {
			return nil, profileTarget{}, a.tellFaults(flags.config, err)
		}
		target, err := viewOf(file, source)
		if flags.sourceFormat == "" && (target.view != "" || err != nil) {
			return file, target, err
		}
		p = file
	}
	from, err := profileSource(source, flags.sourceFormat)
	if err != nil {
		if flags.config != "" && flags.sourceFormat == "" && isName(source) {
			err = unknownView(p, source)
		}
		return nil, profileTarget{}, wrongUsage(err)
	}
	only := *p // the file's server, and what this source needs
	only.Steps = []pipeline.Step{{Name: "source", Component: dataflow.Component(dataflow.ReadView{Source: from, View: "source"})}}
	return &only, profileTarget{source: from}, nil
}

// viewOf finds a component of a file, or the component that makes a view.
func viewOf(file *pipeline.Pipeline, name string) (profileTarget, error) {
	for _, isIt := range []func(step *pipeline.Step, view string) bool{
		func(step *pipeline.Step, _ string) bool { return step.Name == name },
		func(_ *pipeline.Step, view string) bool { return strings.EqualFold(view, name) },
	} {
		for i := range file.Steps {
			step := &file.Steps[i]
			view, lineage := viewMade(step)
			switch {
			case !isIt(step, view):
			case view == "" || lineage.Effect != dataflow.EffectNone:
				return profileTarget{}, wrongUsage(fmt.Errorf("the component %q does more than make a view, and a profile runs nothing that writes; name a view that it reads, or a table or path that it has written", step.Name))
			default:
				return profileTarget{step: step.Name, view: view}, nil
			}
		}
	}
	return profileTarget{}, nil
}

// viewMade is the view that a step makes, empty unless it is one.
func viewMade(step *pipeline.Step) (string, dataflow.Lineage) {
	if step.Component == nil {
		return "", dataflow.Lineage{}
	}
	lineage := dataflow.LineageOf(step.Component)
	if len(lineage.Outputs) != 1 || lineage.Outputs[0].Kind != dataflow.DatasetView {
		return "", lineage
	}
	return lineage.Outputs[0].Name, lineage
}

// rows says where the rows are. To get a view it runs the step, and what makes the
// views that it reads, without checks.
func (t profileTarget) rows(ctx context.Context, spark *dataflow.Session, file *pipeline.Pipeline, out io.Writer) (dataflow.Source, error) {
	if t.source != nil {
		return t.source, nil
	}
	p := *file
	p.Quality, p.Steps = nil, slices.Clone(file.Steps)
	for i := range p.Steps {
		p.Steps[i].Quality = nil
	}
	runner, err := pipeline.NewSimplePipelineRunner(spark, &pipeline.RunnerOptions{
		Output: out, Select: &pipeline.Selection{Only: []string{t.step}},
	})
	if err != nil {
		return nil, err
	}
	if _, err := runner.Run(ctx, &p); err != nil {
		return nil, err
	}
	return dataflow.TableSource{Table: t.view}, nil
}

// unknownView says what the file has instead.
func unknownView(file *pipeline.Pipeline, name string) error {
	var names []string
	for i := range file.Steps {
		if view, _ := viewMade(&file.Steps[i]); view != "" {
			names = append(names, file.Steps[i].Name, view)
		}
	}
	text := fmt.Sprintf("%q is no component and no view of the file, and no path of a known format", name)
	if near := nearest.Word(name, names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return errors.New(text)
}

// profileOn opens the session and looks at the rows.
func (a *app) profileOn(ctx context.Context, p *pipeline.Pipeline, target profileTarget, opts *quality.ProfileOptions) (out *quality.Profile, err error) {
	opener := pipeline.Opener{Progress: func(message string) { fmt.Fprintln(a.stderr, "  "+message) }}
	spark, err := opener.Open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer func() {
		ending, stop := context.WithTimeout(context.WithoutCancel(ctx), profileCloseTimeout)
		defer stop()
		if closeErr := spark.Close(ending); closeErr != nil && err == nil {
			fmt.Fprintf(a.stderr, "%s: warning: close the Spark session: %v\n", a.opts.Name, closeErr)
		}
	}()
	source, err := target.rows(ctx, spark, p, a.stderr)
	if err != nil {
		return nil, spark.Error(ctx, err)
	}
	df, err := source.Load(ctx, spark)
	if err == nil {
		out, err = quality.ProfileOf(ctx, spark, df, opts)
	}
	return out, spark.Error(ctx, err)
}

func (a *app) printProfile(p *quality.Profile, format string) error {
	text := ""
	switch format {
	case "json":
		return a.printJSON(p)
	case "markdown":
		text = p.Markdown()
	case "yaml-checks":
		text = quality.SuggestionsYAML(quality.Suggest(p))
	default:
		text = p.Text()
	}
	_, err := fmt.Fprint(a.stdout, text)
	return err
}
