package prometheus_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/hooks"
	"github.com/sparkpipe/sparkpipe/hooks/prometheus"
)

// scrape returns the lines of a scrape that are no comments.
func scrape(t *testing.T, e *prometheus.Exporter) []string {
	t.Helper()
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code)
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestRunsAsPrometheusSeesThem(t *testing.T) {
	t.Parallel()
	exporter := prometheus.New(&prometheus.Options{Labels: map[string]string{"env": "prod"}, Buckets: []float64{1, 10}})
	m := hooks.NewMetrics(exporter)
	for range 2 {
		_, err := m.BeforePipeline(t.Context(), hooks.PipelineStart{Pipeline: "p", Total: 5})
		require.NoError(t, err)
		m.AfterComponent(t.Context(), hooks.ComponentEnd{Pipeline: "p", Result: component.Result{
			Name: "a", Status: component.StatusSucceeded, Duration: 2 * time.Second,
		}})
	}
	require.Subset(t, scrape(t, exporter), []string{
		`sparkpipe_pipeline_components{env="prod",pipeline="p"} 5`,
		`sparkpipe_component_runs_total{component="a",env="prod",pipeline="p",status="succeeded"} 2`,
		`sparkpipe_component_duration_seconds_bucket{component="a",env="prod",pipeline="p",status="succeeded",le="1"} 0`,
		`sparkpipe_component_duration_seconds_bucket{component="a",env="prod",pipeline="p",status="succeeded",le="10"} 2`,
		`sparkpipe_component_duration_seconds_sum{component="a",env="prod",pipeline="p",status="succeeded"} 4`,
		`sparkpipe_metrics_lost_total{env="prod"} 0`,
	}, "the gauge is set and the counter counts")
}

func TestNamesThatPrometheusDoesNotTake(t *testing.T) {
	t.Parallel()
	e := prometheus.New(nil)
	e.Count("9 lives.of-a/cat", 1, hooks.Label{Name: "the label", Value: "ü\xff\"\n"})
	e.Count("done_total", 1)
	require.Subset(t, scrape(t, e), []string{`_9_lives_of_a_cat_total{the_label="ü` + "\uFFFD" + `\"\n"} 1`, "done_total 1"})
}

func TestMeasurementsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	var errs []error
	e := prometheus.New(&prometheus.Options{OnError: func(err error) { errs = append(errs, err) }})
	e.Count("n", 1, hooks.Label{Name: "a", Value: "1"})
	e.Count("n", 1, hooks.Label{Name: "b", Value: "1"})
	e.Gauge("n_total", 1)
	e.Count("n", -1, hooks.Label{Name: "b", Value: "1"})
	require.Len(t, errs, 2)
	require.ErrorContains(t, errs[0], "metric n_total: ")
	require.Contains(t, scrape(t, e), "sparkpipe_metrics_lost_total 2")
	require.Contains(t, scrape(t, e), `n_total{a="1"} 1`)
}

func TestPush(t *testing.T) {
	t.Parallel()
	var got, path string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		got, path = string(body), r.Method+" "+r.URL.Path
	}))
	defer gateway.Close()
	e := prometheus.New(nil)
	e.Count("n", 1)
	require.NoError(t, e.Push(t.Context(), gateway.URL, "orders"))
	require.Equal(t, "PUT /metrics/job/orders", path)
	require.Contains(t, got, "n_total")
}

func TestPushFaults(t *testing.T) {
	t.Parallel()
	e := prometheus.New(nil)
	require.ErrorContains(t, e.Push(t.Context(), "gateway", "j"), "not one such as http://host:9091")
	require.ErrorContains(t, e.Push(t.Context(), "http://h:1", ""), "the job has no name")

	var user, password string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		http.Error(w, "full", http.StatusInsufficientStorage)
	}))
	defer gateway.Close()
	withLogin := strings.Replace(gateway.URL, "://", "://ann:s3cr3t@", 1)
	err := e.Push(t.Context(), withLogin, "j")
	require.ErrorContains(t, err, "full")
	require.NotContains(t, err.Error(), "s3cr3t")
	require.Equal(t, "ann s3cr3t", user+" "+password)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	err = e.Push(ctx, withLogin, "j")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "s3cr3t")
}

func TestAtTheSameTime(t *testing.T) {
	t.Parallel()
	e := prometheus.New(nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				e.Count("n", 1, hooks.Label{Name: "a", Value: "1"})
				e.Gauge("g", 1)
				e.Time("t", time.Second)
			}
		})
	}
	all.Wait()
	require.Contains(t, scrape(t, e), `n_total{a="1"} 1600`)
}
