package dataflow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

type flowFunc func(ctx context.Context, spark *dataflow.Session, rt component.Runtime) error

func (flowFunc) Name() string { return "f" }

func (f flowFunc) Run(ctx context.Context, spark *dataflow.Session, rt component.Runtime) error {
	return f(ctx, spark, rt)
}

// ableFlow has every optional ability and writes down what is called.
type ableFlow struct {
	flowFunc
	called []string
	err    error
}

func (f *ableFlow) Validate() error { f.called = append(f.called, "validate"); return f.err }

func (f *ableFlow) Open(_ context.Context, rt component.Runtime) error {
	f.called = append(f.called, "open "+rt.RunID)
	return f.err
}

func (f *ableFlow) Close(context.Context) error { f.called = append(f.called, "close"); return f.err }

func abilities(t testing.TB, c component.PipelineComponent) (component.Validator, component.Opener, component.Closer) {
	t.Helper()
	v, ok := c.(component.Validator)
	require.True(t, ok)
	o, ok := c.(component.Opener)
	require.True(t, ok)
	cl, ok := c.(component.Closer)
	require.True(t, ok)
	return v, o, cl
}

func TestComponentKeepsTheAbilitiesOfItsFlow(t *testing.T) {
	t.Parallel()
	flow := &ableFlow{err: errReason}
	c := dataflow.Component(flow)
	require.Equal(t, "f", c.Name())
	validator, opener, closer := abilities(t, c)
	require.ErrorIs(t, validator.Validate(), errReason)
	require.ErrorIs(t, opener.Open(t.Context(), component.Runtime{RunID: "r1"}), errReason)
	require.ErrorIs(t, closer.Close(t.Context()), errReason)
	require.Equal(t, []string{"validate", "open r1", "close"}, flow.called)
}

func TestComponentOfAFlowWithoutAbilities(t *testing.T) {
	t.Parallel()
	validator, opener, closer := abilities(t, dataflow.Component(flowFunc(nil)))
	require.NoError(t, validator.Validate())
	require.NoError(t, opener.Open(t.Context(), component.Runtime{}))
	require.NoError(t, closer.Close(t.Context()))
}

func TestNeedsSession(t *testing.T) {
	t.Parallel()
	require.True(t, dataflow.NeedsSession(dataflow.Component(flowFunc(nil))))
	require.False(t, dataflow.NeedsSession(component.Func("x", nil)))
	require.False(t, dataflow.NeedsSession(nil))
}

func provide(spark *dataflow.Session, err error) component.Runtime {
	return dataflow.WithSession(component.Runtime{Pipeline: "p"}, func(context.Context) (*dataflow.Session, error) { return spark, err })
}

func TestSessionOf(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := dataflow.SessionOf(t.Context(), component.Runtime{})
	require.ErrorIs(t, err, dataflow.ErrNoSession)
	_, err = dataflow.SessionOf(t.Context(), dataflow.WithSession(component.Runtime{}, nil))
	require.ErrorIs(t, err, dataflow.ErrNoSession)
	_, err = dataflow.SessionOf(t.Context(), provide(nil, errReason))
	require.ErrorIs(t, err, errReason)
	spark, err := dataflow.SessionOf(t.Context(), provide(b.spark, nil))
	require.NoError(t, err)
	require.Same(t, b.spark, spark)
	other := setup(t, nil)
	inner := dataflow.WithSession(provide(b.spark, nil), func(context.Context) (*dataflow.Session, error) { return other.spark, nil })
	spark, err = dataflow.SessionOf(t.Context(), inner)
	require.NoError(t, err)
	require.Same(t, other.spark, spark, "the innermost wins")
}

func TestComponentRunsTheFlowWithTheSession(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	var got *dataflow.Session
	c := dataflow.Component(flowFunc(func(_ context.Context, spark *dataflow.Session, rt component.Runtime) error {
		require.Equal(t, "p", rt.Pipeline)
		got = spark
		return nil
	}))
	require.NoError(t, c.Run(t.Context(), provide(b.spark, nil)))
	require.Same(t, b.spark, got)

	got = nil
	require.EqualError(t, c.Run(t.Context(), component.Runtime{}),
		"open the Spark session: this component needs a Spark session and the run has none")
	require.ErrorIs(t, c.Run(t.Context(), provide(nil, errReason)), errReason)
	require.Nil(t, got, "a flow without a session does not run")
}

// clientCalls are calls that users make on the client's own DataFrame.
var clientCalls = map[string]func(ctx context.Context, spark *dataflow.Session, df sql.DataFrame) error{
	"collect": func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error {
		_, err := df.Collect(ctx)
		return err
	},
	"count": func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error {
		_, err := df.Count(ctx)
		return err
	},
	"to arrow": func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error {
		_, err := df.ToArrow(ctx)
		return err
	},
	"show": func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error { return df.Show(ctx, 1, false) },
	"temp view": func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error {
		return df.CreateTempView(ctx, "v", true, false)
	},
	"write": func(ctx context.Context, _ *dataflow.Session, df sql.DataFrame) error {
		return df.Writer().Save(ctx, "/x")
	},
	"client's sql": func(ctx context.Context, spark *dataflow.Session, _ sql.DataFrame) error {
		_, err := spark.Sql(ctx, "DROP TABLE t")
		return err
	},
	"our statement": func(ctx context.Context, spark *dataflow.Session, _ sql.DataFrame) error {
		return spark.Exec(ctx, "DROP TABLE t")
	},
}

func TestComponentGivesTheErrorOfTheServerInFull(t *testing.T) {
	t.Parallel()
	for name, call := range clientCalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			failure := notFound
			failure.ErrorID = "e-1"
			b.server.OnExecute(func(*fakeconnect.Operation) error { return failure.Error() })
			err := dataflow.Component(flowFunc(func(ctx context.Context, spark *dataflow.Session, _ component.Runtime) error {
				return call(ctx, spark, b.frame(t))
			})).Run(t.Context(), provide(b.spark, nil))
			var spark *component.SparkError
			require.ErrorAs(t, err, &spark)
			require.Equal(t, "TABLE_OR_VIEW_NOT_FOUND", spark.Class)
			require.Equal(t, "42P01", spark.SQLState)
			require.Equal(t, "The table `t` cannot be found.", spark.Message)
			require.Equal(t, map[string]string{"relationName": "`t`"}, spark.Parameters)
			require.NotEmpty(t, spark.OperationID)
			require.Contains(t, err.Error(), "[TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. (SQLSTATE 42P01)")
		})
	}
}

func TestComponentGivesTheCauseOfACancelledContext(t *testing.T) {
	t.Parallel()
	for name, call := range clientCalls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			b.server.OnExecute(func(op *fakeconnect.Operation) error {
				cancel(errReason)
				return op.Wait()
			})
			err := dataflow.Component(flowFunc(func(ctx context.Context, spark *dataflow.Session, _ component.Runtime) error {
				return call(ctx, spark, b.frame(t))
			})).Run(ctx, provide(b.spark, nil))
			require.ErrorIs(t, err, errReason)
			require.ErrorIs(t, err, context.Canceled)
			require.Zero(t, b.server.Running(), "the call returns after the job has ended")
			var spark *component.SparkError
			require.False(t, errors.As(err, &spark), "a cancel is no failure of the server")
		})
	}
}

func TestComponentPassesOtherErrorsUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	c := dataflow.Component(flowFunc(func(context.Context, *dataflow.Session, component.Runtime) error { return errReason }))
	require.Equal(t, errReason, c.Run(t.Context(), provide(b.spark, nil)))
}
