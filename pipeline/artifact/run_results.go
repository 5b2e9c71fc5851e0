package artifact

import (
	"errors"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// RunResultsFile is the usual name of the file.
const RunResultsFile = "run_results.json"

// RunResults tells what became of a run. Times are in UTC, durations in
// milliseconds.
type RunResults struct {
	// SchemaVersion is [RunResultsVersion], Kind is [KindRunResults].
	SchemaVersion int    `json:"schema_version"`
	Kind          string `json:"kind"`
	// GeneratedAt is when the document was made; GeneratedBy names the program, or
	// is empty.
	GeneratedAt time.Time `json:"generated_at"`
	GeneratedBy string    `json:"generated_by,omitempty"`
	// Pipeline, Version and Environment are those of the pipeline.
	Pipeline    string `json:"pipeline"`
	Version     string `json:"version,omitempty"`
	Environment string `json:"environment,omitempty"`
	// RunID identifies the run.
	RunID string `json:"run_id"`
	// Status is that of [pipeline.Status] as text.
	Status string `json:"status"`
	// Started is when the run began; Ended is DurationMS later.
	Started    time.Time `json:"started"`
	Ended      time.Time `json:"ended"`
	DurationMS float64   `json:"duration_ms"`
	// Counts says how many components have each status.
	Counts Counts `json:"counts"`
	// Components has one entry for every step, in the order of execution.
	Components []ComponentResult `json:"components"`
	// Error is why the run did not succeed, or nil.
	Error *Error `json:"error,omitempty"`
	// Warnings and HookErrors are those of [pipeline.Result] as texts.
	Warnings   []string `json:"warnings,omitempty"`
	HookErrors []string `json:"hook_errors,omitempty"`
}

// Counts says how many components have each status.
type Counts struct {
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
	Disabled  int `json:"disabled"`
	Cancelled int `json:"cancelled"`
}

// ComponentResult tells what became of a component.
type ComponentResult struct {
	// Name and Type are those of the step; Type may be empty.
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
	// Status is that of [component.Status] as text, Reason why the component did
	// not start.
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	// Attempts counts how often it was started.
	Attempts int `json:"attempts"`
	// Started and Ended are nil for a component that never was.
	Started    *time.Time `json:"started,omitempty"`
	Ended      *time.Time `json:"ended,omitempty"`
	DurationMS float64    `json:"duration_ms"`
	// Error is why it did not succeed, or nil.
	Error *Error `json:"error,omitempty"`
}

// Error is an error with what a Spark server said of it.
type Error struct {
	// Message is the text of the error in the result.
	Message string `json:"message"`
	// Class, SQLState, GRPCCode and OperationID are those of
	// [component.SparkError]; empty when no server was asked.
	Class       string `json:"class,omitempty"`
	SQLState    string `json:"sqlstate,omitempty"`
	GRPCCode    string `json:"grpc_code,omitempty"`
	OperationID string `json:"operation_id,omitempty"`
}

// NewRunResults makes the document of a result. p is the pipeline that was run;
// without it the document has no version and no environment.
func NewRunResults(result *pipeline.Result, p *pipeline.Pipeline) *RunResults {
	if result == nil {
		result = &pipeline.Result{Status: pipeline.StatusFailed}
	}
	out := &RunResults{
		SchemaVersion: RunResultsVersion, Kind: KindRunResults, GeneratedAt: time.Now().UTC(),
		Pipeline: result.Pipeline, RunID: result.RunID, Status: result.Status.String(),
		Started: result.Started.UTC(), Ended: result.Started.Add(result.Duration).UTC(), DurationMS: milliseconds(result.Duration),
		Components: make([]ComponentResult, len(result.Components)), Error: newError(result.Err),
		Warnings: texts(result.Warnings), HookErrors: texts(result.HookErrors),
	}
	if p != nil {
		out.Version, out.Environment = p.Version, p.Environment
	}
	for i := range result.Components {
		out.Components[i] = newComponentResult(&result.Components[i])
		out.Counts.add(result.Components[i].Status)
	}
	return out
}

func newComponentResult(c *component.Result) ComponentResult {
	out := ComponentResult{
		Name: c.Name, Type: c.Type, Status: c.Status.String(), Reason: c.Reason, Attempts: c.Attempts,
		DurationMS: milliseconds(c.Duration), Error: newError(c.Err),
	}
	if !c.Started.IsZero() {
		started, ended := c.Started.UTC(), c.Started.Add(c.Duration).UTC()
		out.Started, out.Ended = &started, &ended
	}
	return out
}

func (c *Counts) add(status component.Status) {
	switch status {
	case component.StatusSucceeded:
		c.Succeeded++
	case component.StatusFailed:
		c.Failed++
	case component.StatusSkipped:
		c.Skipped++
	case component.StatusDisabled:
		c.Disabled++
	case component.StatusCancelled:
		c.Cancelled++
	}
}

func newError(err error) *Error {
	if err == nil {
		return nil
	}
	out := &Error{Message: err.Error()}
	var spark *component.SparkError
	if errors.As(err, &spark) {
		out.Class, out.SQLState, out.GRPCCode, out.OperationID = spark.Class, spark.SQLState, spark.Code, spark.OperationID
	}
	return out
}

func texts(errs []error) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	return out
}

// milliseconds is 0 for what is below: a clock may go back, and a limit below 0
// is none.
func milliseconds(d time.Duration) float64 { return float64(max(0, d)) / float64(time.Millisecond) }
