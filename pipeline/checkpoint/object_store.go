package checkpoint

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// MinObjectLease is the shortest lease of an [ObjectStore]. Storages tell the
	// time in whole seconds.
	MinObjectLease = 3 * time.Second
	// objectSlack is added to a lease before others take it: the clocks of the
	// machines of one storage differ, and its times are cut to seconds.
	objectSlack = 2 * time.Second
	// objectTurns is how often a write starts again because the object changed
	// between a look and the write.
	objectTurns = 8

	objectRuns   = "runs/"
	objectLocks  = "locks/"
	objectProbes = "probes/"
)

// ObjectOptions are the options of [NewObjectStore].
type ObjectOptions struct {
	// Lease is how long a lock stays without a sign of life from its process; one
	// comes every third of it. At least [MinObjectLease]; 0 means [DefaultLease].
	// The clock is that of the storage; others wait for two seconds more.
	Lease time.Duration

	_ struct{}
}

// Validate returns all faults of the options, joined.
func (o *ObjectOptions) Validate() error {
	if o.Lease != 0 && o.Lease < MinObjectLease {
		return fmt.Errorf("lease %s is below %s", o.Lease, MinObjectLease)
	}
	return nil
}

// ObjectStore keeps each record in an object of its own, below "runs/". All that
// it asks of its storage is that a write can depend on the object that is there:
// of two writers at the same moment one is refused. Before it writes first it
// tries whether the storage does so, with an object below "probes/", and
// otherwise returns an [ErrUnconditional] and writes nothing.
//
// A lock is an object below "locks/" with an owner and a lease, which a
// goroutine renews until the lock is released. That of a killed process is free
// when its lease has run out. Watch [Lock.Lost]: a process that was stopped for
// longer than the lease, or could not reach the storage, may find its run taken
// by another. Where a storage cannot remove an object on a condition, a released
// lock stays as an object that says that it is free; a rule of the storage may
// remove those below "locks/" that are older than a day.
type ObjectStore struct {
	bucket Bucket
	lease  time.Duration

	probing chan struct{} // held by who tries the storage
	mu      sync.Mutex
	tried   bool
	removes bool                   // the storage removes on a condition
	held    map[string]*objectLock // by run id
}

var _ Store = (*ObjectStore)(nil)

// NewObjectStore returns the store of the bucket. It sends nothing.
func NewObjectStore(bucket Bucket, opts *ObjectOptions) (*ObjectStore, error) {
	if opts == nil {
		opts = &ObjectOptions{}
	}
	if bucket == nil {
		return nil, errors.New("checkpoint store: a bucket is required")
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("checkpoint store: %w", err)
	}
	return &ObjectStore{
		bucket: bucket, lease: cmp.Or(opts.Lease, DefaultLease),
		probing: make(chan struct{}, 1), held: make(map[string]*objectLock),
	}, nil
}

// runKey returns the key of the record. Run ids are escaped as for files, with
// "." in the place of "%", which would be escaped once more on its way.
func runKey(runID string) string  { return objectRuns + objectStem(runID) + ".json" }
func lockKey(runID string) string { return objectLocks + objectStem(runID) + ".json" }

func objectStem(runID string) string { return strings.ReplaceAll(fileStem(runID), "%", ".") }

// place names an object in errors.
func (s *ObjectStore) place(key string) string { return s.bucket.String() + "/" + key }

// cause says why ctx ended when that is why a call failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && !errors.Is(err, context.Cause(ctx)) {
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	return err
}

// prepare tries once whether the storage keeps to conditions.
func (s *ObjectStore) prepare(ctx context.Context) error {
	select {
	case s.probing <- struct{}{}:
		defer func() { <-s.probing }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.mu.Lock()
	tried := s.tried
	s.mu.Unlock()
	if tried {
		return nil
	}
	removes, err := s.probe(ctx)
	if err != nil {
		return cause(ctx, err)
	}
	s.mu.Lock()
	s.tried, s.removes = true, removes
	s.mu.Unlock()
	return nil
}

// probe writes an object that must not be written twice, and reports whether the
// storage can remove on a condition.
func (s *ObjectStore) probe(ctx context.Context) (removes bool, err error) {
	key := objectProbes + strings.ToLower(rand.Text())
	w := &Write{Data: []byte("{}\n"), Mark: rand.Text()}
	tag, err := s.bucket.Put(ctx, key, w)
	if err != nil && !errors.Is(err, ErrPrecondition) { // refused: an answer was lost and it was sent twice
		return false, fmt.Errorf("try %s: %w", s.bucket, err)
	}
	defer func() { _ = s.bucket.Remove(ctx, key, "") }() // whoever may not remove leaves it
	wrong := strings.Repeat("0", 32)
	for _, condition := range []string{"", wrong} {
		again := &Write{Data: []byte("{\"again\": true}\n"), Mark: rand.Text(), Tag: condition}
		switch _, err = s.bucket.Put(ctx, key, again); {
		case err == nil:
			return false, fmt.Errorf("try %s: %w; without them two runners could take one run: "+
				"use a storage that keeps to them, or a folder or a database", s.bucket, ErrUnconditional)
		case !errors.Is(err, ErrPrecondition):
			return false, fmt.Errorf("try %s: %w", s.bucket, err)
		}
	}
	if err := s.bucket.Remove(ctx, key, wrong); !errors.Is(err, ErrPrecondition) {
		return false, ctxErr(ctx)
	}
	// A storage may also refuse every removal that has a condition.
	removes = s.bucket.Remove(ctx, key, tag) == nil
	return removes, ctxErr(ctx)
}

func ctxErr(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
