package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/pipeline/cli"
)

func TestMetricsArePushed(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got, path string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
		mu.Lock()
		defer mu.Unlock()
		got, path = string(body), r.URL.Path
	}))
	defer gateway.Close()
	server := fakeconnect.Start(t)
	text := onServer(server.Remote(), "name: orders\ncomponents: [{name: a, type: sql, config: {sql: SELECT 1, output_view: v}}]")
	ran := sparkpipe(t, "run", writeFile(t, "p.yaml", text+"hooks: {metrics: {push_gateway_url: '"+gateway.URL+"'}}\n"))
	require.Equal(t, cli.ExitSucceeded, ran.code, ran.stderr)
	require.Empty(t, ran.stderr)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, "/metrics/job/orders", path)
	for _, want := range []string{"sparkpipe_pipeline_runs_total", "sparkpipe_component_duration_seconds", "succeeded"} {
		require.Contains(t, got, want)
	}
}

// TestMetricsThatNobodyTakes do not make a run fail.
func TestMetricsThatNobodyTakes(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	text := onServer(server.Remote(), "name: orders\ncomponents: [{name: a, type: sql, config: {sql: SELECT 1, output_view: v}}]")
	gateway := httptest.NewServer(http.NotFoundHandler())
	defer gateway.Close()
	withLogin := strings.Replace(gateway.URL, "://", "://ann:s3cr3t@", 1)
	ran := sparkpipe(t, "run", writeFile(t, "p.yaml", text+"hooks: {metrics: {push_gateway_url: '"+withLogin+"'}}\n"))
	require.Equal(t, cli.ExitSucceeded, ran.code)
	require.Contains(t, ran.stderr, "sparkpipe: warning: push metrics to 127.0.0.1:")
	require.NotContains(t, ran.stderr+ran.stdout, "s3cr3t")

	ran = sparkpipe(t, "run", writeFile(t, "p.yaml", text+"hooks: {metrics: {enabled: true, backend: prometheus}}\n"))
	require.Equal(t, cli.ExitSucceeded, ran.code)
	require.Contains(t, ran.stderr, "nobody is told: name a push gateway in push_gateway_url")
}
