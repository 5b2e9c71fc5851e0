package checkpoint

import (
	"slices"
	"strings"
)

// Status is the state of a run.
type Status string

// The states of a run. Except for the first they are the outcomes that package
// pipeline knows, with the same texts.
const (
	// StatusRunning means that the run has not ended, or that its process was
	// killed.
	StatusRunning Status = "running"
	// StatusSucceeded means that nothing failed.
	StatusSucceeded Status = "succeeded"
	// StatusFailed means that the run stopped at a failure.
	StatusFailed Status = "failed"
	// StatusPartlyFailed means that the run went on after a failure.
	StatusPartlyFailed Status = "partly_failed"
	// StatusInterrupted means that the run was stopped from outside.
	StatusInterrupted Status = "interrupted"
)

// State is what became of a component.
type State string

// The states of a component.
const (
	// StatePending means that it has not started.
	StatePending State = "pending"
	// StateRunning means that it started and that its end is not recorded: it
	// runs, or its process was killed and nobody knows what became of it.
	StateRunning State = "running"
	// StateSucceeded means that it is done.
	StateSucceeded State = "succeeded"
	// StateFailed means that it ended with an error or was stopped.
	StateFailed State = "failed"
	// StateSkipped means that it did not start because of what became of others,
	// or because it is disabled.
	StateSkipped State = "skipped"
)

// OutputKind says what an [Output] is.
type OutputKind string

// The kinds of outputs.
const (
	// OutputView is a temporary view; it is gone with the session that made it.
	OutputView OutputKind = "view"
	// OutputPath is a folder or a file.
	OutputPath OutputKind = "path"
	// OutputTable is a table.
	OutputTable OutputKind = "table"
)

var (
	statuses    = []Status{StatusRunning, StatusSucceeded, StatusFailed, StatusPartlyFailed, StatusInterrupted}
	states      = []State{StatePending, StateRunning, StateSucceeded, StateFailed, StateSkipped}
	outputKinds = []OutputKind{OutputView, OutputPath, OutputTable}
)

func (s Status) valid() bool     { return slices.Contains(statuses, s) }
func (s State) valid() bool      { return slices.Contains(states, s) }
func (k OutputKind) valid() bool { return slices.Contains(outputKinds, k) }

// known lists the texts of an enumeration for an error.
func known[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " and " + texts[last]
}
