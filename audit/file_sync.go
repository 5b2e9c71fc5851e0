package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/filelock"
)

const (
	// lockLook is how long a writer first waits for the lock, and lockLookMax at
	// most, before it looks again.
	lockLook    = 100 * time.Microsecond
	lockLookMax = 20 * time.Millisecond
)

// locked calls f while no other process writes.
func (s *FileSink) locked(ctx context.Context, f func() error) error {
	if s.lock == nil {
		if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
			return err
		}
		file, err := os.OpenFile(s.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		s.lock = file
	}
	limit := time.Now().Add(s.opts.LockTimeout)
	for wait := lockLook; ; wait = min(2*wait, lockLookMax) {
		free, err := filelock.Try(s.lock)
		if err != nil {
			return fmt.Errorf("lock %s.lock: %w", s.path, err)
		}
		if free {
			break
		}
		if time.Now().After(limit) {
			return fmt.Errorf("%w: %s.lock, for %s", ErrLocked, s.path, s.opts.LockTimeout)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("wait for the lock: %w", context.Cause(ctx))
		}
	}
	defer filelock.Unlock(s.lock)
	return f()
}

// synced does after a write what the options say.
func (s *FileSink) synced() error {
	s.dirty = true
	switch s.opts.Fsync {
	case FsyncAlways:
		return s.syncNow()
	case FsyncInterval:
		if s.stop == nil {
			s.stop, s.done = make(chan struct{}), make(chan struct{})
			go s.syncOften(s.stop, s.done)
		}
	case FsyncNever:
	}
	return nil
}

// syncNow syncs the entries before the head, so that a head on the disk has its
// entry there too.
func (s *FileSink) syncNow() error {
	if !s.dirty || s.file == nil || s.opts.Fsync == FsyncNever {
		return nil
	}
	if err := errors.Join(s.file.Sync(), s.head.Sync()); err != nil {
		return err
	}
	s.dirty = false
	return nil
}

// syncOften syncs until stop is closed. It holds no lock while it waits for the
// disk, so that writers do not wait.
func (s *FileSink) syncOften(stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(s.opts.FsyncInterval)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		file, head, dirty := s.file, s.head, s.dirty
		s.dirty = false
		s.mu.Unlock()
		if !dirty || file == nil {
			continue
		}
		// A file that was put aside in between was synced before it was closed.
		if err := errors.Join(file.Sync(), head.Sync()); err != nil && !errors.Is(err, os.ErrClosed) {
			s.mu.Lock()
			s.syncErr, s.dirty = err, true
			s.mu.Unlock()
		}
	}
}

// syncDir makes the names in a folder last, where the file system can.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return filelock.SyncDir(dir)
}
