package columnar_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

func numbers(t testing.TB, from, n int) arrow.Record {
	t.Helper()
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id": %d, "text": "t%d", "list": [%d]}`, from+i, from+i, from+i)
	}
	return record(t, strings.Join(rows, ","), column("id", int64s), column("text", utf8), column("list", arrow.ListOf(int64s)))
}

type numbered struct {
	ID   int64
	Text string
	List []int64
}

func TestRowsStayValid(t *testing.T) {
	t.Parallel()
	data := stream(t, numbers(t, 0, 1000))
	var kept []numbered
	var decoder *columnar.Decoder[numbered]
	for range 2 {
		_, err := columnar.Read(data, func(rec arrow.Record) error {
			var err error
			if decoder == nil {
				decoder, err = columnar.NewDecoder[numbered](rec.Schema())
				require.NoError(t, err)
			}
			_, err = decoder.Decode(rec, func(row numbered) bool {
				kept = append(kept, row)
				return true
			})
			return err
		})
		require.NoError(t, err)
	}
	clear(data)
	for i, row := range kept {
		n := int64(i % 1000)
		require.Equal(t, numbered{ID: n, Text: fmt.Sprint("t", n), List: []int64{n}}, row)
		require.Equal(t, 1, cap(row.List), "appending reaches into no other row")
	}
}

func TestRowsBeforeAFaultArrive(t *testing.T) {
	t.Parallel()
	rec := record(t, `{"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 3, "b": null}, {"a": 4, "b": 4}, {"a": null, "b": 5}`, column("a", int64s), column("b", int64s))
	got, err := decode[struct{ A, B int64 }](t, rec)
	require.ErrorContains(t, err, `column "b", row 3: a NULL`, "the first row that is wrong, not the first column")
	require.Equal(t, []struct{ A, B int64 }{{1, 1}, {2, 2}}, got)
}

func TestRowNumbersGoOnOverBatches(t *testing.T) {
	t.Parallel()
	good := record(t, strings.Repeat(`{"a": 1},`, 599)+`{"a": 1}`, column("a", int64s))
	bad := record(t, strings.Repeat(`{"a": 1},`, 299)+`{"a": null}`, column("a", int64s))
	decoder, err := columnar.NewDecoder[int64](good.Schema())
	require.NoError(t, err)
	more, err := decoder.Decode(good, func(int64) bool { return true })
	require.NoError(t, err)
	require.True(t, more)
	_, err = decoder.Decode(bad, func(int64) bool { return true })
	require.ErrorContains(t, err, `column "a", row 900: a NULL`)
}

func TestDecodeStops(t *testing.T) {
	t.Parallel()
	decoder, err := columnar.NewDecoder[numbered](numbers(t, 0, 1).Schema())
	require.NoError(t, err)
	seen := 0
	more, err := decoder.Decode(numbers(t, 0, 600), func(numbered) bool {
		seen++
		return seen < 300
	})
	require.NoError(t, err)
	require.False(t, more)
	require.Equal(t, 300, seen)
}

func TestDecodeOfAnotherSchema(t *testing.T) {
	t.Parallel()
	decoder, err := columnar.NewDecoder[int64](arrow.NewSchema([]arrow.Field{column("a", int64s)}, nil))
	require.NoError(t, err)
	_, err = decoder.Decode(record(t, `{"a": 1}`, column("a", int32s)), func(int64) bool { return true })
	require.ErrorContains(t, err, "the schema of the result changes")
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]ipc.Option{"plain": nil, "zstd": {ipc.WithZstd()}, "lz4": {ipc.WithLZ4()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := int64(0)
			schema, err := columnar.Read(stream(t, numbers(t, 0, 500), opts...), func(rec arrow.Record) error {
				rows += rec.NumRows()
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, 3, schema.NumFields())
			require.Equal(t, int64(500), rows)
		})
	}
	reason := errors.New("reason")
	_, err := columnar.Read(stream(t, numbers(t, 0, 1)), func(arrow.Record) error { return reason })
	require.Equal(t, reason, err)
}

func TestReadOfDamagedBytes(t *testing.T) {
	t.Parallel()
	data := stream(t, numbers(t, 0, 10))
	ignore := func(arrow.Record) error { return nil }
	for name, damaged := range map[string][]byte{
		"nothing": nil, "noise": []byte("certainly not Arrow"), "the schema is cut": data[:40], "a length of its own": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	} {
		_, err := columnar.Read(damaged, ignore)
		require.ErrorContains(t, err, "the Arrow data is damaged", name)
	}
	for cut := range len(data) {
		_, _ = columnar.Read(data[:cut], ignore) // no panic
	}
	_, err := columnar.Read(data[:len(data)-100], ignore)
	require.ErrorContains(t, err, "cut off")
}

func TestTypesThatSparkDoesNotSend(t *testing.T) {
	t.Parallel()
	for want, typ := range map[string]arrow.DataType{
		"fixed_size_list": arrow.FixedSizeListOf(2, int64s), "time64[us]": arrow.FixedWidthTypes.Time64us, "timestamp[ns]": &arrow.TimestampType{Unit: arrow.Nanosecond},
		"duration[s]": arrow.FixedWidthTypes.Duration_s, "uint64": arrow.PrimitiveTypes.Uint64, "dictionary": &arrow.DictionaryType{IndexType: int32s, ValueType: utf8},
	} {
		_, err := columnar.NewDecoder[any](arrow.NewSchema([]arrow.Field{column("a", arrow.ListOf(arrow.StructOf(column("f", typ))))}, nil))
		require.ErrorContains(t, err, `column "a[].f": the server sends it as the Arrow type `+want)
	}
}

// FuzzDecode reads any bytes as a stream into a struct with a field for each
// kind of writer.
func FuzzDecode(f *testing.F) {
	type nested struct{ X *int64 }
	type row struct {
		ID      int64             `spark:"id,optional"`
		Text    *string           `spark:"text,optional"`
		List    []int64           `spark:"list,optional"`
		Map     map[string]*int64 `spark:"map,optional"`
		Structs []nested          `spark:"structs,optional"`
		Dec     *value.Decimal    `spark:"dec,optional"`
		Any     any               `spark:"any,optional"`
	}
	f.Add(stream(f, numbers(f, 0, 3)))
	f.Add(stream(f, numbers(f, 0, 3), ipc.WithLZ4()))
	f.Add(stream(f, everyType(f)))
	f.Add(stream(f, everyType(f), ipc.WithZstd()))
	f.Fuzz(func(_ *testing.T, data []byte) {
		const most = 10_000 // rows; a batch without bytes can claim any number
		_, _ = columnar.Read(data, func(rec arrow.Record) error {
			decoder, err := columnar.NewDecoder[row](rec.Schema())
			if err != nil {
				return err
			}
			seen := 0
			_, err = decoder.Decode(rec, func(row) bool {
				seen++
				return seen < most
			})
			return err
		})
		readAll(data)
	})
}

// everyType has a column for each layout of Arrow that Spark uses.
func everyType(t testing.TB) arrow.Record {
	t.Helper()
	return record(t, `{"map": [{"key": "a", "value": null}], "structs": [{"X": 1}, {"X": null}], "dec": "1.5", "any": [null, null], "bool": true,
			"text": "x", "bin": "AP8=", "day": "1970-01-01", "var": {"value": "DAc=", "metadata": "AQAA"}, "cal": {"days": 1}}, {"map": null}`,
		column("map", arrow.MapOf(utf8, int64s)), column("structs", arrow.ListOf(arrow.StructOf(column("X", int64s)))),
		column("dec", decimal), column("any", arrow.ListOf(arrow.Null)), column("bool", arrow.FixedWidthTypes.Boolean),
		column("text", arrow.BinaryTypes.LargeString), column("bin", arrow.BinaryTypes.Binary), column("day", arrow.FixedWidthTypes.Date32),
		column("var", variant), column("cal", arrow.FixedWidthTypes.MonthDayNanoInterval))
}

// readAll reads what may be damaged; only a panic matters.
func readAll(data []byte) {
	_, _ = columnar.Read(data, func(rec arrow.Record) error {
		decoder, err := columnar.NewDecoder[value.Row](rec.Schema())
		if err != nil {
			return err
		}
		rows := 0
		_, err = decoder.Decode(rec, func(value.Row) bool {
			rows++
			return rows < 1000
		})
		return err
	})
}

// TestDamageOfEveryWord overwrites each word of a stream with numbers that hurt.
func TestDamageOfEveryWord(t *testing.T) {
	t.Parallel()
	for _, whole := range [][]byte{stream(t, numbers(t, 0, 3)), stream(t, everyType(t)), stream(t, everyType(t), ipc.WithLZ4())} {
		for at := 0; at+8 <= len(whole); at += 4 {
			for _, number := range []uint64{0, 1, 1 << 31, 1 << 40, 1<<63 - 1, 1<<64 - 1} {
				data := append([]byte{}, whole...)
				binary.LittleEndian.PutUint64(data[at:], number)
				readAll(data)
			}
		}
	}
}

func TestDamageAtRandom(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	whole := stream(t, everyType(t))
	for range 2000 {
		data := append([]byte{}, whole...)
		for range 1 + random.IntN(3) {
			at := random.IntN(len(data) - 4)
			switch random.IntN(3) {
			case 0:
				data[at] = byte(random.Uint32())
			case 1:
				data[at] ^= 1 << random.IntN(8)
			case 2:
				copy(data[at:at+4], data[random.IntN(len(data)-4):])
			}
		}
		readAll(data)
	}
}

func TestReadOfWhatSparkDoesNotSend(t *testing.T) {
	t.Parallel()
	ignore := func(arrow.Record) error { return nil }
	_, err := columnar.Read(stream(t, record(t, `{"a": "x"}`, column("a", &arrow.DictionaryType{IndexType: int32s, ValueType: utf8}))), ignore)
	require.ErrorContains(t, err, "a column has a dictionary")
	_, err = columnar.Read(stream(t, record(t, `{"a": "1"}`, column("a", &arrow.Decimal256Type{Precision: 50}))), ignore)
	require.ErrorContains(t, err, `column "a": the server sends it as the Arrow type decimal256`)
	_, err = columnar.NewDecoder[any](arrow.NewSchema([]arrow.Field{column("a", &arrow.Decimal128Type{Precision: 38, Scale: 1 << 30})}, nil))
	require.ErrorContains(t, err, "is not known here")
}
