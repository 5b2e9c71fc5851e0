// Package quality checks the rows of pipelines, while they are written or where they
// are, and keeps bad ones from going further.
//
// # Rules
//
// A [Rule] is a [Check], such as [NotNull], [Unique] or [Range], with the rows that
// it is applied to and an [Action]: fail stops the component and nothing is
// published; expect counts; drop leaves bad rows out; quarantine writes them to a
// side target, with the names of the rules that they break. Rules on the same rows
// make a [Suite], all of which costs one query, or none where its measures come
// along with a write:
//
//	suite := quality.Suite{Rules: []quality.Rule{
//		{Check: quality.NotNull{Columns: []string{"id"}}, Action: quality.ActionQuarantine},
//		{Check: quality.Unique{Columns: []string{"id"}}},
//	}}
//	report, err := suite.Evaluate(ctx, spark, df, nil)
//	if err != nil {
//		return err // nobody knows
//	}
//	return report.Err() // an *Error when rows are not as they have to be
//
// What is not known has failed: metrics that do not come, a column that is not
// there, a condition that Spark cannot compute.
//
// # Gates
//
// A [Gate] stands before the end of a flow. It stages the rows, decides once which
// of them are bad, checks those that are left, and publishes what was checked; or it
// checks them on the side while they are written:
//
//	gate, err := quality.NewGate(suite, &quality.GateOptions{
//		Quarantine: quality.Quarantine{Path: "/lake/quarantine"},
//	})
//	if err != nil {
//		return err
//	}
//	err = flow.Run(ctx, spark, dataflow.WithGate(rt, gate))
//
// Runners do that for the block "quality" of a component. [CheckRows] is for rows
// that are there already, such as a table before a pipeline begins.
//
// # Streams
//
// A [StreamGate] is a transform of a stream that checks its single rows, batch by
// batch: it counts, leaves rows out, or makes the query fail before a batch with a bad
// row is written. It hears of the batches from who runs the stream.
//
// # Reports
//
// Every [Report] goes to a [Reporter]: [NewJSONLReporter], [NewJUnitReporter],
// [NewMarkdownReporter], [NewTableReporter] and [LogReporter]. A [History] keeps
// those of good runs for [Drift]; [Trend] shows how a rule went. Reports hold
// counts, what was measured, and no rows.
//
// # Profiles
//
// [ProfileOf] tells what is in the columns of data, and [Suggest] which rules it
// obeys.
//
// # Errors
//
// Rows that are not as they have to be are an [*Error] with the report. It is not
// retryable: another attempt gives the same.
//
// # Concurrency
//
// Suites, reporters and histories are safe for concurrent use. A gate serves one
// attempt of one component and keeps nothing for the next.
package quality
