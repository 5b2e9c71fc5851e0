package dataflow_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

func TestRealRuntimeConf(t *testing.T) {
	t.Parallel()
	const partitions, static = "spark.sql.shuffle.partitions", "spark.sql.warehouse.dir"
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx, conf := t.Context(), spark.Conf()
		_, ok, err := conf.Get(ctx, partitions)
		require.NoError(t, err)
		require.True(t, ok, "by default")
		require.NoError(t, conf.Set(ctx, map[string]string{partitions: "7", "my.own.a": "1", "my.own.b": "ü = ; ,"}))
		now, _, err := conf.Get(ctx, partitions)
		require.NoError(t, err)
		require.Equal(t, "7", now)
		mine, err := conf.All(ctx, "my.own.")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"my.own.a": "1", "my.own.b": "ü = ; ,"}, mine, "under their whole keys")
		all, err := conf.All(ctx, "")
		require.NoError(t, err)
		require.Subset(t, all, mine)
		require.NoError(t, conf.Unset(ctx, "my.own.a", partitions, "my.own.never.set"))
		_, ok, err = conf.Get(ctx, "my.own.a")
		require.NoError(t, err)
		require.False(t, ok)
		now, _, err = conf.Get(ctx, partitions)
		require.NoError(t, err)
		require.Equal(t, "200", now, "as Spark has it built in, whatever the server was started with")

		for key, want := range map[string]bool{partitions: true, static: false, "my.own.b": false, "spark.master": false} {
			got, err := conf.IsModifiable(ctx, key)
			require.NoError(t, err)
			require.Equal(t, want, got, key)
		}
	})
}

func TestRealRuntimeConfFaults(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		ctx, conf := t.Context(), spark.Conf()
		bad := map[string]string{"spark.sql.shuffle.partitions": "seven", "spark.sql.session.timeZone": "Mars/Olympus"}
		set := maps.Clone(bad)
		set["my.own"] = "x"
		err := conf.Set(ctx, set)
		for key := range bad {
			require.ErrorContains(t, err, "set "+key+" on the running server: ")
		}
		require.NotContains(t, err.Error(), "my.own")
		value, _, err := conf.Get(ctx, "my.own")
		require.NoError(t, err)
		require.Equal(t, "x", value, "the others are set")
		require.ErrorContains(t, conf.Unset(ctx, "spark.sql.warehouse.dir"), "unset spark.sql.warehouse.dir: ")
	})
}
