package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) streamStopCommand() *cobra.Command {
	var health, stateDir string
	limit := DefaultStopTimeout
	cmd := &cobra.Command{
		Use:   "stop [NAME...]",
		Short: "Stop streams of a running supervisor",
		Long: `Stops the streams of these names, or all streams, once their batches are done, and
waits until they have ended. A supervisor ends with its last stream. It has to run
on this machine, as this user: its token is in the state folder.

Exit codes: 0 the streams have ended, 1 they have not, or no supervisor has them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), limit, fmt.Errorf("they have not ended within %s", limit))
			defer cancel()
			return a.streamStop(ctx, health, stateDir, args)
		},
	}
	cmd.Flags().StringVar(&health, "health", "", "host:port of the supervisor (default the one of the state folder that has the streams)")
	cmd.Flags().DurationVar(&limit, "wait", limit, "how long to wait for the end of the streams")
	stateFlag(cmd, &stateDir)
	return cmd
}

func (a *app) streamStop(ctx context.Context, health, stateDir string, names []string) error {
	all, err := a.supervisors(ctx, health, stateDir)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if len(all) > 1 {
			return wrongUsage(fmt.Errorf("%s run here, at %s; name streams, or choose one with --health", count(len(all), "supervisor"), addresses(all)))
		}
		return a.stopIn(ctx, all[0], nil)
	}
	plan := make([][]string, len(all)) // the names by supervisor
	var faults []error
	for _, name := range names {
		var in []foundSupervisor
		at := 0
		for i, one := range all {
			if slices.Contains(streamNames(one), name) {
				in, at = append(in, one), i
			}
		}
		switch len(in) {
		case 0:
			faults = append(faults, fmt.Errorf("no supervisor has a stream %q", name))
		case 1:
			plan[at] = append(plan[at], name)
		default:
			faults = append(faults, fmt.Errorf("the supervisors at %s have a stream %q each; choose one with --health", addresses(in), name))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	for i, names := range plan {
		if len(names) > 0 {
			faults = append(faults, a.stopIn(ctx, all[i], names))
		}
	}
	return errors.Join(faults...)
}

// stopIn stops streams of one supervisor, all of them without names.
func (a *app) stopIn(ctx context.Context, one foundSupervisor, names []string) error {
	began := time.Now()
	status, err := one.Stop(ctx, names...)
	if err != nil {
		return err
	}
	for _, q := range status.Queries {
		if len(names) == 0 || slices.Contains(names, q.Name) {
			fmt.Fprintf(a.stdout, "%s: %s, within %s\n", q.Name, q.State, time.Since(began).Round(time.Millisecond))
		}
	}
	return nil
}

func streamNames(one foundSupervisor) []string {
	var names []string
	for _, q := range one.status.Queries {
		names = append(names, q.Name)
	}
	return names
}

func addresses(all []foundSupervisor) string {
	var out []string
	for _, one := range all {
		out = append(out, one.Address)
	}
	return strings.Join(out, ", ")
}
