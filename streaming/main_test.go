package streaming_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
	"github.com/sparkpipe/sparkpipe/streaming"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something that is bound to happen.
const patience = 30 * time.Second

// bundle is a session on a fake server of its own.
type bundle struct {
	server *fakeconnect.Server
	spark  *dataflow.Session
}

func setup(t testing.TB) bundle {
	t.Helper()
	server := fakeconnect.Start(t)
	return bundle{server: server, spark: sparkAt(t, server.Remote())}
}

// sparkAt opens a session and closes it with the test, which ends its queries.
func sparkAt(t testing.TB, remote string) *dataflow.Session {
	t.Helper()
	spark, err := dataflow.Connect(t.Context(), remote, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = spark.Close(context.WithoutCancel(t.Context())) })
	return spark
}

func uniqueName(prefix string) string {
	return prefix + "_" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12]
}

// within is a context that ends when patience does.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// begin starts a query and stops it with the test.
func begin(t testing.TB, spark *dataflow.Session, p streaming.StreamingPipeline) *streaming.Query {
	t.Helper()
	q, err := p.Start(within(t), spark)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		_ = q.Stop(ctx, &streaming.StopOptions{Abandon: true})
	})
	return q
}
