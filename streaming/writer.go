package streaming

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Writer starts queries that write a stream in any format that the server knows,
// as Spark's DataStreamWriter does. It is a plain value.
type Writer struct {
	// Format is the short name or class of the sink; empty is the server's default
	// (spark.sql.sources.default, Parquet), or the table's own.
	Format string
	// Path is the folder to write. A relative one lies in the working directory of
	// this process when the server is on this machine.
	Path string
	// Table is the table to append to, instead of Path. Spark makes it when it does
	// not exist.
	Table string
	// OutputMode says which rows are written; default [OutputModeAppend].
	OutputMode OutputMode
	// Trigger says when; default as soon as there is data.
	Trigger Trigger
	// QueryName is the name of the query. It is unique among the running queries of
	// a session. Default none.
	QueryName string
	// CheckpointLocation is the folder in which Spark keeps what the query has
	// done, so that it goes on there when it is started again. It belongs to one
	// query. Default none, which few sinks accept.
	CheckpointLocation string
	// PartitionBy are the columns that become folders.
	PartitionBy []string
	// ClusterBy are the clustering columns of a new table.
	ClusterBy []string
	// Options are passed to the sink under Spark's own keys.
	Options map[string]string
}

// ErrWriterConflict is returned for settings of a [Writer] that Spark cannot
// combine. Nothing has been sent.
var ErrWriterConflict = errors.New("these settings of the stream do not go together")

// Start starts the query. It blocks until Spark has checked the plan and begun,
// in one round trip. The query then runs on the server, whatever becomes of ctx,
// until it is stopped, fails, or the session is closed.
//
// When ctx ends before the answer, the query is stopped if it was started, and the
// error wraps the cause of ctx; that takes up to some seconds.
func (w Writer) Start(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) (*Query, error) {
	if err := w.Validate(); err != nil {
		return nil, w.fault(err)
	}
	input, err := spark.Export(ctx, df)
	if err != nil {
		return nil, w.fault(err)
	}
	if err := spark.ConcealOptions(ctx, w.Options, w.Path, w.CheckpointLocation); err != nil {
		return nil, w.fault(err)
	}
	q, err := start(ctx, spark, w.command(spark, input))
	if err != nil {
		return nil, w.fault(err)
	}
	return q, nil
}

func (w Writer) fault(err error) error {
	if w.QueryName == "" {
		return fmt.Errorf("start a streaming query: %w", err)
	}
	return fmt.Errorf("start the streaming query %q: %w", w.QueryName, err)
}

// Validate reports all that Spark would refuse and that can be told without it.
func (w Writer) Validate() error {
	faults := []error{w.Trigger.Validate()}
	conflict := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: %s", ErrWriterConflict, fmt.Sprintf(format, args...)))
	}
	if _, err := ParseOutputMode(string(w.OutputMode)); err != nil {
		faults = append(faults, err)
	}
	if w.Trigger.Kind() == TriggerContinuous && w.OutputMode.effective() == OutputModeComplete {
		conflict("a continuous query cannot aggregate, so its output mode is never complete")
	}
	if w.Path != "" && w.Table != "" {
		conflict("it writes to the path %s or to the table %s, not to both", w.Path, w.Table)
	}
	if len(w.ClusterBy) > 0 && len(w.PartitionBy) > 0 {
		conflict("clusterBy excludes partitionBy")
	}
	if slices.Contains(w.PartitionBy, "") || slices.Contains(w.ClusterBy, "") {
		conflict("a column to partition or to cluster by has no name")
	}
	if err := options.WrittenTable(w.Table); err != nil {
		conflict("%v", err)
	}
	w.ownOption(conflict, "path", w.Path, "Path")
	w.ownOption(conflict, "queryName", w.QueryName, "QueryName")
	w.ownOption(conflict, "checkpointLocation", w.CheckpointLocation, "CheckpointLocation")
	return errors.Join(faults...)
}

// ownOption refuses an option that has a field of its own, if the two differ or
// the option is empty: Spark takes an empty one at its word.
func (w Writer) ownOption(conflict func(string, ...any), key, own, field string) {
	switch value, ok := options.Lookup(w.Options, key); {
	case ok && value == "":
		conflict("the option %q is empty; leave it out", key)
	case ok && own != "" && value != own:
		conflict("the option %q is %q, but %s is %q", key, value, field, own)
	}
}

// checkpoint is the checkpoint location, however it is given.
func (w Writer) checkpoint() string {
	if w.CheckpointLocation != "" {
		return w.CheckpointLocation
	}
	return option(w.Options, "checkpointLocation")
}

func (w Writer) command(spark *dataflow.Session, input []byte) *wire.WriteStreamOperationStart {
	mode := w.OutputMode.effective()
	op := &wire.WriteStreamOperationStart{
		Input: input, Format: w.Format, OutputMode: string(mode), QueryName: w.QueryName,
		PartitioningColumnNames: w.PartitionBy, ClusteringColumnNames: w.ClusterBy,
	}
	w.Trigger.set(op)
	op.Options = maps.Clone(w.Options)
	if location := w.checkpoint(); location != "" {
		if op.Options == nil {
			op.Options = map[string]string{}
		}
		maps.DeleteFunc(op.Options, func(key, _ string) bool { return isKey("checkpointLocation")(key) })
		op.Options["checkpointLocation"] = spark.OutputPath(location)
	}
	switch {
	case w.Table != "":
		op.SinkDestination = &wire.WriteStreamOperationStart_TableName{TableName: w.Table}
	case w.Path != "":
		op.SinkDestination = &wire.WriteStreamOperationStart_Path{Path: spark.OutputPath(w.Path)}
	}
	return op
}
