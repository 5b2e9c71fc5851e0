package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/pipeline"
)

// Status says how a check ended.
type Status string

// How a check ends.
const (
	// StatusOK is as it should be.
	StatusOK Status = "ok"
	// StatusNote is worth knowing, and nothing to mend.
	StatusNote Status = "note"
	// StatusWarning may become a problem.
	StatusWarning Status = "warning"
	// StatusFailed keeps pipelines from running.
	StatusFailed Status = "failed"
)

// Finding is what one check found.
type Finding struct {
	// Check is what was looked at: server, version, latency, clock, session,
	// rights, packages or checkpoints.
	Check string `json:"check"`
	// Status says how it is.
	Status Status `json:"status"`
	// Message says what was found.
	Message string `json:"message"`
	// Remedy says what to do, when there is something to do.
	Remedy string `json:"remedy,omitempty"`
}

// Report is what was found, in the order in which it was looked at.
type Report struct {
	// Server is the address, without what may be secret.
	Server string `json:"server,omitempty"`
	// Spark is the version of the server.
	Spark    string    `json:"spark_version,omitempty"`
	Findings []Finding `json:"findings"`
}

// Failed reports whether something keeps pipelines from running.
func (r *Report) Failed() bool {
	for _, f := range r.Findings {
		if f.Status == StatusFailed {
			return true
		}
	}
	return false
}

func (r *Report) add(check string, status Status, remedy, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{Check: check, Status: status, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// Options are the settings of [Examine]. Nil and the zero value are the defaults.
type Options struct {
	// Open opens the session; by default that of [pipeline.Opener].
	Open func(ctx context.Context, p *pipeline.Pipeline) (*dataflow.Session, error)
	// Stores are those for checkpoints beside folders.
	Stores []pipeline.CheckpointOpener
	// Timeout bounds each check; default [DefaultTimeout].
	Timeout time.Duration

	_ struct{}
}

// DefaultTimeout bounds each check. To open the session may take longer: a server
// may have to be fetched and started first.
const DefaultTimeout = 30 * time.Second

// Examine looks at everything that a run of the pipeline would need; a pipeline
// without steps will do to look at a server alone. It opens a session and closes
// it. What cannot be looked at becomes a finding; the report is never nil. It
// blocks for about a second on a server that runs.
func Examine(ctx context.Context, p *pipeline.Pipeline, opts *Options) *Report {
	e := examination{pipeline: p, report: &Report{Findings: []Finding{}}}
	if opts != nil {
		e.opts = *opts
	}
	if e.opts.Open == nil {
		e.opts.Open = pipeline.Opener{}.Open
	}
	if e.opts.Timeout == 0 {
		e.opts.Timeout = DefaultTimeout
	}
	e.run(ctx)
	return e.report
}

// examination is one call of Examine.
type examination struct {
	pipeline *pipeline.Pipeline
	opts     Options
	report   *Report
	spark    *dataflow.Session
}

func (e *examination) run(ctx context.Context) {
	e.checkpoints(ctx)
	started := time.Now()
	spark, err := e.opts.Open(ctx, e.pipeline)
	if err != nil {
		e.report.add("server", StatusFailed, "", "no session could be opened: %v", err)
		return
	}
	e.spark = spark
	defer func() {
		if err := spark.Close(context.WithoutCancel(ctx)); err != nil {
			e.report.add("session", StatusWarning, "", "the session could not be closed: %v", err)
		}
	}()
	e.report.Server, e.report.Spark = spark.Address(), spark.ServerVersion()
	e.report.add("server", StatusOK, "", "Spark %s at %s, the session was open after %s", spark.ServerVersion(), spark.Address(), time.Since(started).Round(time.Millisecond))
	for _, check := range []func(context.Context){e.version, e.latency, e.clock, e.session, e.rights, e.packages} {
		if ctx.Err() != nil {
			e.report.add("server", StatusFailed, "", "interrupted: %v", context.Cause(ctx))
			return
		}
		limited, cancel := context.WithTimeout(ctx, e.opts.Timeout)
		check(limited)
		cancel()
	}
}
