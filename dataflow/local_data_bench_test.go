package dataflow_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

type uploadRow struct {
	ID int64   `spark:"id"`
	B  int64   `spark:"b"`
	S  string  `spark:"s"`
	R  float64 `spark:"r"`
}

func uploadRows(n int) []uploadRow {
	rows := make([]uploadRow, n)
	for i := range rows {
		rows[i] = uploadRow{ID: int64(i), B: int64(2 * i), S: strconv.Itoa(i), R: float64(i) / 3}
	}
	return rows
}

// BenchmarkCreateDataFrame sends rows to a real server and lets it count them.
func BenchmarkCreateDataFrame(b *testing.B) {
	spark := connectTo(b, sparktest.Remote(b), nil)
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		rows := uploadRows(n)
		for _, way := range []struct {
			name     string
			strategy dataflow.LocalDataStrategy
		}{
			{"auto", dataflow.LocalDataStrategyAuto}, {"inline", dataflow.LocalDataStrategyInline},
			{"cached", dataflow.LocalDataStrategyCached}, {"staged", dataflow.LocalDataStrategyStaged},
		} {
			b.Run(fmt.Sprintf("%s/%d", way.name, n), func(b *testing.B) {
				for b.Loop() {
					rows[0].B++ // else the session has the data already
					df, err := dataflow.CreateDataFrame(b.Context(), spark, rows, &dataflow.LocalDataOptions{Strategy: way.strategy})
					require.NoError(b, err)
					count, err := df.Count(b.Context())
					require.NoError(b, err)
					require.EqualValues(b, n, count)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
