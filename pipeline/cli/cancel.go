package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// cancelPause is the time between two looks at a run that is to end.
const cancelPause = 200 * time.Millisecond

func (a *app) cancelCommand() *cobra.Command {
	var location, file string
	wait := 30 * time.Second
	cmd := &cobra.Command{
		Use:   "cancel RUN",
		Short: "Stop a run of another process or machine",
		Long: `Ends what the run does on the server, by its tag there, until the run has ended.
The run must keep a record that this machine can reach; whoever runs it ends it as
interrupted, and "sparkpipe resume" can go on with it.

Exit codes: 0 the run has ended, 1 it has not, or there is no record of it.`,
		Args: wantArgs(1, 1, "one run id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, record, err := a.findRun(cmd.Context(), &location, file, args[0])
			if store != nil {
				defer closeStore(store)
			}
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), wait, fmt.Errorf("it has not ended within %s", wait))
			defer cancel()
			return a.cancel(ctx, store, record, file)
		},
	}
	a.varFlag(cmd)
	storeFlag(cmd, &location)
	cmd.Flags().StringVar(&file, "file", "", "configuration file of the run, for how to reach its server (default the one that it began with)")
	cmd.Flags().DurationVar(&wait, "wait", wait, "how long to wait for the end of the run")
	return cmd
}

func (a *app) cancel(ctx context.Context, store checkpoint.Store, record *checkpoint.Record, file string) error {
	if record.Status != checkpoint.StatusRunning {
		return fmt.Errorf("run %q is over: it %s at %s", record.RunID, endWords[record.Status], record.Updated.Format(time.RFC3339))
	}
	gone, err := abandoned(ctx, store, record.RunID)
	if err != nil {
		return err
	}
	defer gone.release(ctx)
	if record.Session == nil {
		return fmt.Errorf("run %q has no Spark session yet, or needs none; there is nothing to end on a server", record.RunID)
	}
	spark, err := a.joinRun(ctx, record, file)
	if err != nil {
		return fmt.Errorf("cancel run %q: %w", record.RunID, err)
	}
	defer spark.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it is left as it is
	ended := map[string]bool{}
	for {
		ids, err := pipeline.CancelRun(ctx, spark, record.RunID)
		if err != nil && !errors.Is(err, dataflow.ErrSessionLost) {
			return fmt.Errorf("cancel run %q: %w", record.RunID, err)
		}
		for _, id := range ids {
			ended[id] = true
		}
		if gone.lock != nil {
			fmt.Fprintf(a.stdout, "run %s: its process is gone; %s ended on the server\n", record.RunID, count(len(ended), "operation"))
			return nil
		}
		now, err := store.Load(ctx, record.RunID)
		if err == nil && now.Status != checkpoint.StatusRunning || errors.Is(err, checkpoint.ErrNotFound) {
			fmt.Fprintf(a.stdout, "run %s has ended; %s ended on the server\n", record.RunID, count(len(ended), "operation"))
			return nil
		}
		timer := time.NewTimer(cancelPause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("cancel run %q: %w; %s ended on the server", record.RunID, context.Cause(ctx), count(len(ended), "operation"))
		case <-timer.C:
		}
	}
}

var endWords = map[checkpoint.Status]string{
	checkpoint.StatusSucceeded: "succeeded", checkpoint.StatusFailed: "failed",
	checkpoint.StatusPartlyFailed: "partly failed", checkpoint.StatusInterrupted: "was interrupted",
}

// holding is a run that we have taken because nobody else has it.
type holding struct{ lock checkpoint.Lock }

func (h holding) release(ctx context.Context) {
	if h.lock != nil {
		_ = h.lock.Release(context.WithoutCancel(ctx)) // a lock that cannot be given back ends with us
	}
}

// abandoned takes the run if the process that had it is gone.
func abandoned(ctx context.Context, store checkpoint.Store, runID string) (holding, error) {
	lock, err := store.Lock(ctx, runID)
	if errors.Is(err, checkpoint.ErrLocked) {
		return holding{}, nil
	}
	return holding{lock}, err
}

// joinRun opens the session of a run beside the process that has it.
func (a *app) joinRun(ctx context.Context, record *checkpoint.Record, file string) (*dataflow.Session, error) {
	remote, opts := a.reach(record, file)
	opts.SessionID, opts.ServerSessionID, opts.KeepSession = record.Session.ID, record.Session.ServerID, true
	opts.Conf = nil
	return dataflow.Connect(ctx, remote, opts)
}

// reach finds how to connect to the server of a run: as its file says, or
// SPARK_REMOTE, if they mean that server, and otherwise by its bare address.
func (a *app) reach(record *checkpoint.Record, file string) (string, *dataflow.ConnectOptions) {
	if file == "" {
		file = record.File
	}
	if file != "" {
		if p, err := a.load(file); err == nil && sameServer(p.Spark.Remote.Reveal(), record) {
			return p.Spark.Remote.Reveal(), p.RemoteOptions()
		}
	}
	if remote := os.Getenv(remoteVariable); sameServer(remote, record) {
		return remote, &dataflow.ConnectOptions{}
	}
	remote := record.Session.Address + "/"
	if user := record.Session.UserID; user != "" {
		remote += ";user_id=" + url.PathEscape(user)
	}
	return remote, &dataflow.ConnectOptions{}
}

func sameServer(remote string, record *checkpoint.Record) bool {
	addr, err := connect.ParseAddress(remote)
	return remote != "" && err == nil && addr.String() == record.Session.Address
}
