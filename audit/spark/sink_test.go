package spark_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/audit/audittest"
	"github.com/sparkpipe/sparkpipe/audit/spark"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(remote string) func(context.Context) (*dataflow.Session, error) {
	return func(ctx context.Context) (*dataflow.Session, error) { return dataflow.Connect(ctx, remote, nil) }
}

func ExampleNewTableSink() {
	sink, err := spark.NewTableSink(func(ctx context.Context) (*dataflow.Session, error) {
		return dataflow.Connect(ctx, "sc://spark.example.com", nil)
	}, "ops.audit", &spark.Options{Format: "delta"})
	if err != nil {
		fmt.Println(err)
		return
	}
	target := audit.Target{Name: "table", Sink: sink} // for audit.Options.Targets
	fmt.Println(target.Name, target.Required)
	// Output: table false
}

func TestTableSinkKeepsTheContract(t *testing.T) {
	t.Parallel()
	audittest.Run(t, func(t *testing.T) audittest.Store {
		server := fakeconnect.Start(t)
		return audittest.Store{Open: func(t *testing.T) audit.Sink {
			sink, err := spark.NewTableSink(connect(server.Remote()), "ops.audit", nil)
			require.NoError(t, err)
			return sink
		}}
	})
}

func TestTableSinkWritesOnceARun(t *testing.T) {
	t.Parallel()
	server := fakeconnect.Start(t)
	opened := 0
	sink, err := spark.NewTableSink(func(ctx context.Context) (*dataflow.Session, error) {
		opened++
		return connect(server.Remote())(ctx)
	}, "ops.audit", &spark.Options{MaxEvents: 3})
	require.NoError(t, err)
	for n := range 3 {
		require.NoError(t, sink.Write(t.Context(), audittest.Event(n)))
	}
	require.Zero(t, opened)
	require.NoError(t, sink.Flush(t.Context()))
	require.NoError(t, sink.Flush(t.Context()), "there is nothing more")
	require.Equal(t, 1, opened)
	for n := range 4 {
		require.NoError(t, sink.Write(t.Context(), audittest.Event(n)))
	}
	require.Equal(t, 2, opened, "more than it holds")
	require.NoError(t, sink.Close(t.Context()))
	require.Equal(t, 3, opened)
	require.ErrorIs(t, sink.Write(t.Context(), audittest.Event(1)), audit.ErrClosed)
}

func TestTableSinkHoldsWhatItCouldNotWrite(t *testing.T) {
	t.Parallel()
	server, down := fakeconnect.Start(t), errors.New("down")
	fault := down
	sink, err := spark.NewTableSink(func(ctx context.Context) (*dataflow.Session, error) {
		if fault != nil {
			return nil, fault
		}
		return connect(server.Remote())(ctx)
	}, "ops.audit", nil)
	require.NoError(t, err)
	require.NoError(t, sink.Write(t.Context(), audittest.Event(1)))
	err = sink.Flush(t.Context())
	require.ErrorIs(t, err, down)
	require.ErrorContains(t, err, "append 1 events to the audit table ops.audit")
	fault = nil
	require.NoError(t, sink.Close(t.Context()))
	require.NotEmpty(t, server.Requests("ExecutePlan"))
}

func TestNewTableSink(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"nothing that opens a session": second(spark.NewTableSink(nil, "t", nil)),
		"name of the table is empty":   second(spark.NewTableSink(connect(""), "", nil)),
		"cannot be negative":           second(spark.NewTableSink(connect(""), "t", &spark.Options{MaxEvents: -1})),
	} {
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, 10, strings.Count(spark.Columns, ",")+1)
}

func second(_ *spark.TableSink, err error) error { return err }
