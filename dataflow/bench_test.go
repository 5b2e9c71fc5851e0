package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkQuery is a trivial query with its row, on a server that does nothing:
// what the client side costs. The metric calls/op is to stay 1.
func BenchmarkQuery(b *testing.B) {
	s := setup(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		df, err := s.spark.SQL(b.Context(), "SELECT 1")
		if err != nil {
			b.Fatal(err)
		}
		rows, err := df.Collect(b.Context())
		if err != nil || len(rows) != 1 {
			b.Fatal(len(rows), err)
		}
	}
	b.ReportMetric(float64(s.trips())/float64(b.N), "calls/op")
}

// BenchmarkCreateTempView is the shortest command.
func BenchmarkCreateTempView(b *testing.B) {
	s := setup(b, nil)
	df := s.frame(b)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, s.spark.CreateTempView(b.Context(), df, "v"))
	}
	b.ReportMetric(float64(s.trips())/float64(b.N), "calls/op")
}
