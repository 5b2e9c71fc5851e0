//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package filelock

import (
	"errors"
	"os"
)

// Try returns [errors.ErrUnsupported].
func Try(*os.File) (bool, error) { return false, errors.ErrUnsupported }

// Unlock does nothing.
func Unlock(*os.File) {}

// SyncDir does nothing.
func SyncDir(*os.File) error { return nil }
