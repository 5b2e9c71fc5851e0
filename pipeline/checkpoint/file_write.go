package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/filelock"
)

// guardInterval is the time between two looks at a guard that another process
// has; it has it for one write.
const guardInterval = 2 * time.Millisecond

// exclusively runs change while no other goroutine and no other process changes
// records in the folder, which it makes if needed.
func (s *FileStore) exclusively(ctx context.Context, change func(*os.Root) error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return fmt.Errorf("wait for others: %w", context.Cause(ctx))
	}
	root, err := s.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	guard, err := root.OpenFile(guardFile, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = guard.Close() }()
	for {
		ok, err := filelock.Try(guard)
		if err != nil {
			return fmt.Errorf("lock %s: %w", guard.Name(), err)
		}
		if ok {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for others: %w", context.Cause(ctx))
		case <-time.After(guardInterval):
		}
	}
	defer filelock.Unlock(guard)
	return change(root)
}

// open opens the folder and makes it if needed.
func (s *FileStore) open() (*os.Root, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenRoot(s.dir)
}

// replaceFile makes data the content of the file in one step. The caller has
// the guard, so a second file that is there was left by a process that died.
func replaceFile(root *os.Root, name string, data []byte) error {
	if err := root.Remove(tempFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeFile(root, tempFile, data); err != nil {
		_ = root.Remove(tempFile)
		return err
	}
	if err := root.Rename(tempFile, name); err != nil {
		_ = root.Remove(tempFile)
		return err
	}
	return syncDir(root)
}

func writeFile(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the names in the folder last, where the file system can.
func syncDir(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return filelock.SyncDir(dir)
}
