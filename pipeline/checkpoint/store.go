package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Store keeps records. Implementations are safe for concurrent use and pass
// checkpointtest.Run. Every method returns the cause of ctx, wrapped, when ctx
// has ended, and an [ErrRunID] for a text that cannot be a run id.
type Store interface {
	// Load returns the record of the run, or an [ErrNotFound].
	Load(ctx context.Context, runID string) (*Record, error)
	// Save writes the record if the stored one has the same revision, or if
	// there is none and the revision is 0; otherwise it returns an [ErrStale]
	// and writes nothing. After it wrote it sets Version, Revision, Created and
	// Updated of r; after an error r is as before. After an error that comes
	// late (a connection breaks at the end) the record may be written all the
	// same; the next Save then returns an ErrStale, and Load tells.
	Save(ctx context.Context, r *Record) error
	// List returns the records that the filter lets through, the newest first
	// by Created, then by RunID downwards. Records that cannot be read do not
	// hide the others: they come as an error beside them.
	List(ctx context.Context, filter *Filter) ([]*Record, error)
	// Delete removes the record, also one that cannot be read. It returns an
	// [ErrNotFound] when there is none and an [ErrLocked] when the run is locked
	// by somebody else than this store.
	Delete(ctx context.Context, runID string) error
	// Lock takes the run for the caller, with or without a record. It does not
	// wait: when somebody has the run, in this process or in another one, it
	// returns an [ErrLocked] that says who.
	Lock(ctx context.Context, runID string) (Lock, error)
}

// Lock is a run that is taken. Its methods are safe for concurrent use.
type Lock interface {
	// Lost is closed when the run is no longer ours though nobody released it.
	// It is nil where that cannot happen.
	Lost() <-chan struct{}
	// Release gives the run back. It works twice.
	Release(ctx context.Context) error
}

// Filter chooses records. Nil and the zero value choose all.
type Filter struct {
	// Pipeline is the name of the pipeline; empty means every one.
	Pipeline string
	// Statuses are the statuses; empty means every one.
	Statuses []Status
	// Limit is the greatest number of records; 0 and less mean no limit.
	Limit int

	_ struct{}
}

func (f *Filter) matches(r *Record) bool {
	return f == nil || (f.Pipeline == "" || f.Pipeline == r.Pipeline) &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, r.Status))
}

// apply keeps what matches, in the order of List.
func (f *Filter) apply(records []*Record) []*Record {
	records = slices.DeleteFunc(records, func(r *Record) bool { return !f.matches(r) })
	slices.SortFunc(records, func(a, b *Record) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.RunID, a.RunID))
	})
	if f != nil && f.Limit > 0 && len(records) > f.Limit {
		records = slices.Clip(records[:f.Limit])
	}
	return records
}

// begin is what every method of a store asks first.
func begin(ctx context.Context, what, runID string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s the checkpoint of run %q: %w", what, runID, context.Cause(ctx))
	}
	return CheckRunID(runID)
}

func notFound(runID, where string) error {
	return fmt.Errorf("%w of run %q in %s", ErrNotFound, runID, where)
}
