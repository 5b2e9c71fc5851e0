package component

import (
	"encoding/json"
	"errors"
	"time"
)

// Result is what became of one component in one run. It is a value; copies
// share nothing that changes.
type Result struct {
	// Name is the name that the pipeline gives the component.
	Name string
	// Type is the registered type, or empty for a component built by hand.
	Type string
	// Status says what became of it.
	Status Status
	// Reason says why the component was skipped, disabled or cancelled before it
	// started; otherwise it is empty.
	Reason string
	// Err is the error of a failed component or of one that was cancelled while
	// it ran; otherwise nil. It does not repeat the name.
	Err error
	// Attempts counts how often the component was started, also when it failed;
	// 0 means never.
	Attempts int
	// Started is when the first attempt began; zero for a component that was
	// never started.
	Started time.Time
	// Duration is the time from Started to the end of the last attempt, opening
	// and closing included.
	Duration time.Duration
}

// resultJSON is the JSON form of [Result].
type resultJSON struct {
	Name       string    `json:"name"`
	Type       string    `json:"type,omitempty"`
	Status     Status    `json:"status"`
	Reason     string    `json:"reason,omitempty"`
	Error      string    `json:"error,omitempty"`
	Attempts   int       `json:"attempts"`
	Started    time.Time `json:"started,omitzero"`
	DurationMS float64   `json:"duration_ms"`
}

// MarshalJSON writes the keys name, type, status, reason, error, attempts,
// started (RFC 3339) and duration_ms. The error is written as its text.
func (r Result) MarshalJSON() ([]byte, error) {
	out := resultJSON{
		Name:       r.Name,
		Type:       r.Type,
		Status:     r.Status,
		Reason:     r.Reason,
		Attempts:   r.Attempts,
		Started:    r.Started,
		DurationMS: float64(r.Duration) / float64(time.Millisecond),
	}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes. Of the error only the text comes
// back.
func (r *Result) UnmarshalJSON(data []byte) error {
	var in resultJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*r = Result{
		Name:     in.Name,
		Type:     in.Type,
		Status:   in.Status,
		Reason:   in.Reason,
		Attempts: in.Attempts,
		Started:  in.Started,
		Duration: time.Duration(in.DurationMS * float64(time.Millisecond)),
	}
	if in.Error != "" {
		r.Err = errors.New(in.Error)
	}
	return nil
}
