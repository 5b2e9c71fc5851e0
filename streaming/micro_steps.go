package streaming

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// microSteps is what sinks are made of that Spark would want foreachBatch for: a
// function that runs on the server, which no client in Go can send. The stream is
// written to a Delta table of its own, the staging table, where every batch is one
// version. When the query has ended, each version that is new is brought to the
// target in one step, in order, from here.
//
// It is exactly once if a step can tell that it was done before, by its id, since
// everything else is on disk: a process that is killed anywhere leaves versions
// that were not brought to the target, and the next run begins with them.
type microSteps struct {
	// what begins errors.
	what string
	// staging is the folder of the staging table, shown the same without secrets.
	staging, shown string
	// done returns the last version that is known to be done, or 0. It may be less
	// than the truth, never more.
	done func(ctx context.Context, steps *dataflow.Session, app string) (int64, error)
	// apply brings the rows of a version to the target, or does nothing when that
	// was done before.
	apply func(ctx context.Context, steps *dataflow.Session, step step) error
}

// step is one batch that is brought to the target.
type step struct {
	// app is the id of the staging table, version that of the batch.
	app     string
	version int64
	rows    sql.DataFrame
}

// id names the step among all steps of all sinks.
func (s step) id() string { return s.app + "/" + strconv.FormatInt(s.version, 10) }

// microStepTraits are those of sinks made of steps.
func microStepTraits(exactlyOnce bool) SinkTraits {
	return SinkTraits{
		OutputModes: []OutputMode{OutputModeAppend, OutputModeUpdate}, Triggers: []TriggerKind{TriggerAvailableNow, TriggerOnce},
		NeedsCheckpoint: true, ExactlyOnce: exactlyOnce,
	}
}

// run writes the stream to the staging table and brings what is new to the target.
// It blocks until all is done; the query that it returns has ended.
func (m microSteps) run(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	if !w.Trigger.Ends() {
		return nil, fmt.Errorf("%s: the trigger %s has no end, and the target is written after it; write available_now, and run it as often as needed", m.what, w.Trigger)
	}
	m.staging = spark.OutputPath(m.staging)
	spark.Conceal(options.SecretsIn(m.staging)...)
	m.shown = spark.Concealed(m.staging)
	if err := options.Unsubstituted(m.staging); err != nil {
		return nil, fmt.Errorf("%s: staging_path: %w", m.what, err)
	}
	q, err := m.stage(ctx, spark, df, w)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.what, err)
	}
	return q, nil
}

func (m microSteps) stage(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	steps, err := spark.NewSession(ctx, nil) // for its properties
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		_ = steps.Close(ctx)
	}()
	app, err := m.prepare(ctx, steps, df)
	if err != nil {
		return nil, err
	}
	done, err := m.done(ctx, steps, app)
	if err == nil { // what a run before has left comes first, while it is small
		done, err = m.applyNew(ctx, steps, app, done)
	}
	if err != nil {
		return nil, err
	}
	q, err := m.write(ctx, spark, df, w)
	if err != nil {
		return nil, err
	}
	_, err = m.applyNew(ctx, steps, app, done)
	return q, err
}

// table is the staging table in SQL.
func (m microSteps) table() string { return "delta." + quoteName(m.staging) }

// prepare makes the staging table and returns its id.
func (m microSteps) prepare(ctx context.Context, steps *dataflow.Session, df sql.DataFrame) (string, error) {
	columns, err := dataflow.SchemaOf(ctx, df)
	if err != nil {
		return "", err
	}
	err = steps.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+m.table()+" ("+nullable(columns).String()+") USING DELTA TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')")
	if err != nil {
		return "", fmt.Errorf("make the staging table %s: %w", m.shown, err)
	}
	detail, err := steps.SQL(ctx, "DESCRIBE DETAIL "+m.table())
	if err != nil {
		return "", fmt.Errorf("look at the staging table %s: %w", m.shown, err)
	}
	type row struct{ ID string }
	one, err := dataflow.One[row](ctx, detail)
	return one.ID, err
}

// write runs the query to its end.
func (m microSteps) write(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	w.Format, w.Path, w.OutputMode = "delta", m.staging, OutputModeAppend
	w.Options = options.Merge(options.Set{"mergeSchema": "true"}, w.Options)
	q, err := w.Start(ctx, spark, df)
	if err != nil {
		return nil, err
	}
	if err := q.AwaitTermination(ctx); err != nil {
		if ctx.Err() != nil {
			limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), DefaultStopTimeout+cleanupTimeout)
			defer cancel()
			err = errors.Join(err, q.Stop(limited, &StopOptions{Timeout: DefaultStopTimeout}))
		}
		return nil, err
	}
	return q, nil
}

// applyNew brings every version after done to the target, and returns the last that
// is there.
func (m microSteps) applyNew(ctx context.Context, steps *dataflow.Session, app string, done int64) (int64, error) {
	versions, err := m.versions(ctx, steps, done)
	if err != nil {
		return done, err
	}
	for _, version := range versions {
		rows, err := m.rows(ctx, steps, version)
		if err == nil {
			err = m.apply(ctx, steps, step{app: app, version: version, rows: rows})
		}
		if err != nil && !m.doneByNow(ctx, steps, app, version) {
			return done, fmt.Errorf("bring version %d of the staging table %s to the target: %w", version, m.shown, err)
		}
		done = version
	}
	return done, nil
}

// doneByNow reports whether a step that has failed is done all the same: when a
// process is killed, the server goes on with its last step, and that of the next
// process comes in the way of it, as the second.
func (m microSteps) doneByNow(ctx context.Context, steps *dataflow.Session, app string, version int64) bool {
	done, err := m.done(ctx, steps, app)
	return err == nil && done >= version
}

// versions lists those that a stream has written after done, in order.
func (m microSteps) versions(ctx context.Context, steps *dataflow.Session, done int64) ([]int64, error) {
	history, err := steps.SQL(ctx, "DESCRIBE HISTORY "+m.table())
	if err != nil {
		return nil, fmt.Errorf("look at the history of the staging table %s: %w", m.shown, err)
	}
	type commit struct {
		Version   int64
		Operation string
	}
	commits, err := dataflow.Collect[commit](ctx, history)
	if err != nil {
		return nil, fmt.Errorf("look at the history of the staging table %s: %w", m.shown, err)
	}
	var versions []int64
	oldest := done + 1
	for i, c := range commits {
		if i == 0 || c.Version < oldest {
			oldest = c.Version
		}
		if c.Version > done && strings.EqualFold(c.Operation, "STREAMING UPDATE") {
			versions = append(versions, c.Version)
		}
	}
	if oldest > done+1 {
		return nil, fmt.Errorf("the staging table %s no longer knows the versions from %d to %d, which may not be in the target; "+
			"keep its log for longer than the time between two runs", m.shown, done+1, oldest-1)
	}
	slices.Sort(versions)
	return versions, nil
}

// changeColumns are what Delta adds to changes.
var changeColumns = []string{"_change_type", "_commit_version", "_commit_timestamp"}

func (m microSteps) rows(ctx context.Context, steps *dataflow.Session, version int64) (sql.DataFrame, error) {
	v := strconv.FormatInt(version, 10)
	options := map[string]string{"readChangeFeed": "true", "startingVersion": v, "endingVersion": v}
	df, err := dataflow.Reader{Format: "delta", Paths: []string{m.staging}, Options: options}.Load(ctx, steps)
	if err != nil {
		return nil, err
	}
	return selectExpr(ctx, steps, df, "* EXCEPT ("+strings.Join(changeColumns, ", ")+")")
}
