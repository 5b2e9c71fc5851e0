package quality

import (
	"fmt"
	"strings"
)

// Error says that rows are not as they have to be, see [Report.Failed]. Running
// again gives the same, so it is not retryable.
type Error struct {
	// Report has all results.
	Report *Report
}

// Error implements error: a line for each rule that failed.
func (e *Error) Error() string {
	failed := e.Report.Failed()
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %s failed", len(failed), plural(int64(len(e.Report.Results)), "quality rule"))
	if e.Report.Subject != "" {
		fmt.Fprintf(&b, " on %s", e.Report.Subject)
	}
	b.WriteString(":")
	for _, r := range failed {
		fmt.Fprintf(&b, "\n  %s: %s", r.Rule, r.Message)
		if r.Rule != r.Check {
			fmt.Fprintf(&b, " (%s)", r.Check)
		}
	}
	return b.String()
}

// Retryable reports that another attempt gives the same.
func (*Error) Retryable() bool { return false }

// Failed returns the results that stop a pipeline: those of rules with [ActionFail]
// that did not pass, and those of rules with [ActionDrop] and [ActionQuarantine] that
// could not be evaluated, since nobody knows then which rows to leave out. A rule
// with [ActionExpect] stops nothing; its result tells what became of it.
func (r *Report) Failed() []Result {
	var out []Result
	for _, result := range r.Results {
		unknown := result.Status != StatusPassed && result.Status != StatusFailed
		switch result.Action {
		case ActionExpect:
		case ActionDrop, ActionQuarantine:
			if unknown {
				out = append(out, result)
			}
		default:
			if result.Status != StatusPassed {
				out = append(out, result)
			}
		}
	}
	return out
}

// Err returns an [*Error] when a result stops the pipeline, and nil otherwise.
func (r *Report) Err() error {
	if len(r.Failed()) == 0 {
		return nil
	}
	return &Error{Report: r}
}
