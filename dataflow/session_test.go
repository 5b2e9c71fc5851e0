package dataflow_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

var errReason = errors.New("the operator pressed Ctrl-C")

func TestConnect(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.SetStatic("spark.executor.memory", "4g")
	spark := connectTo(t, server.Remote()+"/;x-cluster=blue", &dataflow.ConnectOptions{
		UserAgent: "etl/2", Headers: map[string]string{"x-team": "data"},
		Conf: map[string]string{"spark.sql.shuffle.partitions": "7", "spark.executor.memory": "4g"},
	})
	require.Len(t, spark.ID(), 36)
	require.Equal(t, fakeconnect.Version, spark.ServerVersion())
	value, ok := server.Conf("spark.sql.shuffle.partitions")
	require.True(t, ok)
	require.Equal(t, "7", value)
	for _, r := range server.Requests() {
		require.Equal(t, []string{"data"}, r.Headers.Get("x-team"))
		require.Equal(t, []string{"blue"}, r.Headers.Get("x-cluster"))
	}
	first, ok := server.Requests()[0].Message.(*wire.AnalyzePlanRequest)
	require.True(t, ok)
	require.True(t, strings.HasPrefix(first.GetClientType(), "etl/2 sparkpipe "), first.GetClientType())
}

func TestConnectCostsOneRoundTripAndOneMoreWithConf(t *testing.T) {
	t.Parallel()
	plain := setup(t, nil)
	require.Len(t, plain.server.Requests(), 1)
	withConf := setup(t, &dataflow.ConnectOptions{Conf: map[string]string{"a": "1", "b": "2"}})
	require.Len(t, withConf.server.Requests(), 2)
}

func TestConnectRefusesConfThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	server.SetStatic("spark.executor.memory", "4g")
	stopped := 0
	_, err := dataflow.Connect(t.Context(), server.Remote(), &dataflow.ConnectOptions{
		Conf:       map[string]string{"spark.executor.memory": "8g", "spark.sql.ansi.enabled": "true"},
		AfterClose: func(context.Context) error { stopped++; return nil },
	})
	require.ErrorContains(t, err, "set spark.executor.memory on the running server")
	require.NotContains(t, err.Error(), "ansi")
	require.Len(t, server.Released(), 1, "the session that was opened is released")
	require.Equal(t, 1, stopped)
}

func TestTokenIsInNoError(t *testing.T) {
	t.Parallel()
	const token = "s3cr3t"
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	plainText := fakeconnect.Start(t)
	tests := map[string]string{
		"nobody listens":         "sc://" + closed.Addr().String() + "/;token=" + token + ";use_ssl=false",
		"no TLS there":           plainText.Remote() + "/;token=" + token,
		"unencrypted":            "sc://example.com/;use_ssl=false;token=" + token,
		"no slash":               "sc://example.com;token=" + token,
		"no scheme":              "example.com/;token=" + token,
		"other scheme":           "https://user:" + token + "@example.com/",
		"user info":              "sc://user:" + token + "@example.com",
		"twice":                  "sc://h/;token=" + token + ";token=" + token,
		"bad escape":             "sc://h/;token=%zz" + token,
		"bad port":               "sc://h:99999/;token=" + token,
		"bad use_ssl":            "sc://h/;use_ssl=perhaps;token=" + token,
		"no equals sign":         "sc://h/;token:" + token,
		"a path":                 "sc://h/a/b;token=" + token,
		"header no one can send": "sc://h/;x=%00" + token,
	}
	for name, remote := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stopped := 0
			_, err := dataflow.Connect(t.Context(), remote, &dataflow.ConnectOptions{
				AfterClose: func(context.Context) error { stopped++; return nil },
			})
			require.Error(t, err)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), token)
			require.Equal(t, 1, stopped, "AfterClose is called when Connect fails")
		})
	}
}

func TestTokenIsInNoErrorOfASession(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	spark := connectTo(t, server.Remote()+"/;token=s3cr3t;use_ssl=false", &dataflow.ConnectOptions{ReconnectTimeout: -1})
	server.Stop()
	err := spark.Exec(t.Context(), "SELECT 1")
	require.ErrorContains(t, err, "went away")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "s3cr3t")
}

func TestConnectGivesUpInTime(t *testing.T) {
	t.Parallel()
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer deaf.Close()
	_, err = dataflow.Connect(t.Context(), "sc://"+deaf.Addr().String(), &dataflow.ConnectOptions{ConnectTimeout: 20 * time.Millisecond})
	require.ErrorContains(t, err, "no answer within 20ms")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestClose(t *testing.T) {
	t.Parallel()
	errStop := errors.New("the server does not stop")
	var order []string
	server := fakeconnect.Start(t)
	spark, err := dataflow.Connect(t.Context(), server.Remote(), &dataflow.ConnectOptions{
		AfterClose: func(context.Context) error {
			order = append(order, fmt.Sprintf("after %d released", len(server.Released())))
			return errStop
		},
	})
	require.NoError(t, err)
	require.ErrorIs(t, spark.Close(t.Context()), errStop)
	require.ErrorIs(t, spark.Close(t.Context()), errStop, "the second call tells the same")
	require.Equal(t, []string{spark.ID()}, server.Released())
	require.Equal(t, []string{"after 1 released"}, order)

	err = spark.Exec(t.Context(), "DROP TABLE t")
	require.ErrorIs(t, err, dataflow.ErrClosed)
	require.Empty(t, server.Requests("ExecutePlan"))
	df, err := spark.SQL(t.Context(), "SELECT 1")
	require.NoError(t, err, "a lazy query needs no server")
	_, err = df.Collect(t.Context())
	require.Error(t, err)
	require.ErrorIs(t, spark.Error(t.Context(), err), dataflow.ErrClosed)
}

func TestCloseOfAServerThatIsGone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.Stop()
	require.NoError(t, b.spark.Close(t.Context()))
}

func TestOperationTags(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx := dataflow.WithOperationTags(t.Context(), "run=1")
	inner := dataflow.WithOperationTags(ctx, "component=a,b", "")
	require.NoError(t, b.spark.Exec(inner, "DROP TABLE t"))
	df := b.frame(t)
	_, err := df.Collect(ctx)
	require.NoError(t, err)
	_, err = df.Collect(t.Context())
	require.NoError(t, err)
	var got [][]string
	for _, op := range b.executed(t) {
		got = append(got, op.Request.GetTags())
	}
	require.Equal(t, [][]string{{"run=1", "component=a_b"}, {"run=1"}, nil}, got)
}

func TestInterruptTag(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	started := make(chan string, 1)
	b.server.OnExecute(func(op *fakeconnect.Operation) error {
		started <- op.Request.GetOperationId()
		return op.Wait()
	})
	done := make(chan error, 1)
	go func() {
		done <- b.spark.Exec(dataflow.WithOperationTags(t.Context(), "night"), "INSERT INTO t SELECT 1")
	}()
	id := <-started
	ids, err := b.spark.InterruptTag(t.Context(), "day")
	require.NoError(t, err)
	require.Empty(t, ids)
	ids, err = b.spark.InterruptTag(t.Context(), "night")
	require.NoError(t, err)
	require.Equal(t, []string{id}, ids)
	var spark *component.SparkError
	require.ErrorAs(t, <-done, &spark)
	require.Equal(t, "OPERATION_CANCELED", spark.Class)
	require.Equal(t, id, spark.OperationID)
}

func TestForeignDataFrames(t *testing.T) {
	t.Parallel()
	b, other := setup(t, nil), setup(t, nil)
	foreign := other.frame(t)
	calls := map[string]func() error{
		"export": func() error { _, err := b.spark.Export(t.Context(), foreign); return err },
		"save":   func() error { return dataflow.Writer{}.Save(t.Context(), b.spark, foreign, "/x") },
		"table":  func() error { return dataflow.Writer{}.SaveAsTable(t.Context(), b.spark, foreign, "x") },
		"insert": func() error { return dataflow.Writer{}.InsertInto(t.Context(), b.spark, foreign, "x") },
		"view":   func() error { return b.spark.CreateTempView(t.Context(), foreign, "x") },
		"global": func() error { return b.spark.CreateGlobalTempView(t.Context(), foreign, "x") },
		"show":   func() error { _, err := b.spark.ShowString(t.Context(), foreign, 1, 0); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, call(), dataflow.ErrForeignSession) })
	}
	require.Zero(t, b.trips())
	require.Zero(t, other.trips())
	_, err := b.spark.Export(t.Context(), nil)
	require.EqualError(t, err, "the DataFrame is nil")
}

func TestPlansCrossBothWays(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	plan, err := b.spark.Export(t.Context(), b.frame(t))
	require.NoError(t, err)
	df, err := b.spark.Import(plan)
	require.NoError(t, err)
	again, err := b.spark.Export(t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, plan, again)
	_, err = b.spark.Import([]byte{0xff})
	require.ErrorContains(t, err, "import a relation")
	require.Zero(t, b.trips())
}

func TestShowString(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(op *fakeconnect.Operation) error { return op.SendStrings("show_string", "+-+\n|a|\n+-+\n") })
	text, err := b.spark.ShowString(t.Context(), b.frame(t), 5, 30)
	require.NoError(t, err)
	require.Equal(t, "+-+\n|a|\n+-+\n", text)
	require.Equal(t, 1, b.trips())
	show := at(t, b.lastPlan(t), "root", "showString")
	require.JSONEq(t, "5", string(at(t, show, "numRows")))
	require.JSONEq(t, "30", string(at(t, show, "truncate")))

	_, err = b.spark.ShowString(t.Context(), b.frame(t), math.MaxInt, math.MaxInt)
	require.NoError(t, err)
	require.JSONEq(t, "2147483647", string(at(t, b.lastPlan(t), "root", "showString", "numRows")))
	require.JSONEq(t, "2147483647", string(at(t, b.lastPlan(t), "root", "showString", "truncate")))
}

func TestShowStringFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.OnExecute(func(op *fakeconnect.Operation) error { return op.SendStrings("x", "1", "2") })
	_, err := b.spark.ShowString(t.Context(), b.frame(t), 20, 0)
	require.EqualError(t, err, "show: the server sent 2 rows where one was due")
	b.server.OnExecute(func(*fakeconnect.Operation) error { return notFound.Error() })
	_, err = b.spark.ShowString(t.Context(), b.frame(t), 20, 0)
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
	require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", spark.Class)
}

func TestSessionIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			ctx := dataflow.WithOperationTags(t.Context(), fmt.Sprint("n=", i))
			df, err := b.spark.SQL(ctx, "SELECT :n", dataflow.Named("n", i))
			if err == nil {
				err = b.spark.CreateTempView(ctx, df, fmt.Sprint("v", i))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var tags []string
	for _, op := range b.executed(t) {
		tags = append(tags, op.Request.GetTags()...)
	}
	slices.Sort(tags)
	require.Len(t, slices.Compact(tags), 16)
}
