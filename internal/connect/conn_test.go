package connect_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/client/channel"
	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

// open connects to a fake server and closes with the test.
func open(t testing.TB, server *fakeconnect.Server, opts *connect.Options) *connect.Conn {
	t.Helper()
	conn, err := connect.Open(t.Context(), server.Remote(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func sqlRelation(query string) *wire.Relation {
	return &wire.Relation{RelType: &wire.Relation_Sql{Sql: &wire.SQL{Query: query}}}
}

func sqlCommand(t testing.TB, query string) *wire.Command {
	t.Helper()
	input, err := proto.Marshal(sqlRelation(query))
	require.NoError(t, err)
	return &wire.Command{CommandType: &wire.Command_SqlCommand{SqlCommand: &wire.SqlCommand{Input: input}}}
}

func TestOpenLearnsSessionAndVersion(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, &connect.Options{UserAgent: "etl/2", Headers: map[string]string{"x-team": "data"}})

	require.Len(t, conn.SessionID(), 36)
	require.Equal(t, fakeconnect.Version, conn.Version())
	requests := server.Requests()
	require.Len(t, requests, 1, "opening costs one round trip")
	require.Equal(t, []string{"data"}, requests[0].Headers.Get("x-team"))
	req, ok := requests[0].Message.(*wire.AnalyzePlanRequest)
	require.True(t, ok)
	require.Equal(t, conn.SessionID(), req.GetSessionId())
	require.Contains(t, req.GetClientType(), "etl/2 sparkpipe os/")
}

func TestCloseReleasesTheSessionOnce(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	require.NoError(t, conn.Close(t.Context()))
	require.NoError(t, conn.Close(t.Context()))
	require.Equal(t, []string{conn.SessionID()}, server.Released())
}

func TestCloseAfterTheServerIsGone(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	server.Stop()
	require.NoError(t, conn.Close(t.Context()))
}

func TestOpenFaults(t *testing.T) {
	t.Parallel()
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		addr := l.Addr().String()
		require.NoError(t, l.Close())
		_, err = connect.Open(t.Context(), "sc://"+addr, nil)
		require.ErrorContains(t, err, "connect to Spark at sc://"+addr)
		require.ErrorContains(t, err, "is a Spark Connect server listening there?")
		var spark *component.SparkError
		require.ErrorAs(t, err, &spark)
		require.Equal(t, "Unavailable", spark.Code)
	})
	t.Run("nobody answers", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		_, err = connect.Open(t.Context(), "sc://"+l.Addr().String(), &connect.Options{ConnectTimeout: 50 * time.Millisecond})
		require.ErrorContains(t, err, "no answer within 50ms")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("plain text server, TLS asked", func(t *testing.T) {
		t.Parallel()
		server := fakeconnect.Start(t)
		_, err := connect.Open(t.Context(), server.Remote()+"/;use_ssl=true;token=s3cr3t", nil)
		require.ErrorContains(t, err, "the server speaks plain text")
		require.NotContains(t, err.Error(), "s3cr3t")
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		server := fakeconnect.Start(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("not today")
		cancel(reason)
		_, err := connect.Open(ctx, server.Remote(), nil)
		require.ErrorIs(t, err, reason)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestTokenTravelsAsBearer(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn, err := connect.Open(t.Context(), server.Remote()+"/;token=s3cr3t;use_ssl=false", nil)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	require.Equal(t, []string{"Bearer s3cr3t"}, server.Requests()[0].Headers.Get("authorization"))
}

func TestPlansCrossBothWaysWithNoRoundTrip(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	before := len(server.Requests())

	df, err := conn.Relation(sqlRelation("SELECT 1"))
	require.NoError(t, err)
	filtered, err := df.FilterByString(t.Context(), "true")
	require.NoError(t, err)
	plan, err := conn.Export(t.Context(), filtered)
	require.NoError(t, err)
	again, err := conn.Import(plan)
	require.NoError(t, err)
	planAgain, err := conn.Export(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, plan, planAgain)
	require.Len(t, server.Requests(), before, "no round trip")

	_, err = conn.Import([]byte{0xff, 0xff})
	require.ErrorContains(t, err, "import a relation")
	_, err = conn.Export(t.Context(), nil)
	require.Error(t, err)
}

func TestForeignDataFrames(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn, other := open(t, server, nil), open(t, server, nil)

	foreign, err := other.Relation(sqlRelation("SELECT 1"))
	require.NoError(t, err)
	_, err = conn.Export(t.Context(), foreign)
	require.ErrorIs(t, err, connect.ErrForeignSession)

	base, err := channel.NewBuilder(server.Remote())
	require.NoError(t, err)
	stock := &stockBuilder{BaseBuilder: base}
	session, err := sql.NewSessionBuilder().WithChannelBuilder(stock).Build(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, stock.conn.Close()) }()
	frame, err := session.Table("t")
	require.NoError(t, err)
	_, err = conn.Export(t.Context(), frame)
	require.ErrorIs(t, err, connect.ErrForeignSession)
}

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

func TestOneRoundTripForAQuery(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	conn := open(t, server, nil)
	df, err := conn.Relation(sqlRelation("SELECT 1"))
	require.NoError(t, err)
	rows, err := df.Collect(connect.WithTags(t.Context(), "run=r1", "component=a,b"))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	executions := server.Requests("ExecutePlan")
	require.Len(t, executions, 1)
	require.Equal(t, 2, len(server.Requests())-len(server.Requests("ReleaseExecute")), "one for opening, one for the query")
	req, ok := executions[0].Message.(*wire.ExecutePlanRequest)
	require.True(t, ok)
	require.Equal(t, []string{"run=r1", "component=a_b"}, req.GetTags())
	require.Len(t, req.GetOperationId(), 36)
}

func TestSetConf(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.SetStatic("spark.executor.memory", "4g")
	server.SetStatic("spark.driver.memory", "2g")
	conn := open(t, server, nil)

	require.NoError(t, conn.SetConf(t.Context(), nil))
	require.Empty(t, server.Requests("Config"), "nothing to set costs nothing")
	require.NoError(t, conn.SetConf(t.Context(), map[string]string{"spark.sql.shuffle.partitions": "7"}))
	require.Len(t, server.Requests("Config"), 1)
	value, ok := server.Conf("spark.sql.shuffle.partitions")
	require.True(t, ok)
	require.Equal(t, "7", value)

	require.NoError(t, conn.SetConf(t.Context(), map[string]string{"spark.executor.memory": "4g"}), "the server has it already")
	err := conn.SetConf(t.Context(), map[string]string{
		"spark.executor.memory": "8g", "spark.driver.memory": "9g", "spark.sql.ansi.enabled": "true",
	})
	require.ErrorContains(t, err, "set spark.executor.memory on the running server: [CANNOT_MODIFY_CONFIG]")
	require.ErrorContains(t, err, "set spark.driver.memory on the running server")
	_, ok = server.Conf("spark.sql.ansi.enabled")
	require.True(t, ok)
}

func BenchmarkExport(b *testing.B) {
	conn := open(b, fakeconnect.Start(b), nil)
	df, err := conn.Relation(sqlRelation("SELECT * FROM t"))
	require.NoError(b, err)
	for b.Loop() {
		if _, err := conn.Export(b.Context(), df); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	conn := open(b, fakeconnect.Start(b), nil)
	df, err := conn.Relation(sqlRelation("SELECT * FROM t"))
	require.NoError(b, err)
	plan, err := conn.Export(b.Context(), df)
	require.NoError(b, err)
	for b.Loop() {
		if _, err := conn.Import(plan); err != nil {
			b.Fatal(err)
		}
	}
}
