package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// FileStore keeps each record in a file of its own in one folder on this
// machine. The file is readable by its owner only.
//
// A save writes a second file, syncs it, renames it over the first and syncs the
// folder, so that whatever happens there is a whole record, the old one or the
// new one. A lock is a lock of the operating system, which is free at once when
// its process ends, in whatever way. Beside the records the folder has files
// that end in ".lock" for runs that are locked, and ".guard", which makes saves
// wait for each other; files that the store does not know are left alone.
//
// Use a local file system, or one whose locks hold between machines.
type FileStore struct {
	dir string
	// turn is held by the one goroutine that changes files.
	turn chan struct{}

	mu   sync.Mutex
	held map[string]*fileLock
}

var _ Store = (*FileStore)(nil)

var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):/`)

// NewFileStore returns the store of the folder. It is made, for its owner only,
// when something is saved or locked first; a folder that does not exist has no
// records. The URL of another storage, such as s3a://bucket/dir, is refused.
func NewFileStore(dir string) (*FileStore, error) {
	if dir == "" || strings.ContainsRune(dir, 0) {
		return nil, fmt.Errorf("checkpoint folder %q: give the path of a folder", dir)
	}
	if url := scheme.FindStringSubmatch(dir); url != nil { // which may hold a password
		return nil, fmt.Errorf("checkpoint folder: want a folder on this machine, not a URL of %q", url[1])
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoint folder %q: %w", dir, err)
	}
	return &FileStore{dir: abs, turn: make(chan struct{}, 1), held: make(map[string]*fileLock)}, nil
}

// Load implements [Store].
func (s *FileStore) Load(ctx context.Context, runID string) (*Record, error) {
	if err := begin(ctx, "load", runID); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(runID, s.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("load the checkpoint of run %q: %w", runID, err)
	}
	defer func() { _ = root.Close() }()
	return s.load(root, runID)
}

// Save implements [Store].
func (s *FileStore) Save(ctx context.Context, r *Record) error {
	if err := begin(ctx, "save", r.RunID); err != nil {
		return err
	}
	next, data, err := r.next(time.Now())
	if err != nil {
		return err
	}
	err = s.exclusively(ctx, func(root *os.Root) error {
		if err := s.newest(root, r); err != nil {
			return err
		}
		return replaceFile(root, fileStem(r.RunID)+recordFile, data)
	})
	if err != nil {
		return fmt.Errorf("save in %s: %w", s.dir, err)
	}
	r.saved(next)
	return nil
}

// newest returns an error unless r is the stored record.
func (s *FileStore) newest(root *os.Root, r *Record) error {
	stored, err := s.load(root, r.RunID)
	if errors.Is(err, ErrNotFound) {
		stored, err = &Record{}, nil
	}
	if err == nil && stored.Revision != r.Revision {
		err = &StaleError{RunID: r.RunID, Revision: r.Revision, Stored: stored.Revision}
	}
	return err
}

// Delete implements [Store].
func (s *FileStore) Delete(ctx context.Context, runID string) error {
	if err := begin(ctx, "delete", runID); err != nil {
		return err
	}
	if _, err := os.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
		return notFound(runID, s.dir)
	}
	if !s.holds(runID) {
		lock, err := s.Lock(ctx, runID)
		if err != nil {
			return fmt.Errorf("delete the checkpoint: %w", err)
		}
		defer func() { _ = lock.Release(ctx) }()
	}
	return s.exclusively(ctx, func(root *os.Root) error {
		err := root.Remove(fileStem(runID) + recordFile)
		if errors.Is(err, fs.ErrNotExist) {
			return notFound(runID, s.dir)
		}
		if err == nil {
			err = syncDir(root)
		}
		if err != nil {
			return fmt.Errorf("delete the checkpoint of run %q: %w", runID, err)
		}
		return nil
	})
}

// List implements [Store]. Files that are not named like records are not
// looked at.
func (s *FileStore) List(ctx context.Context, filter *Filter) ([]*Record, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	defer func() { _ = root.Close() }()
	var records []*Record
	var faults []error
	for _, entry := range entries {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("list checkpoints in %s: %w", s.dir, context.Cause(ctx))
		}
		name := entry.Name()
		if !strings.HasPrefix(name, filePrefix) || !strings.HasSuffix(name, recordFile) {
			continue
		}
		r, err := s.read(root, name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile
		case err != nil:
			faults = append(faults, err)
		default:
			records = append(records, r)
		}
	}
	return filter.apply(records), errors.Join(faults...)
}

func (s *FileStore) load(root *os.Root, runID string) (*Record, error) {
	r, err := s.read(root, fileStem(runID)+recordFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notFound(runID, s.dir)
	}
	return r, err
}

// read reads the file. A record under the name of another run is corrupt: a
// copy, or a file that somebody renamed.
func (s *FileStore) read(root *os.Root, name string) (*Record, error) {
	path := filepath.Join(s.dir, name)
	info, err := root.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint record %s: %w", path, err)
	}
	if !info.Mode().IsRegular() || info.Size() > MaxSize {
		return nil, &CorruptError{Where: path, Err: fmt.Errorf("want a file of at most %d bytes, got %s of %d", MaxSize, info.Mode(), info.Size())}
	}
	data, err := root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read checkpoint record %s: %w", path, err)
	}
	r, err := Parse(data)
	if err != nil {
		return nil, at(path, err)
	}
	if fileStem(r.RunID)+recordFile != name {
		return nil, &CorruptError{Where: path, Err: fmt.Errorf("it is the record of run %q, whose file has another name", r.RunID)}
	}
	if r.Revision == 0 {
		return nil, &CorruptError{Where: path, Err: errors.New("revision: 0 was never saved")}
	}
	return r, nil
}
