package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

const (
	// latencyRounds is how many round trips are measured, after one that does not
	// count.
	latencyRounds = 5
	// slowRoundTrip is where a round trip makes pipelines of many steps slow.
	slowRoundTrip = 500 * time.Millisecond
	// clockSkew is what the clocks may differ. Locks live for at least 30 s, tokens
	// for minutes.
	clockSkew = 2 * time.Second
)

// latency measures round trips.
func (e *examination) latency(ctx context.Context) {
	var took []time.Duration
	for range latencyRounds + 1 {
		started := time.Now()
		if _, _, err := e.spark.Conf().Get(ctx, "spark.sql.session.timeZone"); err != nil {
			e.report.add("latency", StatusFailed, "", "ask the server for a setting: %v", err)
			return
		}
		took = append(took, time.Since(started))
	}
	took = took[1:]
	slices.Sort(took)
	middle := took[len(took)/2]
	status, remedy := StatusOK, ""
	if middle > slowRoundTrip {
		status, remedy = StatusWarning, "run sparkpipe nearer to the server; every step of a pipeline costs a few round trips"
	}
	e.report.add("latency", status, remedy, "a round trip takes %s (%s to %s)", short(middle), short(took[0]), short(took[len(took)-1]))
}

func short(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// clock compares the clocks.
func (e *examination) clock(ctx context.Context) {
	before := time.Now()
	df, err := e.spark.SQL(ctx, "SELECT current_timestamp()")
	var there time.Time
	if err == nil {
		there, err = dataflow.Value[time.Time](ctx, df)
	}
	took := time.Since(before)
	if err != nil {
		e.report.add("clock", StatusFailed, "", "ask the server for its time: %v", e.spark.Error(ctx, err))
		return
	}
	skew := there.Sub(before.Add(took / 2))
	off := max(skew, -skew) - took/2 // what the round trip cannot explain
	if off > clockSkew {
		e.report.add("clock", StatusWarning, "set the clocks by NTP: locks and tokens live by them", "the server's clock is %s off", skew.Round(time.Millisecond))
		return
	}
	e.report.add("clock", StatusOK, "", "the clocks agree within %s", max(off, took/2).Round(time.Millisecond))
}

// session looks at settings that change what pipelines give.
func (e *examination) session(ctx context.Context) {
	var told []string
	for _, key := range []string{"spark.sql.ansi.enabled", "spark.sql.session.timeZone", "spark.sql.shuffle.partitions"} {
		value, _, err := e.spark.Conf().Get(ctx, key)
		if err != nil {
			e.report.add("session", StatusWarning, "", "ask the server for %s: %v", key, err)
			return
		}
		told = append(told, strings.TrimPrefix(key, "spark.sql.")+"="+value)
		if key == "spark.sql.ansi.enabled" && value == "false" {
			e.report.add("session", StatusWarning, "set spark.sql.ansi.enabled to true in spark_conf", "ANSI mode is off: overflows and casts that fail give NULL or wrong numbers in silence")
		}
	}
	e.report.add("session", StatusOK, "", "%s", strings.Join(told, ", "))
}

// rights does what every run does: a query, a temporary view, a look into the
// catalog.
func (e *examination) rights(ctx context.Context) {
	const view = "sparkpipe_doctor"
	df, err := e.spark.SQL(ctx, "SELECT current_user() AS user, current_catalog() AS catalog, current_database() AS database")
	var who struct{ User, Catalog, Database string }
	if err == nil {
		who, err = dataflow.One[struct{ User, Catalog, Database string }](ctx, df)
	}
	if err != nil {
		e.report.add("rights", StatusFailed, "", "run a query: %v", e.spark.Error(ctx, err))
		return
	}
	if err = e.spark.CreateTempView(ctx, df, view); err == nil {
		err = e.spark.Exec(ctx, "DROP VIEW "+view)
	}
	if err != nil {
		e.report.add("rights", StatusFailed, "let the user make temporary views", "make a temporary view: %v", e.spark.Error(ctx, err))
		return
	}
	tables, err := e.spark.SQL(ctx, "SHOW TABLES")
	var n int64
	if err == nil {
		n, err = tables.Count(ctx)
	}
	if err != nil {
		e.report.add("rights", StatusWarning, "", "list the tables of %s.%s: %v", who.Catalog, who.Database, e.spark.Error(ctx, err))
		return
	}
	e.report.add("rights", StatusOK, "", "%s may query, make views and see the %s of %s.%s", who.User, count(n, "table"), who.Catalog, who.Database)
}

func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "s"
}

// packages asks for the jars that the components need.
func (e *examination) packages(ctx context.Context) {
	requirements := e.pipeline.Requirements()
	if len(requirements) == 0 && len(e.pipeline.Steps) > 0 {
		e.report.add("packages", StatusOK, "", "the components need nothing that Spark does not bring")
	}
	for _, r := range requirements {
		has, err := e.spark.HasClass(ctx, r.Class)
		who := strings.Join(r.Components, ", ")
		switch {
		case err != nil:
			e.report.add("packages", StatusNote, "", "whether the server has %s, which %s needs, is not to be known: %v", r.Name, who, err)
		case has:
			e.report.add("packages", StatusOK, "", "%s is there, for %s", r.Name, who)
		default:
			e.report.add("packages", StatusFailed, r.Remedy(e.spark.ServerVersion()), "the server lacks %s (%s), which %s needs", r.Name, r.Class, who)
		}
	}
}

// checkpoints takes a lock in the store of the pipeline and gives it back.
func (e *examination) checkpoints(ctx context.Context) {
	options, err := e.pipeline.CheckpointOptions(e.opts.Stores...)
	if err != nil {
		e.report.add("checkpoints", StatusFailed, "", "open the store: %v", err)
		return
	}
	if options == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, e.opts.Timeout)
	defer cancel()
	if err := tryLock(ctx, options); err != nil {
		e.report.add("checkpoints", StatusFailed, "", "lock and release in the store: %v", err)
		return
	}
	e.report.add("checkpoints", StatusOK, "", "the store takes locks and gives them back")
}

func tryLock(ctx context.Context, options *pipeline.CheckpointOptions) (err error) {
	if closer, ok := options.Store.(interface{ Close() error }); ok {
		defer func() { err = errors.Join(err, closer.Close()) }()
	}
	lock, err := options.Store.Lock(ctx, fmt.Sprintf("doctor-%d", time.Now().UnixNano()))
	if errors.Is(err, checkpoint.ErrLocked) {
		return nil // it works
	}
	if err != nil {
		return err
	}
	return lock.Release(ctx)
}
