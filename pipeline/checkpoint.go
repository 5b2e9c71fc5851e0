package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// CheckpointOptions make runs resumable: a record of each run is kept in a store,
// and a run that did not succeed goes on where it ended.
//
// Before a component sends an operation to Spark that has an effect, the id of
// the operation is in the record. When the process is killed, the next run with
// the same id asks the server what became of it: an operation that still runs is
// waited for, one that has succeeded is not repeated. See [UnknownOutcomeError]
// for what happens when nobody can tell.
type CheckpointOptions struct {
	// Store keeps the records; required.
	Store checkpoint.Store
	// Resume says when a run goes on with a record that is there; the zero value
	// is [ResumeSameID].
	Resume ResumePolicy
	// AllowChanges lets a run go on although the pipeline is not the one of its
	// record: new and changed components run, and those that depend on them.
	// Without it such a run is refused with [checkpoint.ErrChanged].
	AllowChanges bool
	// Rerun and Done decide about components whose outcome is unknown, by name:
	// those run again, and those count as done.
	Rerun, Done []string
	// DeleteOnSuccess deletes the record of a run that has succeeded, unless a
	// circuit breaker has something to remember that is to be kept.
	DeleteOnSuccess bool
	// KeepBreakers lets the circuit breakers of a run begin in the states in which
	// the latest run of the pipeline left them.
	KeepBreakers bool

	_ struct{}
}

// ResumePolicy says when a run goes on with the record of an earlier one.
type ResumePolicy string

const (
	// ResumeSameID goes on with the record of the run id, if there is one. A run
	// that had succeeded does nothing and succeeds.
	ResumeSameID ResumePolicy = ""
	// ResumeLatest takes, when no run id is set, that of the latest run of the
	// pipeline, unless that has succeeded or still goes on.
	ResumeLatest ResumePolicy = "latest"
	// ResumeNever refuses a run whose id has a record, with [ErrRunExists].
	ResumeNever ResumePolicy = "never"
	// ResumeOnly refuses a run whose id has no record, with
	// [checkpoint.ErrNotFound].
	ResumeOnly ResumePolicy = "only"
)

// ErrRunExists is the error of a run under [ResumeNever] whose id has a record.
var ErrRunExists = errors.New("there is a record of this run already")

// ErrRunCancelled is the cause of a run whose work was ended on the server by
// somebody else, for example by the command "sparkpipe cancel".
var ErrRunCancelled = errors.New("the run was cancelled on the server")

// CheckpointError tells that the record of a run could not be read or written.
type CheckpointError struct {
	// RunID is the run.
	RunID string
	// Err is the cause.
	Err error
}

// Error implements error.
func (e *CheckpointError) Error() string {
	return fmt.Sprintf("checkpoint of run %q: %v", e.RunID, e.Err)
}

// Unwrap returns the cause.
func (e *CheckpointError) Unwrap() error { return e.Err }

// UnknownOutcomeError tells that a run cannot be resumed before somebody has
// decided: nobody knows whether a component did its work, and doing it again
// could do it twice. Nothing has been run.
//
// Look at what the component writes, then name it in [CheckpointOptions.Rerun] or
// [CheckpointOptions.Done].
type UnknownOutcomeError struct {
	// Component is the step.
	Component string
	// Operations are the ids of its operations that may have had an effect, in the
	// order in which they were sent.
	Operations []string
	// Outputs are what it writes, as far as that is known.
	Outputs []string
	// Err says why nobody knows, or is nil.
	Err error
}

// Error implements error.
func (e *UnknownOutcomeError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "component %q: unknown outcome: it was running when the run ended, and nobody can tell whether its work was done", e.Component)
	if len(e.Operations) > 0 {
		fmt.Fprintf(&b, " (operation %s)", e.Operations[len(e.Operations)-1])
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	b.WriteString("; look at ")
	if len(e.Outputs) == 0 {
		b.WriteString("what it writes")
	} else {
		b.WriteString(strings.Join(e.Outputs, ", "))
	}
	fmt.Fprintf(&b, " and decide: resume with --done %[1]s if the work is there, with --rerun %[1]s if it is not", e.Component)
	return b.String()
}

// Unwrap returns the reason.
func (e *UnknownOutcomeError) Unwrap() error { return e.Err }
