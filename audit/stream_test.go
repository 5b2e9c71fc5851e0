package audit_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// streamTrail is a trail of streams and what it has written.
func streamTrail(t *testing.T, opts audit.HookOptions) (*audit.Hook, *audit.Streams, *memory) {
	t.Helper()
	sink := &memory{}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	opts.Now = func() time.Time { now = now.Add(time.Second); return now }
	hook := audit.NewHook(sink, &opts)
	hook.SetSession("sc://spark:15002/;token=x", "s1")
	return hook, hook.Streams("live", "r1"), sink
}

// memory keeps events, or fails with err.
type memory struct {
	events []audit.Event
	err    error
	closed bool
}

func (m *memory) Write(_ context.Context, e audit.Event) error {
	if m.err == nil {
		m.events = append(m.events, e)
	}
	return m.err
}

func (m *memory) Close(context.Context) error { m.closed = true; return nil }

func (m *memory) actions() (out []string) {
	for _, e := range m.events {
		out = append(out, string(e.Action)+" "+string(e.Status))
	}
	return out
}

func TestStreamsThatEnd(t *testing.T) {
	t.Parallel()
	lost := errors.New("gone with password=hunter2")
	tests := map[string]struct {
		end  audit.StreamEnd
		want string
	}{
		"done":                 {audit.StreamEnd{Reason: audit.StreamEndDone}, "stream_completed success"},
		"stopped":              {audit.StreamEnd{Reason: audit.StreamEndStopped}, "stream_completed success"},
		"stopped not in order": {audit.StreamEnd{Reason: audit.StreamEndStopped, Err: lost}, "stream_failed failure"},
		"failed":               {audit.StreamEnd{Reason: audit.StreamEndFailed, Err: lost}, "stream_failed failure"},
		"session lost":         {audit.StreamEnd{Reason: audit.StreamEndSessionLost, Err: lost}, "stream_failed warning"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s, sink := streamTrail(t, audit.HookOptions{})
			ctx := t.Context()
			require.NoError(t, s.Begin(ctx, "a"))
			require.NoError(t, s.Start(ctx, audit.StreamStart{Name: "a", Type: "stream", Trigger: "default", CheckpointLocation: "/c"}))
			s.Running("a", "q", "q1")
			for _, b := range []audit.StreamBatch{{4, 10, 8}, {5, 1, -1}, {5, 1, -1}, {3, 7, 7}} {
				s.Batch("a", b)
			}
			tt.end.Name = "a"
			s.Ended(ctx, tt.end)
			s.Ended(ctx, tt.end) // is told once
			s.End(ctx, nil)
			require.Equal(t, []string{"supervisor_started success", "stream_started success", tt.want, "supervisor_completed success"}, sink.actions())
			e := sink.events[2]
			require.Equal(t, []string{"a", "stream", "live", "r1", "sc://spark:15002", "s1"}, []string{e.Actor, e.Resource, e.Pipeline, e.RunID, e.Server, e.Session})
			require.Subset(t, e.Metadata, map[string]string{
				"reason": string(tt.end.Reason), "restarts": "0", "query_id": "q", "query_run_id": "q1", "batches": "2", "rows_in": "11", "rows_out": "8", "last_batch_id": "5",
			})
			require.NotContains(t, e.Metadata["error"], "hunter2")
		})
	}
}

func TestStreamsWhoseEndIsNotTold(t *testing.T) {
	t.Parallel()
	hook, s, sink := streamTrail(t, audit.HookOptions{})
	ctx := t.Context()
	s.End(ctx, nil)
	require.Empty(t, sink.events, "nothing has begun")
	s.Ended(ctx, audit.StreamEnd{Name: "a"})
	s.Batch("a", audit.StreamBatch{})
	s.Running("a", "q", "q1")
	require.Empty(t, sink.events)

	require.NoError(t, s.Begin(ctx, "a", "b"))
	_, err := hook.BeforeComponent(ctx, hooks.ComponentStart{Pipeline: "live", RunID: "r1", Name: "dims"})
	require.NoError(t, err)
	require.NoError(t, s.SessionOpened(ctx, "4.0.1"))
	require.NoError(t, s.Start(ctx, audit.StreamStart{Name: "a"}))
	s.SessionLost(ctx, "s1", []string{"a"}, errors.New("gone"))
	hook.SetSession("sc://spark:15002", "s2")
	s.Restarted(ctx, audit.StreamRestart{Name: "a", Reason: audit.StreamEndFailed, Restarts: 1, Attempt: 1, Delay: time.Second, Err: errors.New("x")})
	require.NoError(t, s.Start(ctx, audit.StreamStart{Name: "a"}))
	s.End(ctx, errors.New("all is lost"))
	s.End(ctx, nil)
	require.Equal(t, []string{
		"supervisor_started success", "component_started success", "session_opened success", "stream_started success", "session_lost warning",
		"stream_failed failure", "stream_restarted retry", "stream_started success", "component_failed failure", "stream_failed failure", "supervisor_failed failure",
	}, sink.actions())
	require.Equal(t, "failed", sink.events[5].Metadata["reason"], "it is started again")
	require.Equal(t, "s1", sink.events[5].Session, "in which it was started")
	require.Equal(t, "untold", sink.events[9].Metadata["reason"])
	require.Equal(t, "1", sink.events[9].Metadata["restarts"])
	require.Equal(t, "s1", sink.events[4].Resource)
	require.Equal(t, map[string]string{"reason": "failed", "restarts": "1", "attempt": "1", "delay_ms": "1000", "error": "x"}, sink.events[6].Metadata)
	last := sink.events[10].Metadata
	require.Subset(t, last, map[string]string{"stream_count": "2", "streams": "a, b", "restarts": "1", "sessions_lost": "1", "error": "all is lost"})
	for _, e := range sink.events {
		require.Equal(t, sink.events[0].TraceID, e.TraceID)
	}
}

func TestStreamsThatMustBeRecorded(t *testing.T) {
	t.Parallel()
	for required := range map[bool]bool{true: true, false: true} {
		_, s, sink := streamTrail(t, audit.HookOptions{Required: required})
		ctx := t.Context()
		sink.err = errors.New("the disk is full")
		for what, err := range map[string]error{
			"supervisor_started": s.Begin(ctx, "a"), "session_opened": s.SessionOpened(ctx, "4.0.1"), "stream_started": s.Start(ctx, audit.StreamStart{Name: "a", Type: "stream"}),
		} {
			if !required {
				require.NoError(t, err, what)
				continue
			}
			var veto *audit.RequiredError
			require.ErrorAs(t, err, &veto, what)
			require.Equal(t, audit.Action(what), veto.Action)
			require.ErrorContains(t, err, "the disk is full")
		}
		sink.err = nil
		s.End(ctx, nil)
		starts, ends := 0, 0
		for _, e := range sink.events {
			switch e.Action {
			case audit.ActionSupervisorStarted, audit.ActionStreamStarted:
				starts++
			case audit.ActionSupervisorCompleted, audit.ActionSupervisorFailed, audit.ActionStreamFailed, audit.ActionStreamCompleted:
				ends++
			}
		}
		if !required {
			require.Equal(t, 2, starts)
			require.Equal(t, 2, ends)
		}
	}
}

func TestATrailOfStreamsVerifies(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	sink, err := audit.NewFileSink(file, nil)
	require.NoError(t, err)
	hook := audit.NewHook(sink, nil)
	s := hook.Streams("live", "r1")
	require.NoError(t, s.Begin(t.Context(), "a"))
	require.NoError(t, s.Start(t.Context(), audit.StreamStart{Name: "a"}))
	s.End(t.Context(), nil)
	require.NoError(t, hook.Close(t.Context()))
	require.NoError(t, hook.Err("r1"))
	report, err := audit.VerifyFiles([]string{file}, nil)
	require.NoError(t, err)
	require.True(t, report.OK(), "%+v", report)
	require.Equal(t, int64(4), report.Entries)
}
