package quality

import (
	"context"
	"errors"
)

// Reporter is told what became of checks. Report is called once for each report,
// also of checks that failed, when the rows are where they go or are refused. It
// must be safe for concurrent use, since components may run side by side.
type Reporter interface {
	Report(ctx context.Context, r *Report) error
}

// ReporterFunc is the function form of [Reporter].
type ReporterFunc func(ctx context.Context, r *Report) error

// Report implements [Reporter].
func (f ReporterFunc) Report(ctx context.Context, r *Report) error { return f(ctx, r) }

// JoinReporters returns a Reporter that tells all of them, also when one fails, in
// order. Those that are nil are left out.
func JoinReporters(all ...Reporter) Reporter {
	return ReporterFunc(func(ctx context.Context, r *Report) error {
		var faults []error
		for _, one := range all {
			if one != nil {
				faults = append(faults, one.Report(ctx, r))
			}
		}
		return errors.Join(faults...)
	})
}

// Status is the worst of the results that stop a pipeline, see [Report.Failed], and
// [StatusPassed] when there are none.
func (r *Report) Status() Status {
	status := StatusPassed
	for _, result := range r.Failed() {
		if result.Status != StatusFailed {
			return StatusError
		}
		status = StatusFailed
	}
	return status
}
