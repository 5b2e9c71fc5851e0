package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/fakeconnect"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestProxyCountsCallsAndPassesThemOn(t *testing.T) {
	t.Parallel()
	p, err := startProxy(t.Context(), fakeconnect.Start(t).Remote()+"/;user_id=me")
	require.NoError(t, err)
	spark, err := dataflow.Connect(t.Context(), p.remote(), nil)
	require.NoError(t, err)
	require.Equal(t, "1: 1 AnalyzePlan", p.take())
	require.Equal(t, "0", p.take())

	for range 2 {
		df, err := spark.SQL(t.Context(), "SELECT 1")
		require.NoError(t, err)
		rows, err := df.Collect(t.Context())
		require.NoError(t, err)
		require.Len(t, rows, 1)
	}
	require.NoError(t, spark.Close(t.Context()))
	require.Equal(t, "3: 2 ExecutePlan, 1 ReleaseSession", p.take())
	require.NoError(t, p.stop())
}
