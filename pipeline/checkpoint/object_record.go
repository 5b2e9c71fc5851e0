package checkpoint

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// objectReaders is how many records List reads at a time.
const objectReaders = 16

// Load implements [Store].
func (s *ObjectStore) Load(ctx context.Context, runID string) (*Record, error) {
	if err := begin(ctx, "load", runID); err != nil {
		return nil, err
	}
	r, obj, err := s.read(ctx, runKey(runID))
	if errors.Is(err, ErrNoObject) {
		return nil, notFound(runID, s.bucket.String())
	}
	if err != nil {
		return nil, fmt.Errorf("load the checkpoint of run %q: %w", runID, cause(ctx, err))
	}
	s.remember(runID, r.Revision, obj.Tag)
	return r, nil
}

// read reads one record.
func (s *ObjectStore) read(ctx context.Context, key string) (*Record, *Object, error) {
	obj, err := s.bucket.Get(ctx, key, MaxSize)
	if err != nil {
		return nil, nil, err
	}
	r, err := Parse(obj.Data)
	if err != nil {
		return nil, obj, at(s.place(key), err)
	}
	if runKey(r.RunID) != key {
		return nil, obj, &CorruptError{Where: s.place(key), Err: fmt.Errorf("it is the record of run %q, which has another key", r.RunID)}
	}
	if r.Revision == 0 {
		return nil, obj, &CorruptError{Where: s.place(key), Err: errors.New("revision: 0 was never saved")}
	}
	return r, obj, nil
}

// Save implements [Store]. One of a run that this store has locked is one
// request, another one is two.
func (s *ObjectStore) Save(ctx context.Context, r *Record) error {
	if err := begin(ctx, "save", r.RunID); err != nil {
		return err
	}
	next, data, err := r.next(time.Now())
	if err != nil {
		return err
	}
	err = s.prepare(ctx)
	if err == nil {
		err = s.write(ctx, r, &Write{Data: data, Mark: rand.Text()}, next)
	}
	if err != nil {
		return fmt.Errorf("save the checkpoint of run %q in %s: %w", r.RunID, s.bucket, cause(ctx, err))
	}
	r.saved(next)
	return nil
}

func (s *ObjectStore) write(ctx context.Context, r *Record, w *Write, next *Record) error {
	key := runKey(r.RunID)
	w.Tag = s.remembered(r.RunID, r.Revision)
	look := r.Revision > 0 && w.Tag == ""
	var err error
	for range objectTurns {
		if look {
			tag, done, err := s.newest(ctx, r, w.Mark)
			if err != nil || done {
				s.remember(r.RunID, next.Revision, tag)
				return err
			}
			w.Tag = tag
		}
		var tag string
		tag, err = s.bucket.Put(ctx, key, w)
		if !errors.Is(err, ErrPrecondition) {
			s.remember(r.RunID, next.Revision, tag)
			return err
		}
		look = true
	}
	return err
}

// newest returns the tag of the stored record if that has the revision of r, and
// whether it is the one with the mark.
func (s *ObjectStore) newest(ctx context.Context, r *Record, mark string) (tag string, mine bool, err error) {
	stored, obj, err := s.read(ctx, runKey(r.RunID))
	switch {
	case errors.Is(err, ErrNoObject) && r.Revision == 0:
		return "", false, nil
	case errors.Is(err, ErrNoObject):
		return "", false, &StaleError{RunID: r.RunID, Revision: r.Revision}
	case err != nil:
		return "", false, err
	case obj.Mark == mark:
		return obj.Tag, true, nil
	case stored.Revision != r.Revision:
		return "", false, &StaleError{RunID: r.RunID, Revision: r.Revision, Stored: stored.Revision}
	}
	return obj.Tag, false, nil
}

// remember keeps the tag of the newest record that this store knows of a run
// that it has locked, so that a save need not look for it. An empty tag forgets.
func (s *ObjectStore) remember(runID string, revision int64, tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lock := s.held[runID]; lock != nil {
		lock.revision, lock.recordTag = revision, tag
	}
}

func (s *ObjectStore) remembered(runID string, revision int64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lock := s.held[runID]; lock != nil && revision > 0 && lock.revision == revision {
		return lock.recordTag
	}
	return ""
}

// Delete implements [Store].
func (s *ObjectStore) Delete(ctx context.Context, runID string) error {
	if err := begin(ctx, "delete", runID); err != nil {
		return err
	}
	if !s.holds(runID) {
		lock, err := s.Lock(ctx, runID)
		if err != nil {
			return fmt.Errorf("delete the checkpoint: %w", err)
		}
		defer func() { _ = lock.Release(ctx) }()
	}
	key := runKey(runID)
	_, err := s.bucket.Get(ctx, key, 0)
	if errors.Is(err, ErrNoObject) {
		return notFound(runID, s.bucket.String())
	}
	if err == nil {
		err = s.bucket.Remove(ctx, key, "")
	}
	s.remember(runID, 0, "")
	if err != nil {
		return fmt.Errorf("delete the checkpoint of run %q in %s: %w", runID, s.bucket, cause(ctx, err))
	}
	return nil
}

// List implements [Store]. It reads every record, some at a time.
func (s *ObjectStore) List(ctx context.Context, filter *Filter) ([]*Record, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("list checkpoints in %s: %w", s.bucket, context.Cause(ctx))
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	keys := make(chan string)
	var mu sync.Mutex
	var records []*Record
	var faults []error
	var wg sync.WaitGroup
	for range objectReaders {
		wg.Go(func() {
			for key := range keys {
				r, _, err := s.read(reading, key)
				mu.Lock()
				switch {
				case errors.Is(err, ErrNoObject): // deleted meanwhile
				case err != nil:
					faults = append(faults, err)
				default:
					records = append(records, r)
				}
				mu.Unlock()
			}
		})
	}
	err := s.feed(ctx, keys)
	if err != nil {
		stop()
	}
	close(keys)
	wg.Wait()
	if err == nil {
		err = ctxErr(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("list checkpoints in %s: %w", s.bucket, cause(ctx, err))
	}
	return filter.apply(records), errors.Join(faults...)
}

// feed hands on the keys of records; objects with other names are not looked at.
func (s *ObjectStore) feed(ctx context.Context, keys chan<- string) error {
	for key, err := range s.bucket.List(ctx, objectRuns+filePrefix) {
		if err != nil {
			return err
		}
		if !strings.HasSuffix(key, ".json") {
			continue
		}
		select {
		case keys <- key:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
