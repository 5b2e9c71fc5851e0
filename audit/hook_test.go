package audit_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/hookstest"
	"github.com/sparkpipe/sparkpipe/pipeline"
	"github.com/sparkpipe/sparkpipe/secrets"
)

func TestHookKeepsTheContract(t *testing.T) {
	t.Parallel()
	hookstest.Run(t, func() hooks.PipelineHooks {
		return audit.NewHook(&audittest.Memory{}, &audit.HookOptions{Required: true})
	})
}

// step is a component of a test.
type step struct {
	name string
	run  func(ctx context.Context) error
}

// runs runs steps one after the other and returns the result.
func runs(ctx context.Context, t *testing.T, runID string, h []hooks.PipelineHooks, steps ...step) *pipeline.Result {
	t.Helper()
	p := &pipeline.Pipeline{Name: "orders"}
	for i, s := range steps {
		one := pipeline.Step{Name: s.name, Component: component.Func(s.name, func(ctx context.Context, _ component.Runtime) error { return s.run(ctx) })}
		if i > 0 {
			one.DependsOn = []string{steps[i-1].name}
		}
		p.Steps = append(p.Steps, one)
	}
	runner, err := pipeline.NewSimplePipelineRunner(nil, &pipeline.RunnerOptions{Hooks: h, RunID: runID})
	require.NoError(t, err)
	result, _ := runner.Run(ctx, p)
	return result
}

func fine(context.Context) error { return nil }

func TestHookOfARun(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, nil)
	hook.SetSession("sc://ann:"+canary+"@spark:15002/;token="+canary, "8c3f")
	result := runs(t.Context(), t, "r1", []hooks.PipelineHooks{hook}, step{"read", fine}, step{"clean", fine})
	require.NoError(t, result.Err)
	require.Equal(t, []string{
		"pipeline_started runner success", "component_started read success", "component_completed read success",
		"component_started clean success", "component_completed clean success", "pipeline_completed runner success",
	}, sink.Lines())
	events := sink.Events()
	for _, e := range events {
		require.Equal(t, "r1", e.RunID)
		require.Equal(t, events[0].TraceID, e.TraceID)
		require.Equal(t, "orders", e.Pipeline)
		require.NotEmpty(t, e.Host)
		require.NotEmpty(t, e.User)
		require.NotZero(t, e.PID)
		require.Equal(t, time.UTC, e.Time.Location())
		require.Equal(t, "sc://spark:15002", e.Server)
		require.Equal(t, "8c3f", e.Session)
	}
	require.Len(t, events[0].TraceID, 32)
	require.Equal(t, "2", events[0].Metadata["component_count"])
	require.Equal(t, "1", events[3].Metadata["index"])
	require.Equal(t, "2", events[3].Metadata["total"])
	require.NotEmpty(t, events[4].Metadata["duration_ms"])
	require.Equal(t, "succeeded", events[5].Metadata["status"])
	require.NoError(t, hook.Err("r1"))
}

// TestHookOfAFailedRun: a failed run has pipeline_failed, and no text of an error
// shows a secret.
func TestHookOfAFailedRun(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, nil)
	hook.Redactor().Add(secrets.NewValue(canary))
	long := strings.Repeat("ä", 2*audit.MaxErrorText)
	fault := &component.SparkError{Class: "CONNECT", SQLState: "08001", OperationID: "op-1", Message: canary + " at jdbc:x://a:b@h password=hunter2 " + long}
	result := runs(t.Context(), t, "r1", []hooks.PipelineHooks{hook}, step{"read", func(context.Context) error { return fault }}, step{"clean", fine})
	require.Error(t, result.Err)
	require.Equal(t, []string{
		"pipeline_started runner success", "component_started read success", "component_failed read failure", "pipeline_failed runner failure",
	}, sink.Lines())
	failed := sink.Events()[2]
	require.Equal(t, "CONNECT", failed.Error.Class)
	require.Equal(t, "08001", failed.Error.SQLState)
	require.Equal(t, "op-1", failed.Error.OperationID)
	require.Len(t, []rune(failed.Error.Text), audit.MaxErrorText)
	require.Equal(t, failed.Error.Text, failed.Metadata["error"])
	for _, e := range sink.Events() {
		text := fmt.Sprintf("%+v %+v", e, e.Error)
		require.NotContains(t, text, canary)
		require.NotContains(t, text, "hunter2")
		require.NotContains(t, text, "a:b@")
	}
	require.Equal(t, "1", sink.Events()[3].Metadata["failed"])
	require.Equal(t, "1", sink.Events()[3].Metadata["skipped"])
}

// paired checks that every start has exactly one end.
func paired(t *testing.T, events []audit.Event) {
	t.Helper()
	open := map[string]int{}
	for _, e := range events {
		switch e.Action {
		case audit.ActionPipelineStarted, audit.ActionComponentStarted:
			open[e.RunID+e.Actor]++
		case audit.ActionPipelineCompleted, audit.ActionPipelineFailed, audit.ActionComponentCompleted, audit.ActionComponentFailed:
			open[e.RunID+e.Actor]--
		}
	}
	for who, n := range open {
		require.Zero(t, n, who)
	}
	require.NotEmpty(t, events)
}

func TestHookPairsStartAndEnd(t *testing.T) {
	t.Parallel()
	veto := hooks.Funcs{BeforeComponentFunc: func(ctx context.Context, _ hooks.ComponentStart) (context.Context, error) {
		return ctx, errors.New("not today")
	}}
	vetoAll := hooks.Funcs{BeforePipelineFunc: func(ctx context.Context, _ hooks.PipelineStart) (context.Context, error) {
		return ctx, errors.New("frozen")
	}}
	for name, test := range map[string]struct {
		others []hooks.PipelineHooks
		run    func(ctx context.Context) error
		cancel bool
		want   []string
	}{
		"vetoed component": {[]hooks.PipelineHooks{veto}, fine, false, []string{"component_failed a failure", "pipeline_failed runner failure"}},
		"vetoed run":       {[]hooks.PipelineHooks{vetoAll}, fine, false, []string{"pipeline_failed runner failure"}},
		"panic":            {nil, func(context.Context) error { panic(canary) }, false, []string{"component_failed a failure", "pipeline_failed runner failure"}},
		"cancelled": {nil, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, true,
			[]string{"component_failed a cancelled", "pipeline_failed runner cancelled"}},
	} {
		for _, first := range []bool{true, false} {
			sink := &audittest.Memory{}
			hook := audit.NewHook(sink, nil)
			hook.Redactor().Add(secrets.NewValue(canary))
			all := slices.Concat([]hooks.PipelineHooks{hook}, test.others)
			if !first {
				slices.Reverse(all)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if test.cancel {
				go cancel()
			}
			// A component that is cancelled may be so before it starts.
			runs(ctx, t, "r1", all, step{"a", test.run})
			cancel()
			paired(t, sink.Events())
			lines := sink.Lines()
			require.Equal(t, test.want[len(test.want)-1], lines[len(lines)-1], name)
			if !test.cancel {
				require.Subset(t, lines, test.want, name)
			}
			require.NotContains(t, fmt.Sprint(sink.Events()), canary)
		}
	}
}

func TestHookEndsWhatARunnerForgot(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, nil)
	ctx, err := hook.BeforePipeline(t.Context(), hooks.PipelineStart{Pipeline: "p", RunID: "r"})
	require.NoError(t, err)
	_, err = hook.BeforeComponent(ctx, hooks.ComponentStart{Pipeline: "p", RunID: "r", Name: "lost"})
	require.NoError(t, err)
	hook.AfterPipeline(ctx, hooks.PipelineEnd{Pipeline: "p", RunID: "r", Status: hooks.StatusFailed})
	paired(t, sink.Events())
}

func TestHookRequired(t *testing.T) {
	t.Parallel()
	sink, full := &audittest.Memory{}, errors.New("disk full")
	sink.FailWith(func(audit.Event) error { return full })
	hook := audit.NewHook(sink, &audit.HookOptions{Required: true})
	ran := false
	touch := func(context.Context) error { ran = true; return nil }
	result := runs(t.Context(), t, "r1", []hooks.PipelineHooks{hook}, step{"a", touch})
	require.False(t, ran, "nothing starts that is not written down")
	require.ErrorIs(t, result.Err, audit.ErrRequired)
	require.ErrorIs(t, result.Err, full)
	var required *audit.RequiredError
	require.ErrorAs(t, result.Err, &required)
	require.Equal(t, audit.ActionPipelineStarted, required.Action)
	require.EqualError(t, required, `audit: store pipeline_started of "orders": disk full`)
	var unaudited *audit.UnauditedError
	require.ErrorAs(t, hook.Err("r1"), &unaudited)
	require.Equal(t, 2, unaudited.Events, "the start and the end")
	require.ErrorIs(t, hook.Err("r1"), audit.ErrUnaudited)
	require.NoError(t, hook.Err("another"))

	sink.FailWith(nil)
	require.NoError(t, hook.Flush(t.Context()))
	require.NoError(t, hook.Err("r1"), "they were kept, and are stored now")
	require.Equal(t, []string{"pipeline_started runner success", "pipeline_failed runner failure"}, sink.Lines())
}

// TestHookRequiredInTheMiddle: what runs ends, and nothing starts after it.
func TestHookRequiredInTheMiddle(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, &audit.HookOptions{Required: true})
	second := false
	result := runs(t.Context(), t, "r1", []hooks.PipelineHooks{hook},
		step{"a", func(context.Context) error {
			sink.FailWith(func(audit.Event) error { return errors.New("gone") })
			return nil
		}},
		step{"b", func(context.Context) error { second = true; return nil }},
	)
	require.False(t, second)
	require.Equal(t, component.StatusSucceeded, result.Components[0].Status)
	require.Equal(t, component.StatusFailed, result.Components[1].Status)
	require.ErrorIs(t, result.Components[1].Err, audit.ErrRequired)
	require.ErrorContains(t, hook.Err("r1"), `audit of run "r1": 4 events are not stored: gone`)
	err := hook.Close(t.Context())
	require.ErrorIs(t, err, audit.ErrUnaudited)
	require.Equal(t, 1, sink.Closed())
}

// TestHookRequiredAtTheEnd: a run that has succeeded is told as unaudited.
func TestHookRequiredAtTheEnd(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, &audit.HookOptions{Required: true})
	sink.FailWith(func(e audit.Event) error {
		if e.Action == audit.ActionPipelineCompleted {
			return errors.New("gone")
		}
		return nil
	})
	result := runs(t.Context(), t, "r1", []hooks.PipelineHooks{hook}, step{"a", fine})
	require.NoError(t, result.Err)
	require.ErrorIs(t, hook.Err("r1"), audit.ErrUnaudited)
}

func TestHookNotRequired(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	sink := &audittest.Memory{}
	down := true
	sink.FailWith(func(audit.Event) error {
		if down {
			panic("no sink")
		}
		return nil
	})
	hook := audit.NewHook(sink, &audit.HookOptions{Logger: zap.New(core)})
	result := runs(t.Context(), t, "r1", []hooks.PipelineHooks{hook},
		step{"a", fine}, step{"b", func(context.Context) error { down = false; return nil }})
	require.NoError(t, result.Err, "the run does not depend on it")
	require.NoError(t, hook.Err("r1"), "in the end everything is stored")
	require.Len(t, sink.Lines(), 6)
	require.Equal(t, "pipeline_started runner success", sink.Lines()[0], "in order")
	require.Equal(t, 1, logs.FilterMessage("audit events cannot be stored").Len(), "told once")
	require.Equal(t, 1, logs.FilterMessage("audit events can be stored again").Len())
}

func TestHookForgetsNothingSilently(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	sink.FailWith(func(audit.Event) error { return errors.New("down") })
	hook := audit.NewHook(sink, nil)
	for range 1030 {
		require.Error(t, hook.Record(t.Context(), audit.Event{Action: "tick"}))
	}
	sink.FailWith(nil)
	require.NoError(t, hook.Flush(t.Context()))
	events := sink.Events()
	require.Len(t, events, 1025)
	require.Equal(t, audit.ActionAuditLost, events[1024].Action)
	require.Equal(t, "6", events[1024].Metadata["events"])
}

func TestHookBoundsASinkThatHangs(t *testing.T) {
	t.Parallel()
	hook := audit.NewHook(hanging{}, &audit.HookOptions{WriteTimeout: 5 * time.Millisecond, Required: true})
	_, err := hook.BeforePipeline(t.Context(), hooks.PipelineStart{Pipeline: "p", RunID: "r"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

type hanging struct{ audit.Discard }

func (hanging) Write(ctx context.Context, _ audit.Event) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestHookRetriesAndBreakers(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, nil)
	hook.OnRetryAttempt(t.Context(), hooks.RetryAttempt{
		Pipeline: "p", RunID: "r", Name: "clean", Type: "sql", Attempt: 1, MaxAttempts: 3, Delay: 1500 * time.Microsecond, Err: errors.New("token=" + canary),
	})
	hook.OnCircuitBreakerStateChange(t.Context(), hooks.BreakerChange{Pipeline: "p", RunID: "r", Name: "clean", Breaker: "db", From: "closed", To: "open"})
	events := sink.Events()
	require.Equal(t, []string{"component_retried clean retry", "circuit_breaker_changed clean warning"}, sink.Lines())
	require.Equal(t, map[string]string{
		"index": "0", "total": "0", "attempt": "1", "max_attempts": "3", "delay_ms": "1.5", "error": "token=[REDACTED]",
	}, events[0].Metadata)
	require.Equal(t, map[string]string{"old_state": "closed", "new_state": "open", "breaker": "db"}, events[1].Metadata)
}

func TestHookRecordsWhatComesFromOutside(t *testing.T) {
	t.Parallel()
	sink := &audittest.Memory{}
	hook := audit.NewHook(sink, &audit.HookOptions{Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("CET", 3600)) }})
	hook.Redactor().Add(secrets.NewValue(canary))
	config := map[string]any{"name": "orders", "sink": map[string]any{"url": "jdbc:x://a:" + canary + "@h", "password": "x", "author": "ann"}}
	require.NoError(t, hook.ConfigLoaded(t.Context(), "orders", "orders.yaml", config))
	require.NoError(t, hook.SecretAccessed(t.Context(), audit.SecretAccess{Provider: "vault", Key: "db/password:value"}))
	require.NoError(t, hook.SecretAccessed(t.Context(), audit.SecretAccess{Provider: "env", Key: "NONE", NotFound: true, Cached: true}))
	require.NoError(t, hook.SecretAccessed(t.Context(), audit.SecretAccess{Provider: "aws", Key: "x", Err: errors.New("denied " + canary)}))
	require.NoError(t, hook.Record(t.Context(), audit.Event{
		Action: audit.ActionQualityChecked, Actor: "gate", Resource: "db.orders", Pipeline: "orders", Samples: []string{canary},
		Metadata: map[string]string{"api_key": "abc", "rows": "5"}, Status: audit.StatusWarning,
	}))
	events := sink.Events()
	require.Equal(t, map[string]any{"name": "orders", "sink": map[string]any{"url": "jdbc:x://a:[REDACTED]@h", "password": "[REDACTED]", "author": "ann"}}, events[0].Config)
	require.Regexp(t, "^sha256:[0-9a-f]{64}$", events[0].ConfigFingerprint)
	require.Equal(t, "orders.yaml", events[0].Resource)
	require.Equal(t, "2026-01-02T02:04:05.000000006Z", events[0].Time.String())
	require.Equal(t, "vault:db/password:value", events[1].Resource)
	require.Equal(t, map[string]string{"provider": "vault", "key": "db/password:value", "resolution_status": "success"}, events[1].Metadata)
	require.Equal(t, audit.StatusWarning, events[2].Status)
	require.Equal(t, "not_found", events[2].Metadata["resolution_status"])
	require.Equal(t, "true", events[2].Metadata["cached"])
	require.Equal(t, audit.StatusFailure, events[3].Status)
	require.Equal(t, "denied [REDACTED]", events[3].Error.Text)
	require.Equal(t, map[string]string{"api_key": "[REDACTED]", "rows": "5"}, events[4].Metadata)
	require.Nil(t, events[4].Samples, "no data unless it is asked for")
	require.Equal(t, events[0].ConfigFingerprint, events[4].ConfigFingerprint)

	require.ErrorIs(t, hook.Record(t.Context(), audit.Event{Action: audit.ActionAuditPruned}), audit.ErrReserved)
	require.Error(t, hook.Record(t.Context(), audit.Event{}))
	sampling := audit.NewHook(sink, &audit.HookOptions{IncludeDataSamples: true})
	require.NoError(t, sampling.Record(t.Context(), audit.Event{Action: "x", Samples: []string{"1,ann,password=x"}}))
	require.Equal(t, []string{"1,ann,password=[REDACTED]"}, sink.Events()[5].Samples)
}

func TestHookOfSeveralRunsAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	hook := audit.NewHook(openFile(t, path, nil), &audit.HookOptions{Required: true, Trace: func(context.Context) string { return "trace" }})
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			result := runs(t.Context(), t, fmt.Sprint("r", i), []hooks.PipelineHooks{hook}, step{"a", fine}, step{"b", fine})
			if result.Err != nil {
				t.Error(result.Err)
			}
		})
	}
	group.Wait()
	report := verified(t, path, nil)
	require.True(t, report.OK(), report.Problems)
	require.Equal(t, int64(4*6), report.Entries)
	require.Contains(t, read(t, path), `"trace_id":"trace"`)
}

func TestHookWithoutASink(t *testing.T) {
	t.Parallel()
	hook := audit.NewHook(nil, nil)
	require.Equal(t, "audit", hook.HookName())
	require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "x"}))
	require.NoError(t, hook.Close(t.Context()))
	require.NoError(t, hook.Close(t.Context()))
}

// TestHooksShareNothing: what one is configured with is no other's.
func TestHooksShareNothing(t *testing.T) {
	t.Parallel()
	dirs := []string{t.TempDir(), t.TempDir()}
	var all []*audit.Hook
	for i, word := range []string{"badge", "colour"} {
		hook, err := audit.New(audit.Config{Enabled: true, Path: dirs[i], Redact: audit.RedactConfig{Keys: []string{word}}}, nil)
		require.NoError(t, err)
		all = append(all, hook)
	}
	for _, hook := range all {
		require.NoError(t, hook.Record(t.Context(), audit.Event{Action: "x", Metadata: map[string]string{"badge": "7", "colour": "red"}}))
	}
	require.NoError(t, all[0].Close(t.Context()))
	require.ErrorIs(t, all[0].Record(t.Context(), audit.Event{Action: "x"}), audit.ErrClosed)
	require.NoError(t, all[1].Record(t.Context(), audit.Event{Action: "x"}))
	require.NoError(t, all[1].Close(t.Context()))
	require.Contains(t, read(t, filepath.Join(dirs[0], audit.DefaultFile)), `"badge":"[REDACTED]","colour":"red"`)
	require.Contains(t, read(t, filepath.Join(dirs[1], audit.DefaultFile)), `"badge":"7","colour":"[REDACTED]"`)
}
