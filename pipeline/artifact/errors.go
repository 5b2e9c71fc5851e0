package artifact

import (
	"errors"
	"fmt"
)

// Sentinels to branch on with [errors.Is].
var (
	// ErrVersion is matched by [*VersionError].
	ErrVersion = errors.New("unknown version of the document")
	// ErrKind is the fault of a file that is no such document.
	ErrKind = errors.New("not the wanted document")
)

// VersionError tells that a document is of a version that this package does not
// read.
type VersionError struct {
	// Kind is the document, such as "run_results".
	Kind string
	// Have is the version of the file, Want the newest that can be read.
	Have, Want int
}

// Error implements error.
func (e *VersionError) Error() string {
	if e.Have > e.Want {
		return fmt.Sprintf("%s of schema_version %d: the newest that can be read is %d; update the program that reads it", e.Kind, e.Have, e.Want)
	}
	return fmt.Sprintf("%s of schema_version %d: there is no such version; the newest is %d", e.Kind, e.Have, e.Want)
}

// Is reports whether target is [ErrVersion].
func (e *VersionError) Is(target error) bool { return target == ErrVersion }
