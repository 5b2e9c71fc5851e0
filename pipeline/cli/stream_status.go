package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/streaming"
)

// askTimeout bounds a question to a supervisor.
const askTimeout = 10 * time.Second

func (a *app) streamStatusCommand() *cobra.Command {
	var health, stateDir string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the streams of running supervisors do",
		Long: `Asks the supervisors of this machine and user that have left word in the state
folder, or the one at --health, and prints a line for each stream.

Exit codes: 0 all streams run, 1 one of them does not, or no supervisor runs.`,
		Args: wantArgs(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.streamStatus(cmd.Context(), health, stateDir)
		},
	}
	a.jsonFlag(cmd, "print one JSON array with a supervisor an element")
	cmd.Flags().StringVar(&health, "health", "", "host:port of the supervisor to ask (default all of the state folder)")
	stateFlag(cmd, &stateDir)
	return cmd
}

func (a *app) streamStatus(ctx context.Context, health, stateDir string) error {
	all, err := a.supervisors(ctx, health, stateDir)
	if err != nil {
		return err
	}
	statuses, ready := []streaming.SupervisorStatus{}, true
	for _, one := range all {
		statuses, ready = append(statuses, one.status), ready && one.status.Ready
	}
	if a.json {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(statuses)
	} else {
		err = writeStreams(a.stdout, statuses, time.Now())
	}
	if err == nil && !ready {
		return &exitError{code: ExitFailed}
	}
	return err
}

// foundSupervisor is a supervisor that has answered.
type foundSupervisor struct {
	*streaming.RemoteSupervisor
	status streaming.SupervisorStatus
}

// supervisors returns those that answer: the one at an address, or all that have
// left word. Word of those that do not answer any more is removed.
func (a *app) supervisors(ctx context.Context, health, stateDir string) ([]foundSupervisor, error) {
	list, err := streaming.FindSupervisors(stateDir)
	if health != "" {
		one, errAt := streaming.SupervisorAt(health)
		if errAt != nil {
			return nil, wrongUsage(fmt.Errorf("--health: %w", errAt))
		}
		i := slices.IndexFunc(list, func(r *streaming.RemoteSupervisor) bool { return r.Address == one.Address })
		if i >= 0 { // with its token
			one = list[i]
		}
		list = []*streaming.RemoteSupervisor{one}
	} else if err != nil {
		fmt.Fprintf(a.stderr, "%s: warning: %v\n", a.opts.Name, err)
	}
	var out []foundSupervisor
	for _, one := range list {
		status, err := ask(ctx, one)
		switch {
		case err == nil:
			out = append(out, foundSupervisor{one, status})
		case health != "" || !errors.Is(err, streaming.ErrNoSupervisor):
			return nil, err
		default:
			one.Forget()
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no supervisor runs here; start one with: sparkpipe stream run FILE")
	}
	return out, nil
}

func ask(ctx context.Context, one *streaming.RemoteSupervisor) (streaming.SupervisorStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return one.Status(ctx)
}

// writeStreams prints a table.
func writeStreams(w io.Writer, all []streaming.SupervisorStatus, now time.Time) error {
	for i, s := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		session := "no Spark session"
		if s.SessionID != "" {
			session = "Spark session " + s.SessionID
		}
		fmt.Fprintf(w, "process %d on %s since %s, %s, %s lost\n", s.PID, s.Host, s.Since.UTC().Format(time.RFC3339), session, count(s.SessionsLost, "session"))
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "STREAM\tSTATE\tFOR\tRESTARTS\tBATCH\tTOOK\tROWS/S\tLAG\tSTATE ROWS\tSTATE BYTES\tLAST ERROR")
		for _, q := range s.Queries {
			fmt.Fprintln(table, strings.Join(streamRow(q, now), "\t"))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// streamRow is the line of a stream.
func streamRow(q streaming.QueryStatus, now time.Time) []string {
	row := []string{q.Name, string(q.State), now.Sub(q.Since).Round(time.Second).String(), strconv.Itoa(q.Restarts)}
	if p := q.Progress; p == nil {
		row = append(row, "-", "-", "-", "-", "-", "-")
	} else {
		row = append(row, strconv.FormatInt(p.BatchID, 10), (time.Duration(p.BatchDurationMillis) * time.Millisecond).String(),
			strconv.FormatFloat(p.ProcessedRowsPerSecond, 'f', 1, 64), lagText(p.Sources),
			strconv.FormatInt(p.StateRows, 10), strconv.FormatInt(p.StateBytes, 10))
	}
	problem := "-"
	if q.LastError != "" {
		problem, _, _ = strings.Cut(q.LastError, "\n")
		if runes := []rune(problem); len(runes) > maxProblem {
			problem = string(runes[:maxProblem]) + "…"
		}
	}
	return append(row, strings.ReplaceAll(problem, "\t", " "))
}

// maxProblem is how much of an error is in the table; --json has all of it.
const maxProblem = 120

// lagText is the lag of each source, where it is known.
func lagText(sources []streaming.SourceStatus) string {
	var texts []string
	for _, source := range sources {
		if source.Lag == nil {
			texts = append(texts, "?")
			continue
		}
		texts = append(texts, strconv.FormatInt(*source.Lag, 10))
	}
	if len(texts) == 0 {
		return "-"
	}
	return strings.Join(texts, ",")
}
