package hooks

import "fmt"

// Status is the outcome of a run. Package pipeline calls it pipeline.Status.
// The zero value is no status and cannot be marshalled.
type Status uint8

// The outcomes of a run.
const (
	// StatusSucceeded means that nothing failed. Components may have been
	// disabled, or skipped because they depend on a disabled one.
	StatusSucceeded Status = iota + 1
	// StatusFailed means that the run stopped at a failure, or that something
	// failed and nothing succeeded.
	StatusFailed
	// StatusPartlyFailed means that the run went on after a failure and that at
	// least one component succeeded.
	StatusPartlyFailed
	// StatusInterrupted means that the context of the run ended before every
	// component was done.
	StatusInterrupted
)

var statusTexts = [...]string{
	StatusSucceeded:    "succeeded",
	StatusFailed:       "failed",
	StatusPartlyFailed: "partly_failed",
	StatusInterrupted:  "interrupted",
}

func (s Status) valid() bool { return s >= StatusSucceeded && int(s) < len(statusTexts) }

// String returns the status in lower case, for example "partly_failed", or
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
		return nil, fmt.Errorf("%d is not a run status", uint8(s))
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
	return fmt.Errorf("%q is not a run status; "+
		"known are succeeded, failed, partly_failed and interrupted", text)
}
