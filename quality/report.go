package quality

import "time"

// Status is the outcome of a rule.
type Status string

// The outcomes of a rule.
const (
	// StatusPassed: the rows are as they have to be, or within the threshold.
	StatusPassed Status = "passed"
	// StatusFailed: they are not.
	StatusFailed Status = "failed"
	// StatusError: nobody knows, which counts as failed.
	StatusError Status = "error"
)

// Result tells what became of one rule.
type Result struct {
	// Rule is its name, Kind and Check are those of the check.
	Rule, Kind, Check string
	// Action is what follows when it fails.
	Action Action
	Status Status
	// Rows is how many rows the check looked at, Bad how many of them are bad; Bad
	// is 0 for checks of a whole frame, such as sums.
	Rows, Bad int64
	// Values are what was measured, by name, such as "sum" or "distinct".
	Values map[string]any
	// Message says in one line what is wrong; empty when the rule passed. It holds
	// no values of rows.
	Message string
}

// Moment says when rows were looked at.
type Moment string

// The moments of a run.
const (
	MomentBeforePipeline  Moment = "before_pipeline"
	MomentBeforeComponent Moment = "before_component"
	MomentAfterComponent  Moment = "after_component"
	MomentAfterPipeline   Moment = "after_pipeline"
)

// Report tells how a suite went on one frame.
type Report struct {
	// Pipeline, RunID, Component and Attempt say whose rows they were; Component is
	// empty before and after the pipeline.
	Pipeline, RunID, Component string
	Attempt                    int
	// Subject is the view, the table or the target that was looked at.
	Subject string
	Moment  Moment
	// Batch says which batches of a stream they were; nil for other rows.
	Batch   *Batch
	Started time.Time
	// Duration is the time that the checks took beside what was done anyway.
	Duration time.Duration
	// Passes counts the queries that were run for the checks alone. 0 means that all
	// came with the write.
	Passes int
	// Results are in the order of the rules.
	Results []Result
	// Published reports whether the rows went to their end, Dropped and Quarantined
	// how many did not.
	Published            bool
	Dropped, Quarantined int64
	// Notes say in a line each what else a reader has to know, such as that the
	// rows of a view are computed again by those who read it.
	Notes []string
}
