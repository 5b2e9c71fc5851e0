package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// resumeFlags are the flags of the commands that can go on with a run.
type resumeFlags struct {
	store        string
	rerun, done  []string
	allowChanges bool
	// enabled keeps records also where the file does not ask for them.
	enabled bool
}

func (f *resumeFlags) add(cmd *cobra.Command) {
	storeFlag(cmd, &f.store)
	cmd.Flags().StringArrayVar(&f.rerun, "rerun", nil, "component to run again although it may have done its work, repeatable")
	cmd.Flags().StringArrayVar(&f.done, "done", nil, "component that counts as done, repeatable")
	cmd.Flags().BoolVar(&f.allowChanges, "allow-changes", false, "resume although the file has changed: what is new or other runs")
}

func storeFlag(cmd *cobra.Command, store *string) {
	cmd.Flags().StringVar(store, "checkpoints", "", "where records of runs are kept (default checkpoint.location of the file, else $"+
		pipeline.EnvCheckpoints+", else a folder of yours)")
}

// options are the checkpoints that the file or the flags ask for, or nil.
func (f *resumeFlags) options(p *pipeline.Pipeline) (*pipeline.CheckpointOptions, error) {
	if f.store != "" {
		p.Checkpoint.Enabled, p.Checkpoint.Location = true, f.store
	}
	p.Checkpoint.Enabled = p.Checkpoint.Enabled || f.enabled
	options, err := p.CheckpointOptions(stores()...)
	if err != nil || options == nil {
		if err == nil && (len(f.rerun) > 0 || len(f.done) > 0 || f.allowChanges) {
			err = errors.New("--rerun, --done and --allow-changes are for runs with records; add a block checkpoint to the file, or --checkpoints")
		}
		return nil, err
	}
	options.Rerun, options.Done = f.rerun, f.done
	options.AllowChanges = options.AllowChanges || f.allowChanges
	return options, nil
}

// openStore opens the store of a location, of a configuration file, or the
// default one. It sets the location to what it found.
func (a *app) openStore(ctx context.Context, location *string, file string) (checkpoint.Store, error) {
	if file != "" && *location == "" {
		p, err := a.load(file)
		if err != nil {
			return nil, a.tellFaults(file, err)
		}
		if p, err = a.unlockSettings(ctx, p); err != nil {
			return nil, a.tellFaults(file, fmt.Errorf("%s: %w", file, err))
		}
		*location = p.Checkpoint.Location
	}
	if *location == "" {
		found, err := pipeline.DefaultCheckpoints()
		if err != nil {
			return nil, err
		}
		*location = found
	}
	store, err := pipeline.OpenCheckpointStore(*location, stores()...)
	if err != nil {
		return nil, wrongUsage(err)
	}
	return store, nil
}

// findRun finds the record of a run, and the store that has it.
func (a *app) findRun(ctx context.Context, location *string, file, runID string) (checkpoint.Store, *checkpoint.Record, error) {
	named := *location != "" || file != ""
	store, err := a.openStore(ctx, location, file)
	if err != nil {
		return nil, nil, err
	}
	record, err := store.Load(ctx, runID)
	switch {
	case errors.Is(err, checkpoint.ErrRunID):
		err = wrongUsage(err)
	case errors.Is(err, checkpoint.ErrNotFound) && !named:
		err = fmt.Errorf("%w; name another store with --checkpoints, or with --file the file that does", err)
	}
	return store, record, err
}

// tellResume says how to go on with a run that did not succeed. A run that never
// had a record, because it is locked or refused, has nothing to go on with.
func (a *app) tellResume(result *pipeline.Result, store string) {
	var fault *pipeline.CheckpointError
	if errors.As(result.Err, &fault) {
		return
	}
	command := []string{a.opts.Name, "resume", result.RunID}
	if store != "" {
		command = append(command, "--checkpoints", pipeline.RedactCheckpoints(store))
	}
	fmt.Fprintf(a.stdout, "go on with: %s\n", strings.Join(command, " "))
}

func (a *app) resumeCommand() *cobra.Command {
	var flags runFlags
	var file string
	flags.progress = progressAuto
	cmd := &cobra.Command{
		Use:   "resume RUN",
		Short: "Go on with a run that failed, was stopped or was killed",
		Long: `Goes on with the run of that id where it ended, with the configuration file that
it had. What is done is not done again; views that are needed are made anew.

When the process of the run was killed while a component was at work, the server
is asked what became of it. When that is not to be known, and doing it again could
do it twice, nothing runs: look at what the component writes, then say --done NAME
or --rerun NAME.

Exit codes are those of run; 1 also when there is no record of the run.`,
		Args: wantArgs(1, 1, "one run id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, record, err := a.findRun(cmd.Context(), &flags.resume.store, file, args[0])
			if store != nil {
				closeStore(store)
			}
			if err != nil {
				return err
			}
			flags.runID, flags.resumeOnly = record.RunID, true
			flags.resume.enabled = true
			if file = cmp.Or(file, record.File); file == "" {
				return wrongUsage(errors.New("the record of the run names no configuration file; give one with --file"))
			}
			return a.run(cmd.Context(), file, flags)
		},
	}
	a.jsonFlag(cmd, "print one JSON object a line instead of text")
	a.varFlag(cmd)
	cmd.Flags().StringVar(&file, "file", "", "configuration file of the run (default the one that it began with)")
	flags.addCommon(cmd)
	return cmd
}

func (a *app) runsCommand() *cobra.Command {
	var location, file, name string
	var limit int
	var remove bool
	cmd := &cobra.Command{
		Use:   "runs [RUN]",
		Short: "List the runs that have a record, or show one of them",
		Long: `Lists the runs whose records are kept, the latest first; with a run id, what is
known of its components. A run that is "running" may also have been killed: it is
not locked then, and "sparkpipe resume" goes on with it.`,
		Args: wantArgs(0, 1, "at most one run id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				store, record, err := a.findRun(cmd.Context(), &location, file, args[0])
				if store != nil {
					defer closeStore(store)
				}
				if remove && store != nil && !errors.Is(err, checkpoint.ErrNotFound) {
					return store.Delete(cmd.Context(), args[0])
				}
				if err != nil {
					return err
				}
				return a.showRun(record)
			}
			if remove {
				return wrongUsage(errors.New("--delete wants a run id"))
			}
			return a.listRuns(cmd.Context(), location, file, &checkpoint.Filter{Pipeline: name, Limit: limit})
		},
	}
	a.varFlag(cmd)
	a.jsonFlag(cmd, "print the records as JSON, one a line")
	storeFlag(cmd, &location)
	cmd.Flags().StringVar(&file, "file", "", "configuration file whose checkpoint.location is meant")
	cmd.Flags().StringVar(&name, "pipeline", "", "list the runs of this pipeline only")
	cmd.Flags().IntVar(&limit, "limit", 20, "list at most that many; 0 lists all")
	cmd.Flags().BoolVar(&remove, "delete", false, "delete the record of the run")
	return cmd
}

func (a *app) listRuns(ctx context.Context, location, file string, filter *checkpoint.Filter) error {
	store, err := a.openStore(ctx, &location, file)
	if err != nil {
		return err
	}
	defer closeStore(store)
	records, err := store.List(ctx, filter)
	rows := [][]string{{"RUN", "PIPELINE", "STATUS", "STARTED", "DONE"}}
	for _, r := range records {
		if a.json {
			if err := a.printJSON(r); err != nil {
				return err
			}
			continue
		}
		done := len(slices.DeleteFunc(slices.Clone(r.Components), func(c checkpoint.Component) bool { return c.State != checkpoint.StateSucceeded }))
		rows = append(rows, []string{r.RunID, r.Pipeline, string(r.Status), r.Created.Format("2006-01-02 15:04:05Z"), fmt.Sprintf("%d of %d", done, len(r.Components))})
	}
	if !a.json && len(rows) > 1 {
		a.printTable(rows)
	}
	return err // of those that cannot be read
}

func (a *app) showRun(r *checkpoint.Record) error {
	if a.json {
		return a.printJSON(r)
	}
	fmt.Fprintf(a.stdout, "run %s of %s: %s\n", r.RunID, r.Pipeline, r.Status)
	if r.File != "" {
		fmt.Fprintf(a.stdout, "  file     %s\n", r.File)
	}
	if r.Session != nil {
		fmt.Fprintf(a.stdout, "  session  %s at %s\n", r.Session.ID, r.Session.Address)
	}
	fmt.Fprintf(a.stdout, "  started  %s\n  updated  %s\n", r.Created.Format("2006-01-02 15:04:05Z"), r.Updated.Format("2006-01-02 15:04:05Z"))
	rows := [][]string{{"COMPONENT", "STATE", "ATTEMPTS", "TOOK", ""}}
	for i := range r.Components {
		c := &r.Components[i]
		duration := ""
		if !c.Ended.IsZero() {
			duration = took(c.Ended.Sub(c.Started))
		}
		rows = append(rows, []string{c.Name, string(c.State), fmt.Sprint(c.Attempts), duration, truncate(firstLine(cmp.Or(c.Error, c.Reason)), 100)})
	}
	a.printTable(rows)
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// printTable prints rows with columns of equal width.
func (a *app) printTable(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], displayWidth(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(pad(cell, widths[i]+2))
		}
		fmt.Fprintln(a.stdout, strings.TrimRight(line.String(), " "))
	}
}
