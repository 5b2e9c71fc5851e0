// Package spark stores audit events in a table of the cluster, beside the data that
// they are about.
//
// Tables of a lake are no place for single rows, so a [TableSink] holds the events
// of a run and appends them in one write at its end:
//
//	sink, err := spark.NewTableSink(func(ctx context.Context) (*dataflow.Session, error) {
//		return dataflow.Connect(ctx, remote, nil)
//	}, "ops.audit", &spark.Options{Format: "delta"})
//	if err != nil {
//		return err
//	}
//	hook, err := audit.New(cfg, &audit.Options{Targets: []audit.Target{{Name: "table", Sink: sink}}})
//
// What is held is lost when the process is killed; keep a file beside it, which
// [audit.New] does. The session of a run is closed before its end is recorded, so
// the sink opens one of its own and closes it again.
//
// # The table
//
// The columns are those of [Columns]. Each write is a batch with a chain of its own,
// because nothing locks a table: batch is its id, seq counts from 1, and line is the
// entry that is hashed. The lines of one batch in the order of seq are a log for
// [audit.Verify]. Whole batches that were deleted, and the end of one, only show
// against the file.
//
// # Concurrency
//
// A TableSink is safe for concurrent use.
package spark
