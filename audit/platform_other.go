//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package audit

import (
	"errors"
	"os"
)

func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }

func unlock(*os.File) {}

func syncDir(string) error { return nil }
