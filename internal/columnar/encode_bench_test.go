package columnar_test

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// BenchmarkEncode is the time of 1,000,000 structs of four fields.
func BenchmarkEncode(b *testing.B) {
	type row struct {
		ID, B int64
		S     string
		R     float64
	}
	rows := make([]row, 1_000_000)
	for i := range rows {
		rows[i] = row{ID: int64(i), B: int64(2 * i), S: strconv.Itoa(i), R: float64(i) / 3}
	}
	b.ReportAllocs()
	for b.Loop() {
		enc, err := columnar.NewEncoder(reflect.TypeFor[row](), nil)
		require.NoError(b, err)
		for i := range rows {
			if err := enc.Append(reflect.ValueOf(&rows[i]).Elem()); err != nil {
				b.Fatal(err)
			}
			if enc.Rows() == 32_768 {
				enc.Record().Release()
			}
		}
		enc.Release()
	}
}
