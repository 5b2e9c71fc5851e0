package audit

import (
	"fmt"
	"time"
)

// SchemaVersion is the version of the JSON form of an [Event].
const SchemaVersion = 1

// Action says what happened. Other texts than those here are allowed in
// [Hook.Record].
type Action string

// The actions of a run and of what belongs to it.
const (
	ActionPipelineStarted       Action = "pipeline_started"
	ActionPipelineCompleted     Action = "pipeline_completed"
	ActionPipelineFailed        Action = "pipeline_failed"
	ActionComponentStarted      Action = "component_started"
	ActionComponentCompleted    Action = "component_completed"
	ActionComponentFailed       Action = "component_failed"
	ActionComponentRetried      Action = "component_retried"
	ActionSecretAccessed        Action = "secret_accessed"
	ActionConfigLoaded          Action = "config_loaded"
	ActionCircuitBreakerChanged Action = "circuit_breaker_changed"
	ActionQualityChecked        Action = "quality_checked"
	ActionDataPublished         Action = "data_published"
	ActionDataQuarantined       Action = "data_quarantined"
)

// The actions that sinks record about themselves. [Hook.Record] refuses them, as
// all that begin with "audit_".
const (
	// ActionAuditRepaired tells that a log was found in another state than it was
	// left in; the metadata says what was found.
	ActionAuditRepaired Action = "audit_repaired"
	// ActionAuditPruned tells which files were removed because they were too old
	// or too many.
	ActionAuditPruned Action = "audit_pruned"
	// ActionAuditLost tells how many events were not stored.
	ActionAuditLost Action = "audit_lost"
)

// Status says how it went.
type Status string

// The statuses of an event.
const (
	StatusSuccess   Status = "success"
	StatusFailure   Status = "failure"
	StatusRetry     Status = "retry"
	StatusWarning   Status = "warning"
	StatusSkipped   Status = "skipped"
	StatusCancelled Status = "cancelled"
)

// Event is one entry of an audit trail. The JSON form is described by [Schema];
// empty fields are left out of it.
type Event struct {
	// SchemaVersion is [SchemaVersion]; sinks fill it.
	SchemaVersion int `json:"schema_version"`
	// Seq, Prev and Hash are the place in the chain of a sink: the number from 1
	// on, the hash of the entry before, the hash of this one. Sinks that keep a
	// chain fill them.
	Seq int64 `json:"seq,omitempty"`
	// ID tells copies of one event in several sinks from two events.
	ID string `json:"id"`
	// Time is when it happened, in UTC; the JSON form has nanoseconds.
	Time Time `json:"time"`
	// Action is what happened.
	Action Action `json:"action"`
	// Status is how it went.
	Status Status `json:"status"`
	// Actor did it: the runner or a component.
	Actor string `json:"actor"`
	// User, Host and PID are the account, the machine and the process.
	User string `json:"user,omitempty"`
	Host string `json:"host,omitempty"`
	PID  int    `json:"pid,omitempty"`
	// Resource is what it was done to: the pipeline, the type of the component, a
	// secret, a file.
	Resource string `json:"resource"`
	// Pipeline and RunID are those of the run, if it was in one.
	Pipeline string `json:"pipeline,omitempty"`
	RunID    string `json:"run_id,omitempty"`
	// TraceID is the same for all events of a run.
	TraceID string `json:"trace_id,omitempty"`
	// Server is the address of Spark without what is secret of it; Session is the
	// id of the session there.
	Server  string `json:"server,omitempty"`
	Session string `json:"session,omitempty"`
	// Config is the redacted configuration; ConfigFingerprint is the hash of it.
	Config            any    `json:"config,omitempty"`
	ConfigFingerprint string `json:"config_fingerprint,omitempty"`
	// Environment holds variables of the process that are allowed to be shown.
	Environment map[string]string `json:"environment,omitempty"`
	// Error says why it did not go well.
	Error *EventError `json:"error,omitempty"`
	// Metadata is what else belongs to the action.
	Metadata map[string]string `json:"metadata,omitempty"`
	// Samples are rows or values from the data. A [Hook] leaves them out unless it
	// is told to keep them.
	Samples []string `json:"samples,omitempty"`

	Prev string `json:"prev,omitempty"`
	Hash string `json:"hash,omitempty"`
}

// EventError is an error in an [Event].
type EventError struct {
	// Class is Spark's error class, or else the Go type of the error.
	Class string `json:"class,omitempty"`
	// SQLState and OperationID are those that the server sent.
	SQLState    string `json:"sqlstate,omitempty"`
	OperationID string `json:"operation_id,omitempty"`
	// Text is the redacted text, [MaxErrorText] characters at most.
	Text string `json:"text"`
}

// timeForm is RFC 3339 with nine digits, so that texts sort as the times do.
const timeForm = "2006-01-02T15:04:05.000000000Z"

// Time is a time whose text is RFC 3339 in UTC with nine digits of a second.
type Time struct{ time.Time }

// At returns t as the time of an event.
func At(t time.Time) Time { return Time{t.UTC().Round(0)} }

// String returns for example "2026-03-01T02:00:00.000000001Z".
func (t Time) String() string { return t.UTC().Format(timeForm) }

// MarshalJSON implements [encoding/json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return nil, fmt.Errorf("the year %d has no form in RFC 3339", y)
	}
	return t.UTC().AppendFormat(make([]byte, 0, len(timeForm)+2), `"`+timeForm+`"`), nil
}
