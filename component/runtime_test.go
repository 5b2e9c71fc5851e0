package component_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/sparkpipe/sparkpipe/component"
)

func TestRuntime(t *testing.T) {
	t.Parallel()
	type key struct{}
	var zero component.Runtime
	require.NotNil(t, zero.Logger(), "the zero value works")
	require.Nil(t, zero.Resource(key{}))

	core, logs := observer.New(zapcore.InfoLevel)
	rt := zero.WithLogger(zap.New(core)).WithResource(key{}, 1).WithResource("other", 2)
	rt.Logger().Info("hello")
	require.Equal(t, 1, logs.Len())
	require.Equal(t, 1, rt.Resource(key{}))
	require.Equal(t, 3, rt.WithResource(key{}, 3).Resource(key{}), "the newest value wins")
	require.Equal(t, 1, rt.Resource(key{}), "the original is not changed")
}

func TestSparkErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  component.SparkError
		want string
	}{
		{
			component.SparkError{Class: "DIVIDE_BY_ZERO", Code: "Internal", Message: "by zero ", SQLState: "22012", Hint: "use try_divide"},
			"[DIVIDE_BY_ZERO] by zero (SQLSTATE 22012); use try_divide",
		},
		{component.SparkError{Code: "Unavailable", Message: "refused"}, "[Unavailable] refused"},
		{component.SparkError{Message: "odd"}, "odd"},
	}
	for _, test := range tests {
		require.EqualError(t, &test.err, test.want)
	}
}

func TestSparkErrorCauses(t *testing.T) {
	t.Parallel()
	var spark component.SparkError
	_, err := spark.Causes(t.Context())
	require.ErrorIs(t, err, component.ErrNoDetails)
	spark.Fetch = func(context.Context) ([]component.SparkCause, error) {
		return []component.SparkCause{{Class: "java.lang.ArithmeticException"}}, nil
	}
	causes, err := spark.Causes(t.Context())
	require.NoError(t, err)
	require.Equal(t, "java.lang.ArithmeticException", causes[0].Class)
}
