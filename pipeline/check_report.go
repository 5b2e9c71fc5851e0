package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Finding is one thing that a check found.
type Finding struct {
	// Component is the step that it is about and Type its type; both are empty when
	// it is about the pipeline.
	Component, Type string
	// Where is the place as file:line:column and Path the key path of the
	// component's query or settings; empty for what does not come from a file.
	Where, Path string
	// Severity says how much it matters.
	Severity dataflow.CheckSeverity
	// Err is what was found. Where Spark found it, it holds the
	// [*component.SparkError]; other faults of the schema are a
	// [*dataflow.ContractError], and what was not looked at is a
	// [*dataflow.NotAnalysedError].
	Err error
	// Sample says that it was found by running on a sample.
	Sample bool
}

// Class returns the error class of Spark, or nothing when there is none.
func (f Finding) Class() string {
	var spark *component.SparkError
	if errors.As(f.Err, &spark) {
		return spark.Class
	}
	var broken *dataflow.ContractError
	if errors.As(f.Err, &broken) {
		return broken.Class
	}
	return ""
}

// String returns the finding on one line or more, with its place in front:
// p.yaml:7:5: components[2].config.sql: component "clean" (sql): what was found.
func (f Finding) String() string {
	if f.Component == "" {
		return f.Err.Error()
	}
	return (&component.ConfigError{Component: f.Component, Type: f.Type, Where: f.Where, Path: f.Path, Err: f.Err}).Error()
}

// MarshalJSON writes the keys severity, component, type, where, path, class,
// sqlstate, message and sample; those that say nothing are left out.
func (f Finding) MarshalJSON() ([]byte, error) {
	out := struct {
		Severity  string `json:"severity"`
		Component string `json:"component,omitempty"`
		Type      string `json:"type,omitempty"`
		Where     string `json:"where,omitempty"`
		Path      string `json:"path,omitempty"`
		Class     string `json:"class,omitempty"`
		SQLState  string `json:"sqlstate,omitempty"`
		Message   string `json:"message"`
		Sample    bool   `json:"sample,omitempty"`
	}{f.Severity.String(), f.Component, f.Type, f.Where, f.Path, f.Class(), "", f.Err.Error(), f.Sample}
	var spark *component.SparkError
	if errors.As(f.Err, &spark) {
		out.SQLState = spark.SQLState
	}
	return plainJSON(out)
}

// CheckedComponent is one step as a check sees it.
type CheckedComponent struct {
	Name, Type string
	// Stage is the first stage, from 1, in which it could run when as many run side
	// by side as can.
	Stage int
	// After are the steps behind which it comes.
	After []string
	// Off says why it does not run, or is empty.
	Off string
	// Reads and Makes are what it reads and makes, as far as that is known. The
	// schemas are those that the check found.
	Reads []dataflow.Dataset
	Makes []dataflow.CheckedData
	// Effect says what a second run does.
	Effect dataflow.Effect
	// Opaque means that it may read and make more.
	Opaque bool
	// Analysed reports whether all of it was analysed on a server.
	Analysed bool
}

// CheckReport is what [SimplePipelineRunner.Check] found.
type CheckReport struct {
	// Pipeline is the name of the pipeline.
	Pipeline string
	// Findings are in the order of the run; those of a sample come last.
	Findings []Finding
	// Components are the steps in the order of the run; none when the pipeline is
	// not valid.
	Components []CheckedComponent
	// Checked reports whether a server took part, and Spark is its version.
	Checked bool
	Spark   string
	// Analyses is how many analyses the server was asked for.
	Analyses int
	// Duration is how long the check took.
	Duration time.Duration
	// Warnings are faults of the check itself that did not stop it.
	Warnings []error
}

// With returns the findings of a severity.
func (r *CheckReport) With(severity dataflow.CheckSeverity) []Finding {
	var some []Finding
	for _, f := range r.Findings {
		if f.Severity == severity {
			some = append(some, f)
		}
	}
	return some
}

// Of returns the findings of a component.
func (r *CheckReport) Of(name string) []Finding {
	var some []Finding
	for _, f := range r.Findings {
		if f.Component == name {
			some = append(some, f)
		}
	}
	return some
}

// Err returns a [*CheckError] with the findings that are errors, or nil.
func (r *CheckReport) Err() error {
	if faults := r.With(dataflow.CheckError); len(faults) > 0 {
		return &CheckError{Pipeline: r.Pipeline, Findings: faults}
	}
	return nil
}

// CheckError tells that a check found faults.
type CheckError struct {
	// Pipeline is the name of the pipeline.
	Pipeline string
	// Findings are the errors, at least one.
	Findings []Finding
}

// Error implements error, with one fault a line.
func (e *CheckError) Error() string {
	texts := make([]string, len(e.Findings))
	for i, f := range e.Findings {
		texts[i] = f.String()
	}
	return fmt.Sprintf("the check of the pipeline %q found:\n%s", e.Pipeline, strings.Join(texts, "\n"))
}

// Unwrap returns the causes.
func (e *CheckError) Unwrap() []error {
	errs := make([]error, len(e.Findings))
	for i := range e.Findings {
		errs[i] = e.Findings[i].Err
	}
	return errs
}
