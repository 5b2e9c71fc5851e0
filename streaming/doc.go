// Package streaming runs streaming queries on a Spark cluster over Spark Connect.
//
// A [StreamingPipeline] is a query as a plain value: a [StreamingSource], an
// optional [Watermark], transforms, a [StreamingSink], and when and how the result
// is written ([Trigger], [OutputMode]). Everything that can be wrong without a
// cluster is found by its Validate.
//
//	pipe := streaming.StreamingPipeline{
//		Source:             streaming.Reader{Format: "json", Schema: "id BIGINT, at TIMESTAMP", Path: "/in"},
//		Watermark:          streaming.Watermark{Column: "at", Delay: time.Minute},
//		Transforms:         []dataflow.Transform{streaming.DropDuplicates{Columns: []string{"id"}}},
//		Sink:               toParquet,
//		Trigger:            streaming.AvailableNow(),
//		QueryName:          "events",
//		CheckpointLocation: "/checkpoints/events",
//	}
//
// As a step of a pipeline it is dataflow.Component(pipe): Run starts the query and
// waits for its end. With [AvailableNow] and [Once] that is when all data that was
// there is processed, so that batch and streaming steps can follow each other; with
// the other triggers it runs until it is stopped, and the end of the context stops
// it, after the batch that is at work.
//
// # Queries
//
// A program that wants to hold the query itself calls Start and gets a [Query]: its
// ids, its status, its [Progress], and Stop, which finishes the batch or abandons it.
// [Queries] finds those of a session. A query lives on the server: it goes on when
// its context ends after the start, and ends with the session. When this process
// dies, that takes until the server gives up the session, an hour by default; a
// program that runs for longer than that without calling the server keeps its
// session alive with dataflow.ConnectOptions.SessionKeepalive.
//
// [Listen] has the server push what happens to the queries of a session.
//
// # State
//
// Windows, aggregations and joins are SQL or DataFrames in a [dataflow.Transform], as
// in a batch. [Watermark] and [DropDuplicates] are transforms too; a join of two
// streams puts a watermark on each side.
//
// # Checkpoints
//
// A checkpoint location belongs to one query for ever. With it a query that is started
// again goes on where it was; without it, it begins anew. Two queries that share one
// damage each other, so nothing here has a default for it, and sinks that need one say
// so before anything is sent.
//
// # Errors
//
// A query that fails on the server is a [*QueryError], which wraps the
// [component.SparkError] of the cause. Settings that Spark cannot combine are
// [ErrWriterConflict].
//
// # Concurrency
//
// Sources, sinks, pipelines, triggers and writers are plain values. [Query],
// [SessionQueries] and [Listen] are safe for concurrent use.
package streaming
