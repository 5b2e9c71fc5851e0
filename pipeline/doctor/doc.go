// Package doctor finds out whether a pipeline can run where it is: is the server
// there and how fast does it answer, what must be known of its version, does it
// have the jars that the components need, do the clocks agree, may the user do
// what a run does, can the store of checkpoints be locked.
//
//	report := doctor.Examine(ctx, p, nil)
//	for _, finding := range report.Findings {
//		fmt.Println(finding.Status, finding.Check, finding.Message)
//	}
//
// Nothing of the pipeline is executed. What is left on the server is nothing: a
// temporary view is made and dropped in a session of its own.
//
// # Concurrency
//
// The functions are safe for concurrent use.
package doctor
