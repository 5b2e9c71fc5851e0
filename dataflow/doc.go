// Package dataflow runs DataFrame work on a Spark cluster over Spark Connect.
//
// [Connect] opens a [Session]. It embeds the Spark client's own session, so
// that its API is at hand, and adds what that lacks: SQL with arguments
// ([Session.SQL]), reading with a schema, options and several paths
// ([Reader]), and writing with everything that Spark's batch writer knows
// ([Writer]). DataFrames are the client's sql.DataFrame everywhere.
//
//	spark, err := dataflow.Connect(ctx, "sc://localhost:15002", nil)
//	if err != nil { ... }
//	defer spark.Close(ctx)
//
//	df, err := spark.SQL(ctx, "SELECT * FROM trips WHERE distance > :min", dataflow.Named("min", 10))
//	if err != nil { ... }
//	err = dataflow.Writer{Format: "parquet", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, df, "/data/long")
//
// A [DataFlow] is a pipeline component that gets the session at Run;
// [Component] makes it one. [Source], [Transform] and [Sink] are its parts, and
// [Steps], [ReadView], [SQLView] and [WriteView] the flows made of them.
//
// # Errors
//
// Errors of the server are [component.SparkError]. When the context of a call
// ends, the work is interrupted on the server before the call returns an error
// that wraps [context.Cause].
//
// # Concurrency
//
// A Session is safe for concurrent use. Temporary views belong to the session
// and are shared by all who use it.
package dataflow
