package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestMain(m *testing.M) {
	// The stock client's Stop does not close its connection.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run"))
}

func TestServe(t *testing.T) {
	server := fakeconnect.Start(t)
	t.Setenv("SPARK_REMOTE", server.Remote())
	requests := []string{
		"runner independent 3 off", "runner chain 3 on", "query ours 3", "query stock 3", "query bare 3", "query reattachable 3", "export 10", "import 10",
	}
	var out strings.Builder
	require.NoError(t, serve(t.Context(), strings.NewReader(strings.Join(requests, "\n")), &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, len(requests))
	for i, line := range lines {
		seconds, err := strconv.ParseFloat(line, 64)
		require.NoError(t, err, requests[i])
		require.Positive(t, seconds, requests[i])
	}
	require.Len(t, server.Released(), 1, "our session is released")
}

func TestServeSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"runner":               `error: the request ["runner"] is too short`,
		"dance 1":              `error: unknown request "dance"`,
		"runner chain 3":       `error: runner wants SHAPE SIZE LOGGING, got ["chain" "3"]`,
		"runner chain many on": `error: "many" is no number above 0`,
		"query theirs 1":       `error: unknown client "theirs"`,
		"rows Batches":         `error: rows wants WAY COUNT, got ["Batches"]`,
		"rows Batches none":    `error: "none" is no number above 0`,
		"upload auto":          `error: upload wants WAY COUNT, got ["auto"]`,
		"upload post 1":        `error: unknown way "post"`,
		"query ours 0":         `error: "0" is no number above 0`,
	} {
		var out strings.Builder
		require.NoError(t, serve(t.Context(), strings.NewReader(request), &out))
		require.Equal(t, want+"\n", out.String())
	}
}
