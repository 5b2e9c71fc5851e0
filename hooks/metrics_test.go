package hooks_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
)

// shown is a measurement in one line.
func shown(m hooks.Measurement) string {
	text := fmt.Sprintf("%d %s", m.Kind, m.Name)
	for _, l := range m.Labels {
		text += fmt.Sprintf(" %s=%s", l.Name, l.Value)
	}
	return fmt.Sprintf("%s: %v", text, m.Value)
}

func TestMetricsOfARun(t *testing.T) {
	t.Parallel()
	var registry hooks.Registry
	m := hooks.NewMetrics(&registry)
	ctx := t.Context()
	run := func() {
		_, err := m.BeforePipeline(ctx, hooks.PipelineStart{Pipeline: "p", Total: 3})
		require.NoError(t, err)
		m.OnRetryAttempt(ctx, hooks.RetryAttempt{Pipeline: "p", Name: "a"})
		good := component.Result{Name: "a", Status: component.StatusSucceeded, Duration: 2 * time.Second}
		m.AfterComponent(ctx, hooks.ComponentEnd{Pipeline: "p", Name: "a", Result: good})
		m.OnCircuitBreakerStateChange(ctx, hooks.BreakerChange{Pipeline: "p", Name: "b", Breaker: "db", From: "closed", To: "open"})
		bad := component.Result{Name: "b", Status: component.StatusFailed, Duration: time.Second, Err: errors.New("no")}
		m.OnComponentFailure(ctx, hooks.ComponentFailure{Pipeline: "p", Name: "b", Result: bad})
		skipped := component.Result{Name: "c", Status: component.StatusSkipped}
		m.AfterPipeline(ctx, hooks.PipelineEnd{
			Pipeline: "p", Status: hooks.StatusPartlyFailed, Duration: 4 * time.Second, Results: []component.Result{good, bad, skipped},
		})
	}
	run()
	run()
	var lines []string
	for _, m := range registry.Snapshot() {
		lines = append(lines, shown(m))
	}
	require.Equal(t, []string{
		"0 sparkpipe.circuit_breaker.state_changes pipeline=p component=b breaker=db to_state=open: 2",
		"2 sparkpipe.component.duration pipeline=p component=a status=succeeded: 4",
		"2 sparkpipe.component.duration pipeline=p component=b status=failed: 2",
		"0 sparkpipe.component.retries pipeline=p component=a: 2",
		"0 sparkpipe.component.runs pipeline=p component=a status=succeeded: 2",
		"0 sparkpipe.component.runs pipeline=p component=b status=failed: 2",
		"0 sparkpipe.component.runs pipeline=p component=c status=skipped: 2",
		"1 sparkpipe.pipeline.components pipeline=p: 3",
		"2 sparkpipe.pipeline.duration pipeline=p status=partly_failed: 8",
		"0 sparkpipe.pipeline.runs pipeline=p status=partly_failed: 2",
	}, lines, "counters add up and a gauge is set")
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	var r hooks.Registry
	none, ok := r.Find(hooks.KindCounter, "n")
	require.False(t, ok)
	require.Zero(t, none.Value)

	r.Count("n", 2, hooks.Label{Name: "a", Value: "1"}, hooks.Label{Name: "b", Value: "2"})
	r.Count("n", -5, hooks.Label{Name: "a", Value: "1"}, hooks.Label{Name: "b", Value: "2"})
	got, ok := r.Find(hooks.KindCounter, "n", hooks.Label{Name: "b", Value: "2"}, hooks.Label{Name: "a", Value: "1"})
	require.True(t, ok)
	require.InDelta(t, 2, got.Value, 0, "counters do not shrink")

	r.Gauge("g", 5)
	r.Gauge("g", 5)
	got, _ = r.Find(hooks.KindGauge, "g")
	require.InDelta(t, 5, got.Value, 0)

	r.Time("t", time.Second)
	r.Time("t", 3*time.Second)
	got, _ = r.Find(hooks.KindTimer, "t")
	require.Equal(t, hooks.Measurement{Kind: hooks.KindTimer, Name: "t", Labels: got.Labels, Value: 4, Count: 2, Longest: 3 * time.Second}, got)

	r.Reset()
	require.Empty(t, r.Snapshot())
}

// TestRegistryKeepsLabelsApart has values that look like other labels.
func TestRegistryKeepsLabelsApart(t *testing.T) {
	t.Parallel()
	var r hooks.Registry
	r.Count("n", 1, hooks.Label{Name: "x", Value: "1,y=2"})
	r.Count("n", 1, hooks.Label{Name: "x", Value: "1"}, hooks.Label{Name: "y", Value: "2"})
	r.Count("n", 1, hooks.Label{Name: "x", Value: "1\x00\x01y\x00\x012"})
	r.Count("n", 1, hooks.Label{Name: "x", Value: "1\x00"})
	r.Gauge("n", 1, hooks.Label{Name: "x", Value: "1"}, hooks.Label{Name: "y", Value: "2"})
	require.Len(t, r.Snapshot(), 5)
}

func TestRegistryAtTheSameTime(t *testing.T) {
	t.Parallel()
	var r hooks.Registry
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				r.Count("n", 1)
				r.Time("t", time.Millisecond)
				r.Snapshot()
			}
		})
	}
	all.Wait()
	got, _ := r.Find(hooks.KindCounter, "n")
	require.InDelta(t, 8000, got.Value, 0)
}

func TestMetricsWithoutAMeter(t *testing.T) {
	t.Parallel()
	_, err := hooks.NewMetrics(nil).BeforePipeline(t.Context(), hooks.PipelineStart{Pipeline: "p"})
	require.NoError(t, err)
}
