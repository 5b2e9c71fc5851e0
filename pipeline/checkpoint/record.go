package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// Version is the newest version of the format that this program knows, and
	// the one that it writes.
	Version = 1
	// MaxRunID is the greatest length of a run id in bytes.
	MaxRunID = 256
	// MaxSize is the greatest size of a record in bytes, written as JSON.
	MaxSize = 64 << 20
)

// Record is what is known of one run.
type Record struct {
	// Version is the version of the format. Saving sets it.
	Version int `json:"version"`
	// RunID identifies the run: not empty, at most [MaxRunID] bytes, valid UTF-8
	// without control characters. Ids that differ in case are different runs.
	RunID string `json:"run_id"`
	// Pipeline is the name of the pipeline, not empty.
	Pipeline string `json:"pipeline"`
	// Fingerprint is that of the configuration; see [Fingerprint].
	Fingerprint string `json:"fingerprint,omitempty"`
	// File is the configuration file of the pipeline, an absolute path; empty when
	// there is none.
	File string `json:"file,omitempty"`
	// Session is the Spark session that the run works in, as far as it had one.
	Session *Session `json:"session,omitempty"`
	// Status is the state of the run.
	Status Status `json:"status"`
	// Revision counts the saves; 0 means that the record was never saved. Only
	// stores change it.
	Revision int64 `json:"revision"`
	// Created is when the record was saved first, in UTC. Saving sets it when it
	// is zero, and cuts it to microseconds.
	Created time.Time `json:"created"`
	// Updated is when the record was saved last, in UTC. Saving sets it.
	Updated time.Time `json:"updated"`
	// Components has one entry for each component; the names are unique.
	Components []Component `json:"components"`
	// Breakers are the states of circuit breakers by their names, in a form that
	// belongs to whoever wrote them.
	Breakers map[string]json.RawMessage `json:"breakers,omitempty"`
}

// Session names a Spark session for processes that come back to it, to ask what
// became of an operation or to end one.
type Session struct {
	// Address is that of the server as "sc://host:port", without parameters.
	Address string `json:"address"`
	// UserID is the user of the session.
	UserID string `json:"user_id,omitempty"`
	// ID is the id of the session, and ServerID the server's own id of it.
	ID       string `json:"id"`
	ServerID string `json:"server_id,omitempty"`
}

// Component is what is known of one component.
type Component struct {
	// Name is the name that the pipeline gives the component.
	Name string `json:"name"`
	// Fingerprint is that of the component; see [Fingerprint].
	Fingerprint string `json:"fingerprint,omitempty"`
	// State is what became of it.
	State State `json:"state"`
	// Reason says why it was skipped.
	Reason string `json:"reason,omitempty"`
	// Attempts counts how often it was started.
	Attempts int `json:"attempts"`
	// Started is when the first attempt began; zero means never.
	Started time.Time `json:"started,omitzero"`
	// Ended is when the last attempt ended; zero means that it did not.
	Ended time.Time `json:"ended,omitzero"`
	// Error is the text of its error.
	Error string `json:"error,omitempty"`
	// Operations are the ids of Spark's operations, in the order in which they
	// were sent. Save before sending.
	Operations []string `json:"operations,omitempty"`
	// Aside are the ids of operations beside the component's own work, such as the
	// staging of rows: that one has succeeded says nothing of the component.
	Aside []string `json:"aside,omitempty"`
	// Outputs is what it made.
	Outputs []Output `json:"outputs,omitempty"`
}

// Output is something that a component made.
type Output struct {
	// Kind says what it is.
	Kind OutputKind `json:"kind"`
	// Name is the view, the path or the table as Spark knows it.
	Name string `json:"name"`
}

// New returns the record of a run that begins: its status is running and every
// step is pending.
func New(runID, pipeline, fingerprint string, steps []Step) (*Record, error) {
	r := &Record{Version: Version, RunID: runID, Pipeline: pipeline, Fingerprint: fingerprint, Status: StatusRunning}
	for _, step := range steps {
		r.Components = append(r.Components, Component{Name: step.Name, Fingerprint: step.Fingerprint, State: StatePending})
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return r, nil
}

// Component returns the entry of the component with the name, to be read or
// changed, or nil when there is none. It is good until Components changes.
func (r *Record) Component(name string) *Component {
	for i := range r.Components {
		if r.Components[i].Name == name {
			return &r.Components[i]
		}
	}
	return nil
}

// Clone returns a copy that shares nothing with the record.
func (r *Record) Clone() *Record {
	c := *r
	if r.Session != nil {
		session := *r.Session
		c.Session = &session
	}
	c.Components = slices.Clone(r.Components)
	for i := range c.Components {
		c.Components[i].Operations = slices.Clone(c.Components[i].Operations)
		c.Components[i].Aside = slices.Clone(c.Components[i].Aside)
		c.Components[i].Outputs = slices.Clone(c.Components[i].Outputs)
	}
	if r.Breakers != nil {
		c.Breakers = make(map[string]json.RawMessage, len(r.Breakers))
	}
	for name, state := range r.Breakers {
		c.Breakers[name] = bytes.Clone(state)
	}
	return &c
}

// Validate returns all faults of the record, joined. Stores call it before they
// write and after they read.
func (r *Record) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if err := CheckRunID(r.RunID); err != nil {
		faults = append(faults, err)
	}
	if err := checkName(r.Pipeline); err != nil {
		fault("pipeline: %w", err)
	}
	if !r.Status.valid() {
		fault("status: %q is none; known are %s", r.Status, known(statuses))
	}
	if r.Revision < 0 {
		fault("revision: %d is below 0", r.Revision)
	}
	seen := make(map[string]bool, len(r.Components))
	for i := range r.Components {
		c := &r.Components[i]
		if seen[c.Name] {
			fault("components[%d]: there are two with the name %q", i, c.Name)
		}
		seen[c.Name] = true
		for _, err := range c.faults() {
			fault("components[%d] %q: %w", i, c.Name, err)
		}
	}
	for name := range r.Breakers {
		if !utf8.ValidString(name) {
			fault("breakers: %q is not valid UTF-8", name)
		}
	}
	return errors.Join(faults...)
}

func checkName(name string) error {
	if name == "" {
		return errors.New("a name is required")
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("%q is not valid UTF-8", name)
	}
	return nil
}

func (c *Component) faults() []error {
	var faults []error
	if err := checkName(c.Name); err != nil {
		faults = append(faults, fmt.Errorf("name: %w", err))
	}
	if !c.State.valid() {
		faults = append(faults, fmt.Errorf("state: %q is none; known are %s", c.State, known(states)))
	}
	if c.Attempts < 0 {
		faults = append(faults, fmt.Errorf("attempts: %d is below 0", c.Attempts))
	}
	for i, out := range c.Outputs {
		if !out.Kind.valid() {
			faults = append(faults, fmt.Errorf("outputs[%d].kind: %q is none; known are %s", i, out.Kind, known(outputKinds)))
		}
		if err := checkName(out.Name); err != nil {
			faults = append(faults, fmt.Errorf("outputs[%d].name: %w", i, err))
		}
	}
	return faults
}

// CheckRunID returns an [ErrRunID] when the text cannot be the id of a run. Any
// text without control characters can, a path or a name that a file system
// refuses included.
func CheckRunID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: it is empty", ErrRunID)
	case len(id) > MaxRunID:
		return fmt.Errorf("%w: %q… has %d bytes and may have %d", ErrRunID, strings.ToValidUTF8(id[:40], ""), len(id), MaxRunID)
	case !utf8.ValidString(id):
		return fmt.Errorf("%w: %q is not valid UTF-8", ErrRunID, id)
	case strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("%w: %q has a control character", ErrRunID, id)
	}
	return nil
}
