package component

import "fmt"

// Status says what became of a component in a run. The zero value is no status
// and cannot be marshalled.
type Status uint8

// The statuses of a component.
const (
	// StatusSucceeded means that Run returned nil.
	StatusSucceeded Status = iota + 1
	// StatusFailed means that Open or Run returned an error or panicked, or that
	// a hook vetoed the component.
	StatusFailed
	// StatusSkipped means that the component did not start because of what became
	// of others; [Result.Reason] says which.
	StatusSkipped
	// StatusDisabled means that the pipeline says not to run the component.
	StatusDisabled
	// StatusCancelled means that the context of the run ended before the
	// component was done or before it started.
	StatusCancelled
)

var statusTexts = [...]string{
	StatusSucceeded: "succeeded",
	StatusFailed:    "failed",
	StatusSkipped:   "skipped",
	StatusDisabled:  "disabled",
	StatusCancelled: "cancelled",
}

func (s Status) valid() bool { return s >= StatusSucceeded && int(s) < len(statusTexts) }

// String returns the status in lower case, for example "succeeded", or
// "status(0)" for a value that is none.
func (s Status) String() string {
	if !s.valid() {
		return fmt.Sprintf("status(%d)", uint8(s))
	}
	return statusTexts[s]
}

// MarshalText implements [encoding.TextMarshaler]. It refuses values that are
// no status.
func (s Status) MarshalText() ([]byte, error) {
	if !s.valid() {
		return nil, fmt.Errorf("%d is not a component status", uint8(s))
	}
	return []byte(statusTexts[s]), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It takes exactly what
// MarshalText writes.
func (s *Status) UnmarshalText(text []byte) error {
	for i := StatusSucceeded; i.valid(); i++ {
		if statusTexts[i] == string(text) {
			*s = i
			return nil
		}
	}
	return fmt.Errorf("%q is not a component status; "+
		"known are succeeded, failed, skipped, disabled and cancelled", text)
}
