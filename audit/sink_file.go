package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/secrets"
)

// Fsync says when a [FileSink] makes what it wrote last.
type Fsync string

// The ways to make it last. A process that is killed loses nothing with any of
// them; a machine that loses its power does.
const (
	// FsyncAlways syncs before each Write returns.
	FsyncAlways Fsync = "always"
	// FsyncInterval syncs every [FileOptions.FsyncInterval] while there is
	// something new, and on Flush and Close.
	FsyncInterval Fsync = "interval"
	// FsyncNever leaves it to the system.
	FsyncNever Fsync = "never"
)

// The defaults of [FileOptions].
const (
	DefaultFsyncInterval = time.Second
	DefaultRotateBytes   = 100 << 20
	DefaultRotateEvery   = 24 * time.Hour
	DefaultRetention     = 90 * 24 * time.Hour
	DefaultLockTimeout   = 10 * time.Second
)

// FileOptions are the settings of [NewFileSink]. Nil means defaults.
type FileOptions struct {
	// Key signs the entries, so that who can write the file cannot write another
	// history. A log is signed from its first entry on or not at all. The zero
	// value does not sign.
	Key secrets.Value
	// Fsync says when entries are synced. Default [FsyncInterval].
	Fsync Fsync
	// FsyncInterval is how often [FsyncInterval] syncs. Default one second.
	FsyncInterval time.Duration
	// RotateBytes is the size from which the file is put aside. Default 100 MiB;
	// below 0 the size does not matter.
	RotateBytes int64
	// RotateEvery is the age of its first entry from which the file is put aside.
	// Default a day; below 0 the age does not matter.
	RotateEvery time.Duration
	// Retention is how old the last entry of a file that was put aside may become;
	// then the file is removed. Default 90 days; below 0 none is removed for its
	// age.
	Retention time.Duration
	// MaxFiles is how many files that were put aside are kept. 0, the default, is
	// as many as there are.
	MaxFiles int
	// LockTimeout bounds how long a Write waits for another process that writes.
	// Default 10 seconds.
	LockTimeout time.Duration
	// Now is the clock of rotation; nil means [time.Now].
	Now func() time.Time

	_ struct{}
}

// Validate returns all faults of the options, joined.
func (o *FileOptions) Validate() error {
	var faults []error
	if o.Fsync != "" && o.Fsync != FsyncAlways && o.Fsync != FsyncInterval && o.Fsync != FsyncNever {
		faults = append(faults, fmt.Errorf("fsync: %q; want always, interval or never", o.Fsync))
	}
	if o.FsyncInterval < 0 {
		faults = append(faults, fmt.Errorf("fsync interval: %s cannot be negative", o.FsyncInterval))
	}
	if o.MaxFiles < 0 {
		faults = append(faults, fmt.Errorf("max_files: %d cannot be negative", o.MaxFiles))
	}
	if o.LockTimeout < 0 {
		faults = append(faults, fmt.Errorf("lock timeout: %s cannot be negative", o.LockTimeout))
	}
	return errors.Join(faults...)
}

// FileSink appends each event as a line of JSON to a file that only its owner may
// read (mode 0600). The first Write opens it and makes the folder.
//
// Beside NAME.jsonl stand NAME.jsonl.head, the head of the chain, and
// NAME.jsonl.lock. Files that are put aside are named NAME-NUMBER.jsonl after the
// number of their first entry; the chain goes on from file to file, and from one
// process to the next. Several processes may write at the same time: each line is
// written under the lock.
//
// A line that a crash left unfinished is cut off, and an entry [ActionAuditRepaired]
// says how long it was and what its SHA-256 was. When the log ends before its head,
// the chain goes on behind the head, so that what is gone stays missing for
// ever.
type FileSink struct {
	path   string
	opts   FileOptions
	signer signer

	mu     sync.Mutex
	closed bool
	lock   *os.File
	logFile
	head    *os.File
	pruned  bool // old files were looked for once
	dirty   bool
	syncErr error // of the goroutine, for the next Write
	stop    chan struct{}
	done    chan struct{}
}

var (
	_ Sink    = (*FileSink)(nil)
	_ Flusher = (*FileSink)(nil)
)

// NewFileSink returns a sink for the file. Nothing is opened before the first
// Write.
func NewFileSink(path string, opts *FileOptions) (*FileSink, error) {
	if opts == nil {
		opts = &FileOptions{}
	}
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("new audit file: %w", err)
	}
	if path == "" || strings.HasSuffix(path, "/") {
		return nil, fmt.Errorf("new audit file: %q is no name of a file", path)
	}
	absolute, err := filepath.Abs(path) // the working directory may change
	if err != nil {
		return nil, fmt.Errorf("new audit file %s: %w", path, err)
	}
	s := &FileSink{path: absolute, opts: *opts, signer: signer{opts.Key}}
	s.opts.Fsync = cmp.Or(opts.Fsync, FsyncInterval)
	s.opts.FsyncInterval = cmp.Or(opts.FsyncInterval, DefaultFsyncInterval)
	s.opts.RotateBytes = cmp.Or(opts.RotateBytes, DefaultRotateBytes)
	s.opts.RotateEvery = cmp.Or(opts.RotateEvery, DefaultRotateEvery)
	s.opts.Retention = cmp.Or(opts.Retention, DefaultRetention)
	s.opts.LockTimeout = cmp.Or(opts.LockTimeout, DefaultLockTimeout)
	if opts.Now == nil {
		s.opts.Now = time.Now
	}
	return s, nil
}

// Path returns the file that is written.
func (s *FileSink) Path() string { return s.path }

// Head returns the end of the chain as this sink last left it; zero before the
// first Write. Keep it elsewhere to find out later whether the log was put back.
func (s *FileSink) Head() Head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Write implements [Sink].
func (s *FileSink) Write(ctx context.Context, e Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	err := s.locked(ctx, func() error {
		if err := s.syncErr; err != nil {
			s.syncErr = nil
			return fmt.Errorf("sync: %w", err)
		}
		if err := s.refresh(); err != nil {
			return err
		}
		if err := s.rotate(); err != nil {
			return err
		}
		if err := s.append(e); err != nil {
			return err
		}
		return s.synced()
	})
	if err != nil {
		return fmt.Errorf("write to the audit log %s: %w", s.path, err)
	}
	return nil
}

// Flush implements [Flusher]: what was written is on the disk, unless
// [FsyncNever] says that this does not matter.
func (s *FileSink) Flush(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.syncNow(); err != nil {
		return fmt.Errorf("sync the audit log %s: %w", s.path, err)
	}
	return nil
}

// Close implements [Sink].
func (s *FileSink) Close(context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	err := errors.Join(s.syncErr, s.syncNow())
	stop, done := s.stop, s.done
	s.mu.Unlock()
	if stop != nil {
		close(stop)
		<-done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, file := range []*os.File{s.file, s.head, s.lock} {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
	}
	s.file, s.head, s.lock = nil, nil, nil
	if err != nil {
		return fmt.Errorf("close the audit log %s: %w", s.path, err)
	}
	return nil
}
