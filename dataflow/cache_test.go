package dataflow_test

import (
	"context"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/client/channel"
	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// stockBuilder remembers the connection, which the client never closes.
type stockBuilder struct {
	*channel.BaseBuilder
	conn *grpc.ClientConn
}

func (b *stockBuilder) Build(ctx context.Context) (*grpc.ClientConn, error) {
	conn, err := b.BaseBuilder.Build(ctx)
	b.conn = conn
	return conn, err
}

// stockFrame is a DataFrame of the client's own session.
func stockFrame(t *testing.T, remote string) sql.DataFrame {
	t.Helper()
	base, err := channel.NewBuilder(remote)
	require.NoError(t, err)
	builder := &stockBuilder{BaseBuilder: base}
	session, err := sql.NewSessionBuilder().WithChannelBuilder(builder).Build(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, builder.conn.Close()) })
	frame, err := session.Table("t")
	require.NoError(t, err)
	return frame
}

func TestStorageLevelFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, level := range []dataflow.StorageLevel{"DISK", "memory_only", "NONE_2", "MEMORY_ONLY_4", "OFF_HEAP_2", "MEMORY_ONLY_SER_3", "_2"} {
		want := `"` + string(level) + `" is no storage level; write one such as MEMORY_AND_DISK or DISK_ONLY`
		require.EqualError(t, dataflow.Persist(t.Context(), b.frame(t), level), "persist: "+want)
		_, _, err := dataflow.LocalCheckpoint(t.Context(), b.frame(t), true, level)
		require.EqualError(t, err, "checkpoint: "+want)
	}
	require.Zero(t, b.trips())
}
