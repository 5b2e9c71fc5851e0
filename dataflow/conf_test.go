package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// lastConf is the operation of the last Config call.
func (b bundle) lastConf(t testing.TB) *wire.ConfigRequest_Operation {
	t.Helper()
	all := b.server.Requests("Config")
	require.NotEmpty(t, all)
	req, ok := all[len(all)-1].Message.(*wire.ConfigRequest)
	require.True(t, ok)
	return req.GetOperation()
}

func TestConf(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ctx, conf := t.Context(), b.spark.Conf()
	require.NoError(t, conf.Set(ctx, nil))
	require.Empty(t, b.server.Requests("Config"), "nothing to set")

	require.NoError(t, conf.Set(ctx, map[string]string{"a": "1", "b": ""}))
	require.Len(t, b.server.Requests("Config"), 1, "many in one round trip")
	value, ok, err := conf.Get(ctx, "a")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "1", value)
	value, ok, err = conf.Get(ctx, "b")
	require.NoError(t, err)
	require.True(t, ok, "an empty value is one")
	require.Empty(t, value)
	_, ok, err = conf.Get(ctx, "c")
	require.NoError(t, err)
	require.False(t, ok)

	require.NoError(t, conf.Unset(ctx))
	require.NoError(t, conf.Unset(ctx, "a", "b"))
	require.Equal(t, []string{"a", "b"}, b.lastConf(t).GetUnset().GetKeys())
	_, err = conf.All(ctx, "spark.")
	require.NoError(t, err)
	require.Equal(t, "spark.", b.lastConf(t).GetGetAll().GetPrefix())
	_, err = conf.All(ctx, "")
	require.NoError(t, err)
	require.Nil(t, b.lastConf(t).GetGetAll().Prefix)
	_, err = conf.IsModifiable(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, b.lastConf(t).GetIsModifiable().GetKeys())
}

func TestConfFaults(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.server.SetStatic("spark.password", "old")
	err := b.spark.Conf().Set(t.Context(), map[string]string{"spark.password": "s3ntinel", "b": "2"})
	require.ErrorContains(t, err, "set spark.password on the running server: [CANNOT_MODIFY_CONFIG]")
	require.NotContains(t, err.Error(), "s3ntinel")
	var spark *component.SparkError
	require.ErrorAs(t, err, &spark)
	value, _ := b.server.Conf("b")
	require.Equal(t, "2", value, "the others are set")
	before := b.trips()
	require.EqualError(t, b.spark.Conf().Set(t.Context(), map[string]string{"": "x", "a": "1"}), "a property has no name")
	require.Equal(t, before, b.trips())
}
