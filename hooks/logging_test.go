package hooks_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// observed returns a logging hook and what it writes.
func observed(opts *hooks.LoggingOptions) (*hooks.Logging, *observer.ObservedLogs) {
	core, logs := observer.New(zapcore.DebugLevel)
	return hooks.NewLogging(zap.New(core), opts), logs
}

// base returns the fields of every line, with more.
func base(more map[string]any) map[string]any {
	more["run_id"], more["pipeline"] = "r1", "orders"
	return more
}

func TestLoggingOfComponents(t *testing.T) {
	t.Parallel()
	spark := &component.SparkError{
		Class: "DIVIDE_BY_ZERO", SQLState: "22012", OperationID: "op-1", Message: "division by zero",
	}
	failed := component.Result{Status: component.StatusFailed}
	cancelled := component.Result{Status: component.StatusCancelled}
	succeeded := component.Result{Status: component.StatusSucceeded}
	tests := []struct {
		name   string
		tell   func(l *hooks.Logging)
		level  zapcore.Level
		msg    string
		fields map[string]any
	}{
		{
			"start", func(l *hooks.Logging) {
				_, _ = l.BeforeComponent(t.Context(), hooks.ComponentStart{
					Pipeline: "orders", RunID: "r1", Name: "clean", Type: "sql", Index: 1, Total: 3, Attempt: 1,
				})
			},
			zapcore.InfoLevel, "component started",
			map[string]any{"component": "clean", "type": "sql", "index": int64(1), "total": int64(3), "attempt": int64(1)},
		},
		{
			"success", func(l *hooks.Logging) {
				l.AfterComponent(t.Context(), hooks.ComponentEnd{
					Pipeline: "orders", RunID: "r1", Name: "clean", Total: 3, Attempt: 2,
					Duration: 1500 * time.Microsecond, Result: succeeded,
				})
			},
			zapcore.InfoLevel, "component succeeded",
			map[string]any{
				"component": "clean", "index": int64(0), "total": int64(3), "attempt": int64(2),
				"duration_ms": 1.5, "status": "succeeded",
			},
		},
		{
			"failure on the server", func(l *hooks.Logging) {
				l.OnComponentFailure(t.Context(), hooks.ComponentFailure{
					Pipeline: "orders", RunID: "r1", Name: "clean", Total: 3, Attempt: 1,
					Err: fmt.Errorf("run: %w", spark), Result: failed,
				})
			},
			zapcore.ErrorLevel, "component failed",
			map[string]any{
				"component": "clean", "index": int64(0), "total": int64(3), "attempt": int64(1),
				"duration_ms": 0.0, "status": "failed",
				"error":       "run: [DIVIDE_BY_ZERO] division by zero (SQLSTATE 22012)",
				"error_class": "DIVIDE_BY_ZERO", "sqlstate": "22012", "operation_id": "op-1",
			},
		},
		{
			"cancelled while it ran", func(l *hooks.Logging) {
				l.OnComponentFailure(t.Context(), hooks.ComponentFailure{
					Pipeline: "orders", RunID: "r1", Name: "clean", Total: 3, Attempt: 1,
					Err: errors.New("interrupted"), Result: cancelled,
				})
			},
			zapcore.WarnLevel, "component cancelled",
			map[string]any{
				"component": "clean", "index": int64(0), "total": int64(3), "attempt": int64(1),
				"duration_ms": 0.0, "status": "cancelled", "error": "interrupted",
			},
		},
		{
			"retry", func(l *hooks.Logging) {
				l.OnRetryAttempt(t.Context(), hooks.RetryAttempt{
					Pipeline: "orders", RunID: "r1", Name: "clean", Total: 3, Attempt: 1, MaxAttempts: 3,
					Delay: 2 * time.Second, Err: errors.New("unavailable"),
				})
			},
			zapcore.WarnLevel, "retrying component",
			map[string]any{
				"component": "clean", "index": int64(0), "total": int64(3), "attempt": int64(1),
				"max_attempts": int64(3), "delay_ms": 2000.0, "error": "unavailable",
			},
		},
		{
			"breaker", func(l *hooks.Logging) {
				l.OnCircuitBreakerStateChange(t.Context(), hooks.BreakerChange{
					Pipeline: "orders", RunID: "r1", Name: "clean", From: "closed", To: "open",
				})
			},
			zapcore.WarnLevel, "circuit breaker changed",
			map[string]any{"component": "clean", "from": "closed", "to": "open"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hook, logs := observed(nil)
			test.tell(hook)
			require.Equal(t, 1, logs.Len())
			line := logs.All()[0]
			require.Equal(t, test.level, line.Level)
			require.Equal(t, test.msg, line.Message)
			require.Equal(t, base(test.fields), line.ContextMap())
		})
	}
}

func TestLoggingOfPipelines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status hooks.Status
		err    error
		level  zapcore.Level
		msg    string
	}{
		{hooks.StatusSucceeded, nil, zapcore.InfoLevel, "pipeline succeeded"},
		{hooks.StatusFailed, errors.New("x"), zapcore.ErrorLevel, "pipeline failed"},
		{hooks.StatusPartlyFailed, errors.New("x"), zapcore.ErrorLevel, "pipeline partly failed"},
		{hooks.StatusInterrupted, errors.New("x"), zapcore.WarnLevel, "pipeline interrupted"},
	}
	for _, test := range tests {
		t.Run(test.msg, func(t *testing.T) {
			t.Parallel()
			hook, logs := observed(&hooks.LoggingOptions{Fields: []zap.Field{zap.String("team", "data")}})
			_, err := hook.BeforePipeline(t.Context(), hooks.PipelineStart{
				Pipeline: "orders", RunID: "r1", Version: "1.0", Environment: "dev", Total: 2,
			})
			require.NoError(t, err)
			hook.AfterPipeline(t.Context(), hooks.PipelineEnd{
				Pipeline: "orders", RunID: "r1", Total: 2, Status: test.status, Duration: time.Second, Err: test.err,
			})
			lines := logs.All()
			require.Len(t, lines, 2)
			require.Equal(t, "pipeline started", lines[0].Message)
			require.Equal(t, base(map[string]any{
				"team": "data", "version": "1.0", "environment": "dev", "total": int64(2),
			}), lines[0].ContextMap())
			require.Equal(t, test.msg, lines[1].Message)
			require.Equal(t, test.level, lines[1].Level)
			want := base(map[string]any{
				"team": "data", "status": test.status.String(), "total": int64(2), "duration_ms": 1000.0,
			})
			if test.err != nil {
				want["error"] = "x"
			}
			require.Equal(t, want, lines[1].ContextMap())
		})
	}
}

func TestLoggingNamesWhatNeverStarted(t *testing.T) {
	t.Parallel()
	hook, logs := observed(nil)
	hook.AfterPipeline(t.Context(), hooks.PipelineEnd{
		Pipeline: "orders", RunID: "r1", Status: hooks.StatusInterrupted,
		Warnings: []error{errors.New("close the session: gone")},
		Results: []component.Result{
			{Name: "a", Status: component.StatusSucceeded},
			{Name: "b", Status: component.StatusFailed, Err: errors.New("x")},
			{Name: "c", Type: "sql", Status: component.StatusSkipped, Reason: `depends on "b", which failed`},
			{Name: "d", Status: component.StatusDisabled, Reason: "disabled in the pipeline"},
			{Name: "e", Status: component.StatusCancelled, Err: errors.New("was running")},
			{Name: "f", Status: component.StatusCancelled, Reason: "interrupted"},
		},
	})
	var lines []string
	for _, line := range logs.All() {
		lines = append(lines, fmt.Sprint(line.Level, " ", line.Message, " ", line.ContextMap()["component"]))
	}
	require.Equal(t, []string{
		"warn component skipped c", "info component disabled d", "warn component cancelled f",
		"warn pipeline warning <nil>", "warn pipeline interrupted <nil>",
	}, lines)
	require.Equal(t, base(map[string]any{
		"component": "c", "type": "sql", "status": "skipped", "reason": `depends on "b", which failed`,
	}), logs.All()[0].ContextMap())
}

func TestLoggingOfPanics(t *testing.T) {
	t.Parallel()
	failure := hooks.ComponentFailure{Err: component.NewPanicError("boom"), Result: component.Result{Status: component.StatusFailed}}
	hook, logs := observed(nil)
	hook.OnComponentFailure(t.Context(), failure)
	require.NotContains(t, logs.All()[0].ContextMap(), "panic_stack")

	hook, logs = observed(&hooks.LoggingOptions{Stacks: true})
	hook.OnComponentFailure(t.Context(), failure)
	require.Contains(t, logs.All()[0].ContextMap()["panic_stack"], "logging_test.go")
}

func TestLoggingIsSilentWithoutLogger(t *testing.T) {
	t.Parallel()
	require.NoError(t, tell(t.Context(), hooks.NewLogging(nil, nil)))
}
