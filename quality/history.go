package quality

import "context"

// History keeps the reports of earlier runs, so that a [Drift] can compare with
// them. Implementations are safe for concurrent use.
type History interface {
	// Last returns the newest report on the subject that a run of the pipeline has
	// added, or nil when there is none.
	Last(ctx context.Context, pipeline, subject string) (*Report, error)
	// Add keeps a report.
	Add(ctx context.Context, r *Report) error
}
