package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// far is an offset behind everything that is in a lock file: a locked range cannot
// be read by others.
const far = 1 << 30

// Try takes the lock of the file and reports whether it was free. It does not wait.
func Try(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{Offset: far})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// Unlock gives the lock back. Do it before the file is closed.
func Unlock(f *os.File) {
	_ = windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &windows.Overlapped{Offset: far})
}

// SyncDir does nothing: Windows cannot sync a folder.
func SyncDir(*os.File) error { return nil }
