package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// jsonReport tells of a run in JSON, one object a line, each with the keys time
// and event. It is safe for concurrent use.
type jsonReport struct {
	hooks.Base
	mu  sync.Mutex
	enc *json.Encoder
	// tellsProgress makes events of the progress of components.
	tellsProgress bool
}

func newJSONReport(w io.Writer) *jsonReport { return &jsonReport{enc: newEncoder(w)} }

// newEncoder writes JSON that is read by programs and people, not put into web
// pages.
func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// printJSON prints one object on one line.
func (a *app) printJSON(v any) error { return newEncoder(a.stdout).Encode(v) }

// event is one line. Fields that say nothing are left out.
type event struct {
	Time       time.Time        `json:"time"`
	Event      string           `json:"event"`
	Pipeline   string           `json:"pipeline,omitempty"`
	RunID      string           `json:"run_id,omitempty"`
	Component  string           `json:"component,omitempty"`
	Type       string           `json:"type,omitempty"`
	Index      *int             `json:"index,omitempty"`
	Total      int              `json:"total,omitempty"`
	DurationMS float64          `json:"duration_ms,omitempty"`
	Spark      string           `json:"spark,omitempty"`
	Remote     string           `json:"remote,omitempty"`
	Text       string           `json:"text,omitempty"`
	Error      *errorFields     `json:"error,omitempty"`
	Attempt    int              `json:"attempt,omitempty"`
	Progress   *progressFields  `json:"progress,omitempty"`
	File       string           `json:"file,omitempty"`
	Faults     []string         `json:"faults,omitempty"`
	Result     *pipeline.Result `json:"result,omitempty"`
}

// progressFields are how far a component is.
type progressFields struct {
	OperationID    string  `json:"operation_id"`
	Stages         int     `json:"stages"`
	StagesDone     int     `json:"stages_done"`
	Tasks          int64   `json:"tasks"`
	TasksCompleted int64   `json:"tasks_completed"`
	TasksRunning   int64   `json:"tasks_running"`
	InputBytes     int64   `json:"input_bytes"`
	ElapsedMS      float64 `json:"elapsed_ms"`
}

// errorFields are an error with what a Spark server said of it.
type errorFields struct {
	Message     string `json:"message"`
	Class       string `json:"class,omitempty"`
	SQLState    string `json:"sqlstate,omitempty"`
	GRPCCode    string `json:"grpc_code,omitempty"`
	OperationID string `json:"operation_id,omitempty"`
}

func newErrorFields(err error) *errorFields {
	if err == nil {
		return nil
	}
	out := &errorFields{Message: err.Error()}
	var spark *component.SparkError
	if errors.As(err, &spark) {
		out.Class, out.SQLState, out.GRPCCode, out.OperationID = spark.Class, spark.SQLState, spark.Code, spark.OperationID
	}
	return out
}

// HookName names the report in errors.
func (*jsonReport) HookName() string { return "report" }

func (j *jsonReport) BeforePipeline(ctx context.Context, e hooks.PipelineStart) (context.Context, error) {
	j.emit(event{Event: "pipeline_start", Pipeline: e.Pipeline, RunID: e.RunID, Total: e.Total})
	return ctx, nil
}

func (j *jsonReport) BeforeComponent(ctx context.Context, e hooks.ComponentStart) (context.Context, error) {
	j.emit(event{Event: "component_start", RunID: e.RunID, Component: e.Name, Type: e.Type, Index: &e.Index, Total: e.Total})
	return ctx, nil
}

func (j *jsonReport) AfterComponent(_ context.Context, e hooks.ComponentEnd) {
	j.emit(event{
		Event: "component_end", RunID: e.RunID, Component: e.Name, Type: e.Type, Index: &e.Index, Total: e.Total,
		DurationMS: milliseconds(e.Duration),
	})
}

func (j *jsonReport) OnComponentFailure(_ context.Context, e hooks.ComponentFailure) {
	j.emit(event{
		Event: "component_failure", RunID: e.RunID, Component: e.Name, Type: e.Type, Index: &e.Index, Total: e.Total,
		DurationMS: milliseconds(e.Duration), Error: newErrorFields(e.Err),
	})
}

// observer is nil when the progress is not told.
func (j *jsonReport) observer() hooks.PipelineHooks {
	if !j.tellsProgress {
		return nil
	}
	return hooks.Funcs{Name: "report", OnProgressFunc: func(_ context.Context, e hooks.ComponentProgress) {
		j.emit(event{
			Event: "component_progress", RunID: e.RunID, Component: e.Name, Type: e.Type, Attempt: e.Attempt,
			Progress: &progressFields{
				OperationID: e.OperationID, Stages: e.Stages, StagesDone: e.StagesDone, Tasks: e.Tasks,
				TasksCompleted: e.TasksCompleted, TasksRunning: e.TasksRunning, InputBytes: e.InputBytes,
				ElapsedMS: milliseconds(e.Elapsed),
			},
		})
	}}
}

func (*jsonReport) close() {}

func (j *jsonReport) session(version, remote string) {
	j.emit(event{Event: "session", Spark: version, Remote: endpoint(remote)})
}

func (j *jsonReport) progress(message string) { j.emit(event{Event: "progress", Text: message}) }

func (j *jsonReport) output() io.Writer { return outputEvents{j} }

func (j *jsonReport) result(r *pipeline.Result) {
	j.emit(event{Event: "pipeline_end", Pipeline: r.Pipeline, RunID: r.RunID, Result: r})
}

func (j *jsonReport) emit(e event) {
	e.Time = time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.enc.Encode(e) // a reader that has gone does not stop the run
}

// outputEvents makes events of what components print.
type outputEvents struct{ report *jsonReport }

func (o outputEvents) Write(p []byte) (int, error) {
	o.report.emit(event{Event: "output", Text: string(p)})
	return len(p), nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// faults is the JSON form of a file that cannot be used.
type faults struct {
	File   string   `json:"file"`
	Valid  bool     `json:"valid"`
	Faults []string `json:"faults"`
}

// validateJSON prints the outcome of validate.
func (a *app) validateJSON(file string, err error) error {
	out := faults{File: file, Valid: err == nil, Faults: []string{}}
	if err != nil {
		out.Faults = faultsOf(err)
	}
	if printErr := a.printJSON(out); printErr != nil {
		return printErr
	}
	if err != nil {
		return &exitError{code: ExitBadConfig}
	}
	return nil
}
