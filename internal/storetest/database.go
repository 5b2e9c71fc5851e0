package storetest

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Database is a server of the test's own, which ends with the test.
type Database struct {
	// Addr is its host and port.
	Addr string
	// User may do everything; Password is that of the user.
	User, Password string
	// Name is an empty database.
	Name string

	dir    string
	server *exec.Cmd
	stop   syscall.Signal
}

// WaitGrown blocks until the files of the server have grown by so many bytes,
// which tells that somebody is writing.
func (d *Database) WaitGrown(tb testing.TB, bytes int64) {
	tb.Helper()
	before, deadline := d.size(), time.After(startTimeout)
	for d.size() < before+bytes {
		select {
		case <-deadline:
			tb.Fatalf("%s has not grown by %d bytes in %s", d.dir, bytes, startTimeout)
		case <-time.After(lookInterval):
		}
	}
}

func (d *Database) size() int64 {
	var sum int64
	_ = filepath.WalkDir(d.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // it went away
		}
		if info, err := entry.Info(); err == nil && !entry.IsDir() {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// Stop ends the server at once, as a crash does: whoever is connected loses the
// connection. It blocks until nobody listens any more.
func (d *Database) Stop(tb testing.TB) {
	tb.Helper()
	if err := d.server.Process.Signal(d.stop); err != nil {
		tb.Fatalf("stop %s: %v", d.server.Path, err)
	}
	deadline := time.After(stopTimeout)
	for openAt(d.Addr) {
		select {
		case <-deadline:
			tb.Fatalf("%s still listens after %s", d.server.Path, stopTimeout)
		case <-time.After(lookInterval):
		}
	}
}
