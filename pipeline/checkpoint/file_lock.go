package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/filelock"
)

// fileLock is a run that this process has.
type fileLock struct {
	store *FileStore
	runID string

	mu   sync.Mutex
	file *os.File // nil once released
}

// Lock implements [Store].
func (s *FileStore) Lock(ctx context.Context, runID string) (Lock, error) {
	if err := begin(ctx, "lock", runID); err != nil {
		return nil, err
	}
	root, err := s.open()
	if err != nil {
		return nil, fmt.Errorf("lock run %q: %w", runID, err)
	}
	defer func() { _ = root.Close() }()
	file, err := lockRun(root, fileStem(runID)+lockFile)
	if err != nil {
		return nil, fmt.Errorf("lock run %q in %s: %w", runID, s.dir, err)
	}
	if file == nil {
		return nil, &LockedError{RunID: runID, Holder: readHolder(root, fileStem(runID)+lockFile)}
	}
	lock := &fileLock{store: s, runID: runID, file: file}
	s.mu.Lock()
	s.held[runID] = lock
	s.mu.Unlock()
	if err := writeHolder(file); err != nil {
		_ = lock.Release(ctx)
		return nil, fmt.Errorf("lock run %q in %s: %w", runID, s.dir, err)
	}
	return lock, nil
}

// lockRun returns the locked file, or nil when somebody else has it. Who
// releases a lock removes its file first, so a lock counts only if the file is
// still the one of that name.
func lockRun(root *os.Root, name string) (*os.File, error) {
	for {
		file, err := root.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		ok, err := filelock.Try(file)
		if err != nil || !ok {
			_ = file.Close()
			return nil, err
		}
		if isNamed(root, name, file) {
			return file, nil
		}
		filelock.Unlock(file)
		_ = file.Close()
	}
}

// isNamed reports whether the open file is still the one of the name.
func isNamed(root *os.Root, name string, file *os.File) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := root.Stat(name)
	return err == nil && os.SameFile(mine, named)
}

// Lost implements [Lock]: the operating system takes no lock away.
func (l *fileLock) Lost() <-chan struct{} { return nil }

// Release implements [Lock].
func (l *fileLock) Release(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	s := l.store
	s.mu.Lock()
	delete(s.held, l.runID)
	s.mu.Unlock()
	// The file may stay where a file that is open cannot be removed, or when the
	// whole folder is gone; it says nothing without its lock.
	if root, err := os.OpenRoot(s.dir); err == nil {
		if name := fileStem(l.runID) + lockFile; isNamed(root, name, l.file) {
			_ = root.Remove(name)
		}
		_ = root.Close()
	}
	filelock.Unlock(l.file)
	err := l.file.Close()
	l.file = nil
	if err != nil {
		return fmt.Errorf("release run %q: %w", l.runID, err)
	}
	return nil
}

func (s *FileStore) holds(runID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[runID] != nil
}

// thisProcess is the holder that others read.
func thisProcess() Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return Holder{Host: host, PID: os.Getpid(), Since: time.Now().UTC().Truncate(time.Second)}
}

func writeHolder(file *os.File) error {
	data, err := json.Marshal(thisProcess())
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt(data, 0)
	return err
}

// readHolder returns who has the lock, or a zero Holder while its file does not
// say.
func readHolder(root *os.Root, name string) Holder {
	file, err := root.Open(name)
	if err != nil {
		return Holder{}
	}
	defer func() { _ = file.Close() }()
	var holder Holder
	data, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil || json.Unmarshal(data, &holder) != nil {
		return Holder{}
	}
	return holder
}
