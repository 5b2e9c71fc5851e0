package checkpoint

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// lockVersion is the version of the format of locks.
	lockVersion = 1
	// maxLockSize is the greatest size of the object of a lock in bytes.
	maxLockSize = 4096
)

// lockBody is the content of the object of a lock.
type lockBody struct {
	Version int    `json:"version"`
	Owner   string `json:"owner,omitempty"` // empty: it is free
	LeaseMS int64  `json:"lease_ms,omitempty"`
	// Renewals makes every renewal a new content, and so a new tag.
	Renewals int64 `json:"renewals,omitempty"`
	Holder
}

// objectLock is a run that this process has for as long as its lease is renewed.
type objectLock struct {
	store *ObjectStore
	runID string
	lost  chan struct{}
	stop  context.CancelFunc
	done  chan struct{}

	// body and tag belong to Lock, then to the goroutine, then to Release.
	body lockBody
	tag  string

	// revision and recordTag are guarded by the store.
	revision  int64
	recordTag string

	mu       sync.Mutex
	released bool
}

// Lock implements [Store]. It starts a goroutine that ends when the lock is
// released or lost; the end of ctx does not end it.
func (s *ObjectStore) Lock(ctx context.Context, runID string) (Lock, error) {
	if err := begin(ctx, "lock", runID); err != nil {
		return nil, err
	}
	l := &objectLock{
		store: s, runID: runID, lost: make(chan struct{}), done: make(chan struct{}),
		body: lockBody{Version: lockVersion, Owner: rand.Text(), LeaseMS: s.lease.Milliseconds(), Holder: thisProcess()},
	}
	err := s.prepare(ctx)
	var taken time.Time
	if err == nil {
		taken, err = l.take(ctx)
	}
	if err != nil {
		if errors.Is(err, ErrLocked) {
			return nil, err
		}
		return nil, fmt.Errorf("lock run %q in %s: %w", runID, s.bucket, cause(ctx, err))
	}
	s.mu.Lock()
	s.held[runID] = l
	s.mu.Unlock()
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go l.beat(beating, taken)
	return l, nil
}

// take writes the object of the lock where there is none, and over one that is
// free or whose lease has run out. It returns when it asked for it.
func (l *objectLock) take(ctx context.Context) (time.Time, error) {
	locked := &LockedError{RunID: l.runID}
	over := ""
	for range objectTurns {
		asked := time.Now()
		err := l.put(ctx, &l.body, over)
		if !errors.Is(err, ErrPrecondition) {
			return asked, err
		}
		body, obj, err := l.look(ctx)
		switch {
		case errors.Is(err, ErrNoObject): // released meanwhile
			over = ""
			continue
		case err != nil:
			return asked, err
		case body.Owner == l.body.Owner: // the answer was lost
			l.tag = obj.Tag
			return asked, nil
		}
		lease := time.Duration(body.LeaseMS) * time.Millisecond
		if body.Owner != "" && obj.Now.Sub(obj.Modified) <= lease+objectSlack {
			locked.Holder = body.Holder
			return asked, locked
		}
		over = obj.Tag
	}
	return time.Time{}, locked
}

// put writes the body over the object with the tag, and keeps the new tag.
func (l *objectLock) put(ctx context.Context, body *lockBody, over string) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	tag, err := l.store.bucket.Put(ctx, lockKey(l.runID), &Write{Data: append(data, '\n'), Mark: body.Owner, Tag: over})
	if err == nil {
		l.tag = tag
	}
	return err
}

// look reads the object of the lock. One that cannot be read is nobody's to take.
func (l *objectLock) look(ctx context.Context) (*lockBody, *Object, error) {
	key := lockKey(l.runID)
	obj, err := l.store.bucket.Get(ctx, key, maxLockSize)
	if err != nil {
		return nil, nil, err
	}
	body := new(lockBody)
	dec := json.NewDecoder(bytes.NewReader(obj.Data))
	if err = dec.Decode(body); err == nil && body.Version != lockVersion {
		err = fmt.Errorf("it has version %d and this program knows version %d", body.Version, lockVersion)
	}
	if err == nil && (len(obj.Data) > maxLockSize || body.LeaseMS < 0) {
		err = errors.New("it is not one that a store wrote")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("lock %s cannot be read: %w; remove it when no process has the run", l.store.place(key), err)
	}
	return body, obj, nil
}

// beat renews the lease until the lock is released. It is lost when its object
// has another owner, and when it could not be renewed for a whole lease.
func (l *objectLock) beat(ctx context.Context, renewed time.Time) {
	defer close(l.done)
	lease := l.store.lease
	ticker := time.NewTicker(lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked := time.Now()
		err := l.renew(ctx, max(lease-asked.Sub(renewed), lease/6))
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			renewed = asked
		case errors.Is(err, ErrLocked) || time.Since(renewed) >= lease-lease/6: // the next look would be too late
			l.store.forget(l)
			close(l.lost)
			return
		}
	}
}

// renew writes the object anew and waits for the answer until the time is over.
// It returns an [ErrLocked] when the run is no longer ours.
func (l *objectLock) renew(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range objectTurns {
		l.body.Renewals++
		err := l.put(ctx, &l.body, l.tag)
		if !errors.Is(err, ErrPrecondition) {
			return err
		}
		// Another one took the run, or an earlier renewal got through of which we
		// heard nothing.
		if err := l.refresh(ctx); err != nil {
			return err
		}
	}
	return errors.New("the lock changes all the time")
}

// refresh looks for the tag of our lock, and returns an [ErrLocked] when it is
// not ours any more.
func (l *objectLock) refresh(ctx context.Context) error {
	body, obj, err := l.look(ctx)
	if errors.Is(err, ErrNoObject) || err == nil && body.Owner != l.body.Owner {
		return &LockedError{RunID: l.runID}
	}
	if err == nil {
		l.tag = obj.Tag
	}
	return err
}

// Lost implements [Lock].
func (l *objectLock) Lost() <-chan struct{} { return l.lost }

// Release implements [Lock]. After an error the lock is free when its lease has
// run out.
func (l *objectLock) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released {
		return nil
	}
	l.released = true
	l.stop()
	<-l.done
	l.store.forget(l)
	if err := l.free(ctx); err != nil {
		return fmt.Errorf("release run %q in %s: %w", l.runID, l.store.bucket, cause(ctx, err))
	}
	return nil
}

// free removes the object of the lock if it is ours, or says in it that it is
// free.
func (l *objectLock) free(ctx context.Context) error {
	s := l.store
	s.mu.Lock()
	removes := s.removes
	s.mu.Unlock()
	for range objectTurns {
		var err error
		if removes {
			err = s.bucket.Remove(ctx, lockKey(l.runID), l.tag)
		} else {
			err = l.put(ctx, &lockBody{Version: lockVersion}, l.tag)
		}
		if !errors.Is(err, ErrPrecondition) {
			return err
		}
		err = l.refresh(ctx)
		if errors.Is(err, ErrLocked) {
			return nil // it was lost
		}
		if err != nil {
			return err
		}
	}
	return errors.New("the lock changes all the time")
}

func (s *ObjectStore) holds(runID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[runID] != nil
}

func (s *ObjectStore) forget(l *objectLock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[l.runID] == l {
		delete(s.held, l.runID)
	}
}
