package connect_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// TestRealCloseReleasesTheSession asks the server on a connection of its own,
// since no other can be had under the id of a session.
func TestRealCloseReleasesTheSession(t *testing.T) {
	sparktest.Each(t, func(t *testing.T, remote string) {
		addr, err := connect.ParseAddress(remote)
		require.NoError(t, err)
		if addr.TLS || addr.UserID != "" {
			t.Skip("NOT RUN: the raw call below speaks plain text, as the user of this process")
		}
		t.Setenv("SPARK_USER", "close-test")
		conn, err := connect.Open(t.Context(), remote, nil)
		require.NoError(t, err)
		_, err = conn.Execute(t.Context(), sqlCommand(t, "SET a = 1"))
		require.NoError(t, err)

		raw, err := grpc.NewClient(addr.Endpoint(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		require.NoError(t, err)
		defer raw.Close()
		ask := func() error {
			ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+addr.Token.Reveal())
			req := &wire.ConfigRequest{
				SessionId: conn.SessionID(), UserContext: &wire.UserContext{UserId: "close-test"},
				Operation: &wire.ConfigRequest_Operation{OpType: &wire.ConfigRequest_Operation_GetOption{
					GetOption: &wire.ConfigRequest_GetOption{Keys: []string{"a"}},
				}},
			}
			return raw.Invoke(ctx, "/spark.connect.SparkConnectService/Config", req, &wire.ConfigResponse{})
		}
		require.NoError(t, ask(), "the session is there")
		require.NoError(t, conn.Close(t.Context()))
		err = ask()
		require.Error(t, err)
		for _, detail := range status.Convert(err).Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok {
				require.Equal(t, "INVALID_HANDLE.SESSION_CLOSED", info.GetMetadata()["errorClass"])
				return
			}
		}
		require.ErrorContains(t, err, "SESSION_CLOSED")
	})
}
