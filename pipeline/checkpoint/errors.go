package checkpoint

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrNotFound means that the store has no record of the run.
	ErrNotFound = errors.New("no checkpoint record")
	// ErrLocked means that another runner has the run; see [LockedError].
	ErrLocked = errors.New("run is locked")
	// ErrStale means that the stored record is not the one that was loaded or
	// saved last; see [StaleError].
	ErrStale = errors.New("checkpoint record is stale")
	// ErrCorrupt means that a record cannot be read or holds what it must not;
	// see [CorruptError].
	ErrCorrupt = errors.New("checkpoint record is corrupt")
	// ErrNewer means that a newer program wrote the record; see [VersionError].
	ErrNewer = errors.New("checkpoint record has a newer version")
	// ErrChanged means that the pipeline is not the one of the record; see
	// [ChangedError].
	ErrChanged = errors.New("pipeline has changed since its checkpoint")
	// ErrRunID means that a text cannot be the id of a run.
	ErrRunID = errors.New("not a run id")
)

// LockedError says who has the run.
type LockedError struct {
	// RunID is the run.
	RunID string
	// Holder is who has it; zero when that could not be read.
	Holder Holder
}

// Error implements error.
func (e *LockedError) Error() string {
	return fmt.Sprintf("run %q is locked by %s", e.RunID, e.Holder)
}

// Is makes the error an [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// Holder is the process that has a lock.
type Holder struct {
	// Host is the name of its machine.
	Host string `json:"host"`
	// PID is its process id.
	PID int `json:"pid"`
	// Since is when it took the lock.
	Since time.Time `json:"since"`
}

// String returns for example "process 4711 on etl-1 since 2026-03-01T02:00:00Z".
func (h Holder) String() string {
	if h == (Holder{}) {
		return "another process"
	}
	return fmt.Sprintf("process %d on %s since %s", h.PID, h.Host, h.Since.UTC().Format(time.RFC3339))
}

// StaleError says that a save was refused because the stored record is another
// one.
type StaleError struct {
	// RunID is the run.
	RunID string
	// Revision is that of the record that was to be saved.
	Revision int64
	// Stored is the revision in the store; 0 means that there is none any more.
	Stored int64
}

// Error implements error.
func (e *StaleError) Error() string {
	switch {
	case e.Stored == 0:
		return fmt.Sprintf("checkpoint of run %q: revision %d was deleted meanwhile", e.RunID, e.Revision)
	case e.Revision == 0:
		return fmt.Sprintf("checkpoint of run %q: there is one already (revision %d); "+
			"load it to resume the run, or delete it to start again", e.RunID, e.Stored)
	}
	return fmt.Sprintf("checkpoint of run %q: revision %d is not the stored one (%d); somebody else saved meanwhile",
		e.RunID, e.Revision, e.Stored)
}

// Is makes the error an [ErrStale].
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// CorruptError says that a record cannot be read.
type CorruptError struct {
	// Where is the file or the row; empty in an error of [Parse].
	Where string
	// Err is the fault.
	Err error
}

// Error implements error.
func (e *CorruptError) Error() string {
	if e.Where == "" {
		return fmt.Sprintf("checkpoint record is corrupt: %v", e.Err)
	}
	return fmt.Sprintf("checkpoint record %s is corrupt: %v; "+
		"put back a good copy to resume the run, or delete it to start the run from its beginning", e.Where, e.Err)
}

// Is makes the error an [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap returns the fault.
func (e *CorruptError) Unwrap() error { return e.Err }

// VersionError says that a record was written by a newer program.
type VersionError struct {
	// Where is the file or the row; empty in an error of [Parse].
	Where string
	// Version is that of the record. This program knows versions up to [Version].
	Version int
}

// Error implements error.
func (e *VersionError) Error() string {
	where := ""
	if e.Where != "" {
		where = " " + e.Where
	}
	return fmt.Sprintf("checkpoint record%s has version %d and this program knows versions up to %d; "+
		"resume the run with the program that wrote it or a newer one", where, e.Version, Version)
}

// Is makes the error an [ErrNewer].
func (e *VersionError) Is(target error) bool { return target == ErrNewer }

// ChangedError says how a pipeline differs from the record of its run.
type ChangedError struct {
	// RunID is the run.
	RunID string
	// Added, Removed and Changed are the names of components: those that the
	// record does not have, those that the pipeline does not have any more, and
	// those with another fingerprint.
	Added, Removed, Changed []string
}

// Error implements error.
func (e *ChangedError) Error() string {
	var what []string
	for _, part := range []struct {
		verb  string
		names []string
	}{{"changed", e.Changed}, {"added", e.Added}, {"removed", e.Removed}} {
		if len(part.names) > 0 {
			what = append(what, fmt.Sprintf("%s: %q", part.verb, part.names))
		}
	}
	return fmt.Sprintf("resume run %q: the pipeline is not the one that the run began with (%s); "+
		"put it back, allow changes, or start a new run", e.RunID, strings.Join(what, ", "))
}

// Is makes the error an [ErrChanged].
func (e *ChangedError) Is(target error) bool { return target == ErrChanged }

// at names the place of a record in an error of Parse.
func at(where string, err error) error {
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		return &CorruptError{Where: where, Err: corrupt.Err}
	}
	var newer *VersionError
	if errors.As(err, &newer) {
		return &VersionError{Where: where, Version: newer.Version}
	}
	return err
}
