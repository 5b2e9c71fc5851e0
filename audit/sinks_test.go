package audit_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
)

func TestZapSink(t *testing.T) {
	t.Parallel()
	audittest.Run(t, func(*testing.T) audittest.Store {
		return audittest.Store{Open: func(*testing.T) audit.Sink { return audit.NewZapSink(nil) }}
	})
	core, logs := observer.New(zapcore.InfoLevel)
	sink := audit.NewZapSink(zap.New(core))
	for _, status := range []audit.Status{audit.StatusSuccess, audit.StatusFailure, audit.StatusRetry} {
		e := audittest.Event(1)
		e.Status = status
		require.NoError(t, sink.Write(t.Context(), e))
	}
	lines := logs.All()
	require.Equal(t, []zapcore.Level{zapcore.InfoLevel, zapcore.WarnLevel, zapcore.WarnLevel}, []zapcore.Level{lines[0].Level, lines[1].Level, lines[2].Level})
	require.Equal(t, "component_failed", lines[0].Message)
	require.Equal(t, "audit", lines[0].LoggerName)
	fields := lines[1].ContextMap()
	require.Equal(t, "clean", fields["actor"])
	require.Equal(t, "2026-03-01T02:00:00.000000001Z", fields["event_time"])
	require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", fields["error_class"])
}

func TestComposite(t *testing.T) {
	t.Parallel()
	audittest.Run(t, func(*testing.T) audittest.Store {
		return audittest.Store{Open: func(t *testing.T) audit.Sink {
			c, err := audit.NewComposite(nil, audit.Target{Sink: &audittest.Memory{}}, audit.Target{Sink: &audittest.Memory{}})
			require.NoError(t, err)
			return c
		}}
	})
	_, err := audit.NewComposite(nil)
	require.Error(t, err)
	_, err = audit.NewComposite(nil, audit.Target{})
	require.ErrorContains(t, err, "target 0 has no sink")
}

func TestCompositeIsolatesItsTargets(t *testing.T) {
	t.Parallel()
	broken, panicking := errors.New("broken"), func(audit.Event) error { panic("odd") }
	for name, test := range map[string]struct {
		required [3]bool
		fault    [3]func(audit.Event) error
		want     error
		logged   int
	}{
		"all well":                  {[3]bool{true, false, false}, [3]func(audit.Event) error{}, nil, 0},
		"best effort fails":         {[3]bool{true, false, false}, [3]func(audit.Event) error{1: panicking, 2: always(broken)}, nil, 2},
		"the required one fails":    {[3]bool{true, false, false}, [3]func(audit.Event) error{0: always(broken)}, broken, 0},
		"one of two required fails": {[3]bool{true, true, false}, [3]func(audit.Event) error{0: always(broken)}, nil, 1},
		"both required fail":        {[3]bool{true, true, false}, [3]func(audit.Event) error{0: panicking, 1: always(broken)}, broken, 0},
		"none is required, one can": {[3]bool{}, [3]func(audit.Event) error{0: panicking, 1: always(broken)}, nil, 2},
		"none can":                  {[3]bool{}, [3]func(audit.Event) error{0: panicking, 1: always(broken), 2: panicking}, broken, 0},
	} {
		core, logs := observer.New(zapcore.InfoLevel)
		var targets []audit.Target
		var sinks []*audittest.Memory
		for i := range test.required {
			sink := &audittest.Memory{}
			sink.FailWith(test.fault[i])
			sinks = append(sinks, sink)
			targets = append(targets, audit.Target{Sink: sink, Required: test.required[i]})
		}
		c, err := audit.NewComposite(zap.New(core), targets...)
		require.NoError(t, err)
		err = c.Write(t.Context(), audittest.Event(1))
		if test.want == nil {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, test.want, name)
		}
		require.Equal(t, test.logged, logs.Len(), name)
		for i, sink := range sinks {
			require.Len(t, sink.Events(), map[bool]int{true: 1}[test.fault[i] == nil], name)
		}
		require.NoError(t, c.Close(t.Context()))
		require.Equal(t, 1, sinks[2].Closed())
	}
}

func always(err error) func(audit.Event) error { return func(audit.Event) error { return err } }

func TestAsync(t *testing.T) {
	t.Parallel()
	for _, policy := range []audit.Policy{"", audit.PolicyBlock, audit.PolicyDrop, audit.PolicyFail} {
		audittest.Run(t, func(*testing.T) audittest.Store {
			return audittest.Store{Open: func(t *testing.T) audit.Sink {
				return async(t, &audittest.Memory{}, &audit.AsyncOptions{Policy: policy})
			}}
		})
	}
	for want, opts := range map[string]*audit.AsyncOptions{
		"the queue is -1": {Queue: -1}, `policy "x"`: {Policy: "x"}, "cannot be negative": {CloseTimeout: -1},
	} {
		_, err := audit.NewAsync(audit.Discard{}, opts)
		require.ErrorContains(t, err, want)
	}
	_, err := audit.NewAsync(nil, nil)
	require.Error(t, err)
}

func async(tb testing.TB, sink audit.Sink, opts *audit.AsyncOptions) *audit.Async {
	tb.Helper()
	a, err := audit.NewAsync(sink, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = a.Close(context.WithoutCancel(tb.Context())) })
	return a
}

// gate is a sink that stores only when it is open.
type gate struct {
	audittest.Memory
	open chan struct{}
}

func (g *gate) Write(ctx context.Context, e audit.Event) error {
	select {
	case <-g.open:
		return g.Memory.Write(ctx, e)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func TestAsyncStoresInOrderAndDrains(t *testing.T) {
	t.Parallel()
	sink := &gate{open: make(chan struct{})}
	a := async(t, sink, nil)
	for n := range 100 {
		require.NoError(t, a.Write(t.Context(), audittest.Event(n)))
	}
	require.Empty(t, sink.Events(), "nobody waits")
	close(sink.open)
	require.NoError(t, a.Flush(t.Context()))
	require.Len(t, sink.Events(), 100)
	for n := range 50 {
		require.NoError(t, a.Write(t.Context(), audittest.Event(100+n)))
	}
	require.NoError(t, a.Close(t.Context()))
	require.NoError(t, a.Close(t.Context()))
	for n, e := range sink.Events() {
		require.Equal(t, audittest.Event(n).ID, e.ID)
	}
	require.Len(t, sink.Events(), 150)
	require.Equal(t, 1, sink.Closed())
	require.ErrorIs(t, a.Write(t.Context(), audittest.Event(1)), audit.ErrClosed)
	require.NoError(t, a.Flush(t.Context()))
}

func TestAsyncWithAFullQueue(t *testing.T) {
	t.Parallel()
	for policy, want := range map[audit.Policy]error{audit.PolicyDrop: nil, audit.PolicyFail: audit.ErrQueueFull, audit.PolicyBlock: context.Canceled} {
		sink := &gate{open: make(chan struct{})}
		a := async(t, sink, &audit.AsyncOptions{Queue: 2, Policy: policy})
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nobody waits for ever
		refused := 0
		for n := range 10 {
			if err := a.Write(ctx, audittest.Event(n)); err != nil {
				require.ErrorIs(t, err, want)
				refused++
			}
		}
		close(sink.open)
		err := a.Close(t.Context())
		stored := 0
		for _, e := range sink.Events() {
			if e.Action == audit.ActionAuditLost {
				require.Equal(t, audit.StatusFailure, e.Status)
				require.Contains(t, e.Metadata["reason"], "full")
				continue
			}
			stored++
		}
		require.Equal(t, 10-refused, stored+int(a.Lost()), "%s: each is stored, refused or counted", policy)
		if policy == audit.PolicyDrop {
			require.Positive(t, a.Lost())
			require.ErrorContains(t, err, "were not stored: the queue of audit events is full")
			require.Contains(t, strings.Join(sink.Lines(), "\n"), "audit_lost audit failure", "the loss is an event")
			continue
		}
		require.NoError(t, err)
	}
}

func TestAsyncTellsOfAFailingSink(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	sink := &audittest.Memory{}
	sink.FailWith(always(errors.New("password=" + canary)))
	a := async(t, sink, &audit.AsyncOptions{Logger: zap.New(core)})
	require.NoError(t, a.Write(t.Context(), audittest.Event(1)))
	require.NoError(t, a.Write(t.Context(), audittest.Event(2)))
	require.NoError(t, a.Flush(t.Context()))
	require.Equal(t, 2, logs.Len())
	sink.FailWith(nil)
	require.NoError(t, a.Write(t.Context(), audittest.Event(3)))
	require.NoError(t, a.Flush(t.Context()))
	require.Equal(t, []string{"audit_lost audit failure", "component_failed clean failure"}, sink.Lines())
	require.Equal(t, map[string]string{"events": "2", "reason": "password=[REDACTED]"}, sink.Events()[0].Metadata)
}

func TestAsyncClosesInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sink := &gate{open: make(chan struct{})}
		a, err := audit.NewAsync(sink, &audit.AsyncOptions{CloseTimeout: time.Minute})
		require.NoError(t, err)
		for n := range 5 {
			require.NoError(t, a.Write(t.Context(), audittest.Event(n)))
		}
		begin := time.Now()
		err = a.Close(t.Context())
		require.ErrorContains(t, err, "close the queue of audit events: 5 were not stored")
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestAsyncLosesNothingWhileItCloses(t *testing.T) {
	t.Parallel()
	for range 20 {
		sink := &audittest.Memory{}
		a := async(t, sink, &audit.AsyncOptions{Queue: 1})
		var group sync.WaitGroup
		var mu sync.Mutex
		taken := 0
		for range 4 {
			group.Go(func() {
				for n := range 20 {
					if a.Write(t.Context(), audittest.Event(n)) == nil {
						mu.Lock()
						taken++
						mu.Unlock()
					}
				}
			})
		}
		require.NoError(t, a.Close(t.Context()))
		group.Wait()
		require.Len(t, sink.Events(), taken)
	}
}

func TestFileSinkSyncsAndEnds(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/audit.jsonl"
	sink := openFile(t, path, &audit.FileOptions{FsyncInterval: time.Millisecond, RotateBytes: 2000})
	for n := range 200 {
		require.NoError(t, sink.Write(t.Context(), audittest.Event(n)))
	}
	require.NoError(t, sink.Flush(t.Context()))
	require.Equal(t, int64(200), sink.Head().Seq)
	require.Equal(t, path, sink.Path())
	require.True(t, verified(t, path, nil).OK())
}
