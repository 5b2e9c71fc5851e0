package streaming

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/sparkpipe/sparkpipe/pipeline/checkpoint"
)

// Locker takes names for one process. Lock does not wait: when somebody has the
// name it returns an error that says who. Every [checkpoint.Store] is one.
type Locker interface {
	Lock(ctx context.Context, name string) (checkpoint.Lock, error)
}

// ErrCheckpointHeld is matched by [*CheckpointHeldError].
var ErrCheckpointHeld = errors.New("the checkpoint location is taken")

// CheckpointHeldError says that another supervisor has the checkpoint location of a
// query.
type CheckpointHeldError struct {
	// Query is the query that wants it, and Location the location.
	Query, Location string
	// Err says who has it.
	Err error
}

// Error implements error.
func (e *CheckpointHeldError) Error() string {
	who := e.Err.Error()
	var locked *checkpoint.LockedError
	if errors.As(e.Err, &locked) {
		who = locked.Holder.String()
	}
	return fmt.Sprintf("streaming query %q: the checkpoint location %s belongs to another supervisor: %s; "+
		"stop that one, or give the query a location of its own", e.Query, e.Location, who)
}

// Unwrap returns the error of the lock.
func (e *CheckpointHeldError) Unwrap() error { return e.Err }

// Is reports whether target is [ErrCheckpointHeld].
func (e *CheckpointHeldError) Is(target error) bool { return target == ErrCheckpointHeld }

// Retryable implements what package resilience looks for: it is false.
func (e *CheckpointHeldError) Retryable() bool { return false }

// errLockLost is why a query is stopped whose lock somebody else may have now.
var errLockLost = errors.New("the lock of the checkpoint location is lost, since it could not be renewed in time")

var (
	schemePattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+):`)
	slashes       = regexp.MustCompile(`/+`)
)

// normalLocation writes a location so that two ways to write one are the same:
// s3, s3a and s3n are one storage, file:/a is /a, slashes are not doubled and do
// not end it, and a relative path is one of the working directory.
func normalLocation(location string) string {
	match := schemePattern.FindStringSubmatch(location)
	if match == nil || runtime.GOOS == "windows" && len(match[1]) == 1 {
		if abs, err := filepath.Abs(location); err == nil {
			location = abs
		}
		return filepath.ToSlash(location)
	}
	scheme, rest := strings.ToLower(match[1]), location[len(match[0]):]
	if scheme == "file" {
		return path.Clean("/" + strings.TrimLeft(rest, "/"))
	}
	switch scheme {
	case "s3a", "s3n":
		scheme = "s3"
	case "wasbs":
		scheme = "wasb"
	case "abfss":
		scheme = "abfs"
	}
	rest = slashes.ReplaceAllString(rest, "/")
	return scheme + ":/" + strings.TrimRight(path.Clean("/"+rest), "/")
}

// lockName is the name of the lock of a location. It begins with a few words of the
// location, for people.
func lockName(location string) string {
	location = normalLocation(location)
	sum := sha256.Sum256([]byte(location))
	tail := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(path.Base(location)))
	return "stream-" + tail[:min(len(tail), 40)] + "-" + hex.EncodeToString(sum[:16])
}

// lockCheckpoint takes the location for a query.
func lockCheckpoint(ctx context.Context, locker Locker, query, location string) (checkpoint.Lock, error) {
	lock, err := locker.Lock(ctx, lockName(location))
	switch {
	case err == nil:
		return lock, nil
	case errors.Is(err, checkpoint.ErrLocked):
		return nil, &CheckpointHeldError{Query: query, Location: location, Err: err}
	}
	return nil, fmt.Errorf("streaming query %q: lock the checkpoint location %s: %w", query, location, err)
}

// DefaultStateDir is "sparkpipe/streams" where the system keeps the state of
// programs for the user: XDG_STATE_HOME or ~/.local/state, ~/Library/Application
// Support on macOS, %LocalAppData% on Windows.
func DefaultStateDir() (string, error) {
	dir, err := stateHome()
	if err != nil {
		return "", fmt.Errorf("find a folder for the state of streaming queries: %w; name one", err)
	}
	return filepath.Join(dir, "sparkpipe", "streams"), nil
}

func stateHome() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%
	case "darwin":
		return os.UserConfigDir() // ~/Library/Application Support
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
}
