package dataflow_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// manyRows is a query whose rows cost Spark next to nothing.
const manyRows = "SELECT id, id * 2 AS b, CAST(id AS STRING) AS s, rand(7) AS r FROM range(2000000)"

type manyRow struct {
	ID int64
	B  int64
	S  string
	R  float64
}

// BenchmarkRealRows compares the ways to two million rows. The first is the
// floor: what the connection alone takes.
func BenchmarkRealRows(b *testing.B) {
	spark := realSpark(b)
	df, err := spark.SQL(b.Context(), manyRows)
	require.NoError(b, err)
	ways := []struct {
		name string
		run  func(b *testing.B) int64
	}{
		{"receive", func(b *testing.B) (n int64) {
			conn, relation, err := connect.Owner(b.Context(), df)
			require.NoError(b, err)
			require.NoError(b, conn.Query(b.Context(), relation, func(resp *wire.ExecutePlanResponse) error {
				n += resp.GetArrowBatch().GetRowCount()
				return nil
			}))
			return n
		}},
		{"Batches", func(b *testing.B) (n int64) {
			for record, err := range dataflow.Batches(b.Context(), df) {
				require.NoError(b, err)
				n += record.NumRows()
			}
			return n
		}},
		{"RowsAs", func(b *testing.B) (n int64) {
			for row, err := range dataflow.RowsAs[manyRow](b.Context(), df) {
				if err != nil || row.ID < 0 {
					b.Fatal(err)
				}
				n++
			}
			return n
		}},
		{"Rows", func(b *testing.B) (n int64) {
			for row, err := range dataflow.Rows(b.Context(), df) {
				if err != nil || row.Len() != 4 {
					b.Fatal(err)
				}
				n++
			}
			return n
		}},
		{"client's ToArrow", func(b *testing.B) int64 {
			table, err := df.ToArrow(b.Context())
			require.NoError(b, err)
			return (*table).NumRows()
		}},
		{"client's Collect", func(b *testing.B) int64 {
			got, err := df.Collect(b.Context())
			require.NoError(b, err)
			return int64(len(got))
		}},
	}
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n := way.run(b); n != 2_000_000 {
					b.Fatal(n)
				}
			}
		})
	}
}
