package hooks

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sparkpipe/sparkpipe/component"
)

// LoggingOptions configures [NewLogging]. Nil means defaults.
type LoggingOptions struct {
	// Fields are added to every line; default none.
	Fields []zap.Field
	// Stacks says whether the line of a component that panicked carries the
	// stack; default false, because stacks are long and show source paths.
	Stacks bool

	_ struct{}
}

// Logging is a hook that writes one line at each moment of a run:
//
//   - "pipeline started", "component started", "component succeeded",
//     "pipeline succeeded" at level info,
//   - "component failed", "pipeline failed", "pipeline partly failed" at error,
//   - "component cancelled", "pipeline interrupted", "retrying component",
//     "circuit breaker changed" at warn.
//
// At the end of the run each component that never started gets a line with the
// reason: "component skipped" and "component cancelled" at warn, "component
// disabled" at info. Warnings of the run follow at warn.
//
// Every line has the fields run_id and pipeline; lines about components have
// component, type, index (from 0) and total, and where they apply attempt,
// duration_ms, status and error. When the error is, or wraps, a
// [*component.SparkError], the fields error_class, sqlstate and operation_id
// follow as far as the server sent them.
//
// It is safe for concurrent use.
type Logging struct {
	logger *zap.Logger
	stacks bool
}

var _ PipelineHooks = (*Logging)(nil)

// NewLogging returns a hook that writes to logger; a nil logger is silent. The
// logger is not synced; that is for its owner to do.
func NewLogging(logger *zap.Logger, opts *LoggingOptions) *Logging {
	if opts == nil {
		opts = &LoggingOptions{}
	}
	logger = cmp.Or(logger, zap.NewNop())
	return &Logging{logger: logger.With(opts.Fields...), stacks: opts.Stacks}
}

// HookName names the hook in errors.
func (l *Logging) HookName() string { return "logging" }

// BeforePipeline logs "pipeline started".
func (l *Logging) BeforePipeline(ctx context.Context, e PipelineStart) (context.Context, error) {
	fields := run(e.Pipeline, e.RunID)
	if e.Version != "" {
		fields = append(fields, zap.String("version", e.Version))
	}
	if e.Environment != "" {
		fields = append(fields, zap.String("environment", e.Environment))
	}
	l.logger.Info("pipeline started", append(fields, zap.Int("total", e.Total))...)
	return ctx, nil
}

// AfterPipeline logs the components that never started, the warnings, and how
// the run ended.
func (l *Logging) AfterPipeline(_ context.Context, e PipelineEnd) {
	for i := range e.Results {
		l.notStarted(e, &e.Results[i])
	}
	for _, warning := range e.Warnings {
		l.logger.Warn("pipeline warning", append(run(e.Pipeline, e.RunID), zap.String("error", warning.Error()))...)
	}
	level, message := zapcore.ErrorLevel, "pipeline failed"
	switch e.Status {
	case StatusSucceeded:
		level, message = zapcore.InfoLevel, "pipeline succeeded"
	case StatusPartlyFailed:
		message = "pipeline partly failed"
	case StatusInterrupted:
		level, message = zapcore.WarnLevel, "pipeline interrupted"
	case StatusFailed:
	}
	fields := append(run(e.Pipeline, e.RunID), zap.Stringer("status", e.Status),
		zap.Int("total", e.Total), milliseconds(e.Duration))
	l.logger.Log(level, message, l.withError(fields, e.Err)...)
}

// notStarted logs a component of which no other moment told.
func (l *Logging) notStarted(e PipelineEnd, r *component.Result) {
	level, message := zapcore.WarnLevel, ""
	switch r.Status {
	case component.StatusSkipped:
		message = "component skipped"
	case component.StatusDisabled:
		level, message = zapcore.InfoLevel, "component disabled"
	case component.StatusCancelled:
		if r.Err == nil {
			message = "component cancelled"
		}
	case component.StatusSucceeded, component.StatusFailed:
	}
	if message == "" {
		return
	}
	fields := append(run(e.Pipeline, e.RunID), zap.String("component", r.Name))
	if r.Type != "" {
		fields = append(fields, zap.String("type", r.Type))
	}
	l.logger.Log(level, message,
		append(fields, zap.Stringer("status", r.Status), zap.String("reason", r.Reason))...)
}

// BeforeComponent logs "component started".
func (l *Logging) BeforeComponent(ctx context.Context, e ComponentStart) (context.Context, error) {
	l.logger.Info("component started", step(e.Pipeline, e.RunID, e.Name, e.Type, e.Index, e.Total, e.Attempt)...)
	return ctx, nil
}

// AfterComponent logs "component succeeded".
func (l *Logging) AfterComponent(_ context.Context, e ComponentEnd) {
	fields := step(e.Pipeline, e.RunID, e.Name, e.Type, e.Index, e.Total, e.Attempt)
	l.logger.Info("component succeeded",
		append(fields, zap.Stringer("status", e.Result.Status), milliseconds(e.Duration))...)
}

// OnComponentFailure logs "component failed" or "component cancelled".
func (l *Logging) OnComponentFailure(_ context.Context, e ComponentFailure) {
	level, message := zapcore.ErrorLevel, "component failed"
	if e.Result.Status == component.StatusCancelled {
		level, message = zapcore.WarnLevel, "component cancelled"
	}
	fields := append(step(e.Pipeline, e.RunID, e.Name, e.Type, e.Index, e.Total, e.Attempt),
		zap.Stringer("status", e.Result.Status), milliseconds(e.Duration))
	l.logger.Log(level, message, l.withError(fields, e.Err)...)
}

// OnRetryAttempt logs "retrying component".
func (l *Logging) OnRetryAttempt(_ context.Context, e RetryAttempt) {
	fields := append(step(e.Pipeline, e.RunID, e.Name, e.Type, e.Index, e.Total, e.Attempt),
		zap.Int("max_attempts", e.MaxAttempts),
		zap.Float64("delay_ms", float64(e.Delay)/float64(time.Millisecond)))
	l.logger.Warn("retrying component", l.withError(fields, e.Err)...)
}

// OnCircuitBreakerStateChange logs "circuit breaker changed".
func (l *Logging) OnCircuitBreakerStateChange(_ context.Context, e BreakerChange) {
	l.logger.Warn("circuit breaker changed", append(run(e.Pipeline, e.RunID),
		zap.String("component", e.Name), zap.String("from", e.From), zap.String("to", e.To))...)
}

// run returns the fields of every line, with room for those that follow.
func run(pipeline, runID string) []zap.Field {
	fields := make([]zap.Field, 0, 16)
	return append(fields, zap.String("run_id", runID), zap.String("pipeline", pipeline))
}

// step returns the fields of the lines about components.
func step(pipeline, runID, name, typ string, index, total, attempt int) []zap.Field {
	fields := append(run(pipeline, runID), zap.String("component", name))
	if typ != "" {
		fields = append(fields, zap.String("type", typ))
	}
	return append(fields, zap.Int("index", index), zap.Int("total", total), zap.Int("attempt", attempt))
}

func milliseconds(d time.Duration) zap.Field {
	return zap.Float64("duration_ms", float64(d)/float64(time.Millisecond))
}

// withError adds what an error tells beyond its text.
func (l *Logging) withError(fields []zap.Field, err error) []zap.Field {
	if err == nil {
		return fields
	}
	fields = append(fields, zap.String("error", err.Error()))
	var spark *component.SparkError
	if errors.As(err, &spark) {
		fields = append(fields, sparkFields(spark)...)
	}
	var panicked *component.PanicError
	if l.stacks && errors.As(err, &panicked) {
		fields = append(fields, zap.ByteString("panic_stack", panicked.Stack))
	}
	return fields
}

func sparkFields(e *component.SparkError) []zap.Field {
	var fields []zap.Field
	for _, f := range []struct{ key, value string }{
		{"error_class", e.Class}, {"sqlstate", e.SQLState}, {"operation_id", e.OperationID},
	} {
		if f.value != "" {
			fields = append(fields, zap.String(f.key, f.value))
		}
	}
	return fields
}
