package pipeline

import (
	"context"
	"fmt"
	"regexp"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// MissingError says that the server lacks a library that a component needs.
type MissingError struct {
	Requirement dataflow.Requirement
	// Remedy says how the server gets it.
	Remedy string
}

// Error implements error.
func (e *MissingError) Error() string {
	return fmt.Sprintf("the server lacks %s (%s); %s", e.Requirement.Name, e.Requirement.Class, e.Remedy)
}

// plainVersion is a version of Spark as its own project publishes it. Builds of
// others may have the same library under other names.
var plainVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// requirements asks the server for what the components need beside Spark.
func (c *check) requirements(ctx context.Context, spark *dataflow.Session) error {
	for _, r := range c.pipeline.Requirements() {
		has, err := spark.HasClass(ctx, r.Class)
		c.report.Analyses++
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || has { // a server that allows no call of Java says nothing
			continue
		}
		severity := dataflow.CheckError
		if !plainVersion.MatchString(spark.ServerVersion()) {
			severity = dataflow.CheckWarning
		}
		missing := &MissingError{Requirement: r.Requirement, Remedy: r.Remedy(spark.ServerVersion())}
		for _, name := range r.Components {
			c.missing(name, severity, missing)
		}
	}
	return nil
}

// missing notes that a component lacks something. Where Spark has found a fault in
// it already, that is the reason, and what helps is put beside it.
func (c *check) missing(name string, severity dataflow.CheckSeverity, missing *MissingError) {
	for i := range c.report.Findings {
		if f := &c.report.Findings[i]; f.Component == name && f.Severity == dataflow.CheckError {
			f.Err = fmt.Errorf("%w: %w", f.Err, missing)
			return
		}
	}
	for i := range c.pipeline.Steps {
		if step := &c.pipeline.Steps[i]; step.Name == name {
			c.report.Findings = append(c.report.Findings, Finding{
				Component: name, Type: step.Type, Severity: severity, Where: step.Where, Path: step.Path, Err: missing,
			})
		}
	}
}
