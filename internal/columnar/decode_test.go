package columnar_test

import (
	"database/sql"
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

type (
	ownInt   int64
	ownText  string
	ownBytes []byte
	ownSlice []int64
	ownMap   map[ownText]ownInt
	ownReal  float64
	ownBool  bool
	stringer interface{ String() string }
	pointTwo struct{ X, Y int64 }
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	require1(t, true, arrow.FixedWidthTypes.Boolean, "true")
	require1(t, ownBool(true), arrow.FixedWidthTypes.Boolean, "true")
	require1(t, int64(math.MinInt64), int64s, "-9223372036854775808")
	require1(t, int8(-128), int64s, "-128")
	require1(t, uint8(255), int64s, "255")
	require1(t, uint64(math.MaxInt64), int64s, "9223372036854775807")
	require1(t, uint(7), arrow.PrimitiveTypes.Int8, "7")
	require1(t, int(-7), arrow.PrimitiveTypes.Int16, "-7")
	require1(t, int32(-7), int32s, "-7")
	require1(t, uint16(65535), int32s, "65535")
	require1(t, ownInt(5), int64s, "5")
	require1(t, float32(1.5), arrow.PrimitiveTypes.Float32, "1.5")
	require1(t, 1.5, arrow.PrimitiveTypes.Float32, "1.5")
	require1(t, 0.1, doubles, "0.1")
	require1(t, ownReal(0.1), doubles, "0.1")
}

func TestNumbersOutOfRange(t *testing.T) {
	t.Parallel()
	fails := func(err error, want string) {
		t.Helper()
		require.EqualError(t, err, `column "x", row 2: `+want)
	}
	rows := func(text string) arrow.Record { return record(t, `{"x": 1}, {"x": `+text+`}`, column("x", int64s)) }
	_, err := decode[int8](t, rows("128"))
	fails(err, "128 does not fit into int8")
	_, err = decode[int16](t, rows("-32769"))
	fails(err, "-32769 does not fit into int16")
	_, err = decode[int32](t, rows("2147483648"))
	fails(err, "2147483648 does not fit into int32")
	_, err = decode[uint64](t, rows("-1"))
	fails(err, "-1 does not fit into uint64")
	_, err = decode[uint8](t, rows("256"))
	fails(err, "256 does not fit into uint8")
	_, err = decode[*uint8](t, rows("256"))
	fails(err, "256 does not fit into uint8")
	_, err = decode[sql.NullInt16](t, rows("40000"))
	fails(err, "40000 does not fit into int16")
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	require1(t, value.Decimal("12.50"), decimal, `"12.5"`)
	require1(t, value.Decimal("-0.01"), decimal, `"-0.01"`)
	require1(t, value.Decimal("0.00"), decimal, `"0"`)
	require1(t, *big.NewRat(25, 2), decimal, `"12.5"`)
	require1(t, big.NewRat(-1, 100), decimal, `"-0.01"`)
	long := "12345678901234567890123456789012345678"
	require1(t, value.Decimal("-"+long), whole, `"-`+long+`"`)
	n, _ := new(big.Int).SetString(long, 10)
	require1(t, n, whole, `"`+long+`"`)
	require1(t, int32(-7), whole, `"-7"`)
	require1(t, uint64(math.MaxUint64), whole, `"18446744073709551615"`)
	require1(t, int64(math.MinInt64), whole, `"-9223372036854775808"`)

	refused[float64](t, decimal, `column "x": DECIMAL(10,2) cannot be read into float64; use a value.Decimal or *big.Rat, which are exact, or change the type in the query`)
	refused[string](t, decimal, "cannot be read into string")
	refused[int64](t, decimal, "cannot be read into int64")
	refused[*big.Int](t, decimal, "cannot be read into big.Int")
	refused[time.Duration](t, whole, "cannot be read into time.Duration")
	_, err := decode[int64](t, record(t, `{"x": "9223372036854775808"}`, column("x", whole)))
	require.EqualError(t, err, `column "x", row 1: 9223372036854775808 does not fit into int64`)
	_, err = decode[uint8](t, record(t, `{"x": "-1"}`, column("x", whole)))
	require.EqualError(t, err, `column "x", row 1: -1 does not fit into uint8`)
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for _, typ := range []arrow.DataType{utf8, arrow.BinaryTypes.LargeString} {
		require1(t, "Zoë", typ, `"Zoë"`)
		require1(t, "", typ, `""`)
		require1(t, ownText("a"), typ, `"a"`)
		require1(t, []byte("a"), typ, `"a"`)
		require1(t, json.RawMessage(`{"a":1}`), typ, `"{\"a\":1}"`)
		require1(t, netip.MustParseAddr("10.0.0.1"), typ, `"10.0.0.1"`)
		require1(t, uuid.MustParse("00112233-4455-6677-8899-aabbccddeeff"), typ, `"00112233-4455-6677-8899-aabbccddeeff"`)
	}
	for _, typ := range []arrow.DataType{arrow.BinaryTypes.Binary, arrow.BinaryTypes.LargeBinary} {
		require1(t, []byte{0, 255}, typ, `"AP8="`)
		require1(t, ownBytes{}, typ, `""`)
		require1(t, [2]byte{0, 255}, typ, `"AP8="`)
		require1(t, &[2]byte{0, 255}, typ, `"AP8="`)
		refused[string](t, typ, "BINARY cannot be read into string; use a []byte")
	}
	refused[value.Decimal](t, utf8, "STRING cannot be read into value.Decimal")
	refused[time.Time](t, utf8, "STRING cannot be read into time.Time")
	refused[int](t, utf8, "STRING cannot be read into int; use a string or []byte")
	_, err := decode[[3]byte](t, record(t, `{"x": "AP8="}`, column("x", arrow.BinaryTypes.Binary)))
	require.EqualError(t, err, `column "x", row 1: 2 bytes do not fit into [3]uint8; use a []byte`)
	_, err = decode[netip.Addr](t, record(t, `{"x": "nowhere"}`, column("x", utf8)))
	require.ErrorContains(t, err, `column "x", row 1: ParseAddr`)
}

func TestTimes(t *testing.T) {
	t.Parallel()
	leap := time.Date(2024, 2, 29, 1, 2, 3, 400000000, time.UTC)
	require1(t, leap, timestamp, `"2024-02-29 01:02:03.4"`)
	require1(t, leap, wallClock, `"2024-02-29 01:02:03.4"`)
	require1(t, value.Date{Year: 1969, Month: 12, Day: 31}, arrow.FixedWidthTypes.Date32, `"1969-12-31"`)
	require1(t, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), arrow.FixedWidthTypes.Date32, `"1969-12-31"`)
	require1(t, 1500*time.Microsecond, micros, "1500")
	require1(t, value.DayTimeInterval(math.MinInt64), micros, "-9223372036854775808")
	require1(t, value.YearMonthInterval(14), arrow.FixedWidthTypes.MonthInterval, `{"months": 14}`)
	require1(t, value.CalendarInterval{Months: 1, Days: 2, Microseconds: 3}, arrow.FixedWidthTypes.MonthDayNanoInterval,
		`{"months": 1, "days": 2, "nanoseconds": 3000}`)

	refused[int64](t, timestamp, "TIMESTAMP cannot be read into int64; use a time.Time")
	refused[string](t, wallClock, "TIMESTAMP_NTZ cannot be read into string")
	refused[int64](t, micros, "INTERVAL DAY TO SECOND cannot be read into int64; use a time.Duration or value.DayTimeInterval")
	refused[int32](t, arrow.FixedWidthTypes.MonthInterval, "INTERVAL YEAR TO MONTH cannot be read into int32")
	refused[time.Duration](t, int64s, "BIGINT cannot be read into time.Duration")
	refused[value.YearMonthInterval](t, int32s, "INT cannot be read into value.YearMonthInterval")
	_, err := decode[time.Duration](t, record(t, `{"x": 9223372036854775807}`, column("x", micros)))
	require.ErrorContains(t, err, `column "x", row 1: the interval 106751991 04:00:54.775807 is longer than a time.Duration`)
	_, err = decode[value.CalendarInterval](t, record(t, `{"x": {"nanoseconds": 1}}`, column("x", arrow.FixedWidthTypes.MonthDayNanoInterval)))
	require.ErrorContains(t, err, "has 1 nanoseconds")
}

func TestNested(t *testing.T) {
	t.Parallel()
	list := arrow.ListOf(int64s)
	require1(t, []int64{1, 2}, list, `[1, 2]`)
	require1(t, []ownInt{1, 2}, list, `[1, 2]`)
	require1(t, ownSlice{1, 2}, list, `[1, 2]`)
	require1(t, []int8{1, 2}, list, `[1, 2]`)
	require1(t, []*int64{ptr(int64(1)), nil}, list, `[1, null]`)
	require1(t, []any{int64(1), nil}, list, `[1, null]`)
	require1(t, []int64{}, list, `[]`)
	require1(t, []int64(nil), list, `null`)
	require1(t, [2]int64{1, 2}, list, `[1, 2]`)
	require1(t, [][]string{{"a"}, nil, {}}, arrow.ListOf(arrow.ListOf(utf8)), `[["a"], null, []]`)
	require1(t, []byte{1}, arrow.ListOf(arrow.PrimitiveTypes.Int8), `[1]`)

	point := arrow.StructOf(column("x", int64s), column("y", int64s))
	require1(t, []pointTwo{{1, 2}, {3, 4}}, arrow.ListOf(point), `[{"x": 1, "y": 2}, {"x": 3, "y": 4}]`)
	require1(t, []*pointTwo{{1, 2}, nil}, arrow.ListOf(point), `[{"x": 1, "y": 2}, null]`)
	require1(t, sql.Null[pointTwo]{V: pointTwo{1, 2}, Valid: true}, point, `{"x": 1, "y": 2}`)
	require1(t, sql.Null[pointTwo]{}, point, `null`)
	// One column, and the type is a map of its own.
	require1(t, map[string]int64{"x": 1, "y": 2}, point, `{"x": 1, "y": 2}`)

	m := arrow.MapOf(utf8, int64s)
	require1(t, map[string]int64{"a": 1}, m, `[{"key": "a", "value": 1}]`)
	require1(t, ownMap{"a": 1}, m, `[{"key": "a", "value": 1}]`)
	require1(t, map[any]any{"a": nil}, m, `[{"key": "a", "value": null}]`)
	require1(t, map[string]int64(nil), m, `null`)
	require1(t, map[string]int64{}, m, `[]`)
	require1(t, map[[2]byte]sql.NullInt64{{0, 255}: {Int64: 1, Valid: true}}, arrow.MapOf(arrow.BinaryTypes.Binary, int64s), `[{"key": "AP8=", "value": 1}]`)
	require1(t, map[any]any{"\x00\xff": int64(1)}, arrow.MapOf(arrow.BinaryTypes.Binary, int64s), `[{"key": "AP8=", "value": 1}]`)
	require1(t, map[string]pointTwo{"a": {1, 2}}, arrow.MapOf(utf8, point), `[{"key": "a", "value": {"x": 1, "y": 2}}]`)
	require1(t, map[string][]int64{"a": {1}, "b": {2, 3}}, arrow.MapOf(utf8, list), `[{"key": "a", "value": [1]}, {"key": "b", "value": [2, 3]}]`)

	refused[int](t, list, "ARRAY<BIGINT> cannot be read into int; use a slice")
	refused[[]string](t, list, `column "x[]": BIGINT cannot be read into string`)
	refused[[]int](t, m, "MAP<STRING, BIGINT> cannot be read into []int; use a map")
	refused[map[int]int](t, m, `column "x.key": STRING cannot be read into int`)
	refused[map[string]bool](t, m, `column "x.value": BIGINT cannot be read into bool`)
	refused[map[any]int](t, arrow.MapOf(list, int64s), "keys of the type ARRAY<BIGINT> cannot be keys of a Go map; use map_entries in the query")
	refused[map[struct{ X any }]int](t, arrow.MapOf(point, int64s), "holds an interface")
	refused[[]int](t, point, "STRUCT<x: BIGINT, y: BIGINT> cannot be read into []int; use a struct or map[string]any")
	refused[[]stringer](t, list, "cannot be read into columnar_test.stringer")
	refused[chan int](t, int64s, "cannot be read into chan int")
	_, err := decode[[3]int64](t, record(t, `{"x": [1, 2]}`, column("x", list)))
	require.EqualError(t, err, `column "x", row 1: an array of 2 elements does not fit into [3]int64; use a slice`)
}

func TestVariants(t *testing.T) {
	t.Parallel()
	rows := `{"value": "DAc=", "metadata": "AQAA"}`
	want := value.Variant{Metadata: []byte{1, 0, 0}, Value: []byte{12, 7}}
	require1(t, want, variant, rows)
	require1(t, &want, variant, rows)
	require1[any](t, want, variant, rows)
	require1(t, (*value.Variant)(nil), variant, "null")
	require1(t, []value.Variant{want}, arrow.ListOf(variant), "["+rows+"]")
	refused[value.Variant](t, int64s, "BIGINT cannot be read into value.Variant")
	refused[[]byte](t, variant, "VARIANT cannot be read into []uint8; use a value.Variant")
	plain := arrow.StructOf(column("value", arrow.BinaryTypes.Binary), column("metadata", arrow.BinaryTypes.Binary))
	refused[value.Variant](t, plain, "STRUCT<value: BINARY, metadata: BINARY> cannot be read into value.Variant")
}

func TestNulls(t *testing.T) {
	t.Parallel()
	require1(t, (*int64)(nil), int64s, "null")
	require1(t, (**int64)(nil), int64s, "null")
	require1[any](t, nil, int64s, "null")
	require1(t, sql.Null[int64]{}, int64s, "null")
	require1(t, sql.Null[int64]{V: 7, Valid: true}, int64s, "7")
	require1(t, sql.NullString{}, utf8, "null")
	require1(t, sql.NullTime{Time: time.Unix(0, 0).UTC(), Valid: true}, timestamp, `"1970-01-01 00:00:00"`)
	require1(t, sql.Null[netip.Addr]{}, utf8, "null")
	require1(t, ([]byte)(nil), arrow.BinaryTypes.Binary, "null")

	require1(t, (*string)(nil), arrow.Null, "null")
	require1(t, sql.Null[int]{}, arrow.Null, "null")
	require1[any](t, nil, arrow.Null, "null")
	require1(t, []any{nil, nil}, arrow.ListOf(arrow.Null), "[null, null]")
	require1(t, []string{}, arrow.ListOf(arrow.Null), "[]")
	_, err := decode[[]string](t, record(t, `{"x": [null]}`, column("x", arrow.ListOf(arrow.Null))))
	require.ErrorContains(t, err, `column "x[]", row 1: a NULL cannot be read into string`)
	require1(t, map[string]string{}, arrow.MapOf(arrow.Null, arrow.Null), "[]")
	refused[string](t, arrow.Null, "VOID cannot be read into string; use a pointer, sql.Null[T] or any")

	fails := func(err error, want string) {
		t.Helper()
		require.EqualError(t, err, want)
	}
	_, err = decode[int64](t, record(t, `{"x": 1}, {"x": null}`, column("x", int64s)))
	fails(err, `column "x", row 2: a NULL cannot be read into int64; use a *int64 or sql.Null[int64], or coalesce it in the query`)
	_, err = decode[[]string](t, record(t, `{"x": ["a"]}, {"x": []}, {"x": ["b", null]}`, column("x", arrow.ListOf(utf8))))
	fails(err, `column "x[]", row 3: a NULL cannot be read into string; use a *string or sql.Null[string], or coalesce it in the query`)
	_, err = decode[map[string]int64](t, record(t, `{"x": [{"key": "a", "value": null}]}`, column("x", arrow.MapOf(utf8, int64s))))
	fails(err, `column "x.value", row 1: a NULL cannot be read into int64; use a *int64 or sql.Null[int64], or coalesce it in the query`)
	_, err = decode[[1]int64](t, record(t, `{"x": null}`, column("x", arrow.ListOf(int64s))))
	require.ErrorContains(t, err, `column "x", row 1: a NULL cannot be read into [1]int64`)
	_, err = decode[[2]byte](t, record(t, `{"x": null}`, column("x", arrow.BinaryTypes.Binary)))
	require.ErrorContains(t, err, "a NULL cannot be read into [2]uint8")
}

func TestNaturalValues(t *testing.T) {
	t.Parallel()
	natural := func(want any, typ arrow.DataType, json string) {
		t.Helper()
		require1(t, want, typ, json)
		require1[any](t, nil, typ, "null")
	}
	natural(true, arrow.FixedWidthTypes.Boolean, "true")
	natural(int8(1), arrow.PrimitiveTypes.Int8, "1")
	natural(int16(1), arrow.PrimitiveTypes.Int16, "1")
	natural(int32(1), int32s, "1")
	natural(int64(1), int64s, "1")
	natural(float32(1.5), arrow.PrimitiveTypes.Float32, "1.5")
	natural(1.5, doubles, "1.5")
	natural(value.Decimal("1.50"), decimal, `"1.5"`)
	natural("a", utf8, `"a"`)
	natural([]byte("a"), arrow.BinaryTypes.LargeBinary, `"YQ=="`)
	natural(value.Date{Year: 1970, Month: 1, Day: 2}, arrow.FixedWidthTypes.Date32, `"1970-01-02"`)
	natural(time.Unix(1, 0).UTC(), timestamp, `"1970-01-01 00:00:01"`)
	natural(time.Second, micros, "1000000")
	natural(value.YearMonthInterval(1), arrow.FixedWidthTypes.MonthInterval, `{"months": 1}`)
	natural(value.CalendarInterval{Days: 1}, arrow.FixedWidthTypes.MonthDayNanoInterval, `{"days": 1}`)
	natural([]any{int32(1), nil}, arrow.ListOf(int32s), "[1, null]")
	natural(map[string]any{"a": int64(1)}, arrow.MapOf(utf8, int64s), `[{"key": "a", "value": 1}]`)
	natural(map[any]any{int32(1): "x"}, arrow.MapOf(int32s, utf8), `[{"key": 1, "value": "x"}]`)
	natural(value.NewRow([]string{"b", "a"}, []any{int64(1), []any{"x"}}),
		arrow.StructOf(column("b", int64s), column("a", arrow.ListOf(utf8))), `{"b": 1, "a": ["x"]}`)
}
