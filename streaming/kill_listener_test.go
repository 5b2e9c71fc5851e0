package streaming_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/streaming"
)

// TestListenerHearsThatTheServerHasEnded is for a server that was started for the
// session: whoever listens need not ask for it to be told.
func TestListenerHearsThatTheServerHasEnded(t *testing.T) {
	t.Parallel()
	server, done := fakeconnect.Start(t), make(chan struct{})
	newFakeQueries(server)
	spark, err := dataflow.Connect(t.Context(), server.Remote(), &dataflow.ConnectOptions{ServerDone: done, ServerLog: "/logs/server.log"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, spark.Close(context.WithoutCancel(t.Context()))) })
	heard := listen(t, spark)
	server.Stop()
	close(done)
	fault := next(t, heard.fault)
	require.ErrorIs(t, fault, dataflow.ErrSessionLost)
	require.NotErrorIs(t, fault, dataflow.ErrOutcomeUnknown)
	var polling *streaming.PollingError
	require.NotErrorAs(t, fault, &polling)
	var lost *component.SparkError
	require.ErrorAs(t, fault, &lost)
	require.Equal(t, "the Spark Connect server went away; its log is /logs/server.log", lost.Hint)
}
