package columnar_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

var (
	utf8      = arrow.BinaryTypes.String
	int32s    = arrow.PrimitiveTypes.Int32
	int64s    = arrow.PrimitiveTypes.Int64
	doubles   = arrow.PrimitiveTypes.Float64
	decimal   = &arrow.Decimal128Type{Precision: 10, Scale: 2}
	whole     = &arrow.Decimal128Type{Precision: 38, Scale: 0}
	timestamp = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "America/New_York"}
	wallClock = &arrow.TimestampType{Unit: arrow.Microsecond}
	micros    = &arrow.DurationType{Unit: arrow.Microsecond}
	variant   = arrow.StructOf(
		arrow.Field{Name: "value", Type: arrow.BinaryTypes.Binary},
		arrow.Field{Name: "metadata", Type: arrow.BinaryTypes.Binary, Metadata: arrow.NewMetadata([]string{"variant"}, []string{"true"})},
	)
)

func column(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// record makes a batch of rows that are written as JSON.
func record(t testing.TB, rows string, fields ...arrow.Field) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader("["+rows+"]"), array.WithUseNumber())
	require.NoError(t, err)
	return rec
}

// stream is the batch as a server sends it.
func stream(t testing.TB, rec arrow.Record, opts ...ipc.Option) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := ipc.NewWriter(&buf, append(opts, ipc.WithSchema(rec.Schema()))...)
	require.NoError(t, w.Write(rec))
	require.NoError(t, w.Close())
	return buf.Bytes()
}

// decode reads the batch the whole way, from its bytes.
func decode[T any](t testing.TB, rec arrow.Record) ([]T, error) {
	t.Helper()
	decoder, err := columnar.NewDecoder[T](rec.Schema())
	if err != nil {
		return nil, err
	}
	var out []T
	_, err = columnar.Read(stream(t, rec), func(rec arrow.Record) error {
		_, err := decoder.Decode(rec, func(row T) bool {
			out = append(out, row)
			return true
		})
		return err
	})
	return out, err
}

// require1 is the only value of a column of one row.
func require1[T any](t *testing.T, want T, typ arrow.DataType, json string) {
	t.Helper()
	got, err := decode[T](t, record(t, `{"x": `+json+`}`, column("x", typ)))
	require.NoError(t, err)
	require.Equal(t, []T{want}, got)
}

// refused requires that the Go type is refused before the first row.
func refused[T any](t *testing.T, typ arrow.DataType, want string) {
	t.Helper()
	_, err := columnar.NewDecoder[T](arrow.NewSchema([]arrow.Field{column("x", typ)}, nil))
	require.ErrorContains(t, err, want)
}

func ptr[T any](v T) *T { return &v }

// withNames is the first column of the batch under several names.
func withNames(rec arrow.Record, names ...string) arrow.Record {
	var fields []arrow.Field
	var columns []arrow.Array
	for _, name := range names {
		fields = append(fields, column(name, rec.Schema().Field(0).Type))
		columns = append(columns, rec.Column(0))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, rec.NumRows())
}
