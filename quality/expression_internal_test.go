package quality

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

func TestPartsOfNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"a": {"a"}, "a.b": {"a", "b"}, "`a.b`": {"a.b"}, "`a.b`.c": {"a.b", "c"}, "`a``b`": {"a`b"}, "a`b": {"a`b"}, "a b.c d": {"a b", "c d"}, "````": {"`"}, "日.本": {"日", "本"},
	} {
		got, err := parts(name)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"", " ", ".", "a.", ".a", "a..b", "`", "`a", "`a`b", "``", "a.`", "a\xff"} {
		_, err := parts(name)
		require.Error(t, err, "%q", name)
	}
}

func FuzzParts(f *testing.F) {
	for _, seed := range []string{"a.b", "`a.b`.c", "`a``b`", "``.a", "a`.`b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := parts(name)
		if err != nil {
			return
		}
		quoted := make([]string, len(got))
		for i, part := range got {
			require.NotEmpty(t, strings.TrimSpace(part))
			quoted[i] = dataflow.QuoteName(part)
		}
		again, err := parts(strings.Join(quoted, "."))
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	type mine int16
	for want, v := range map[string]any{
		"1": 1, "-2": mine(-2), "1/10": 0.1, "1/5": float32(0.2), "25/2": dataflow.Decimal("12.50"), "18446744073709551615": uint64(math.MaxUint64),
		"1000": "1e3", "1/2": " .5 ", "3": "3.", "-1/100": "-1e-2",
	} {
		got, err := number(v)
		require.NoError(t, err, v)
		require.Equal(t, want, got.RatString())
	}
	for _, v := range []any{"", "1/2", "0x10", "1e9999", "1_000", "NaN", "Infinity", "१", math.NaN(), math.Inf(-1), true, []int{1}, time.Now(), dataflow.Decimal("1e5"), strings.Repeat("9", 300)} {
		_, err := number(v)
		require.Error(t, err, v)
	}
}

func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"1", "-0.5", "1e300", "1e-300", ".", "1/3", "00000000001"} {
		f.Add(seed)
	}
	long := schema.Long()
	f.Fuzz(func(t *testing.T, text string) {
		n, err := number(text)
		if err != nil {
			return
		}
		d, _ := digitsOf(schema.Decimal(38, 18))
		floor, ceil := d.unscaled(n)
		scaled := new(big.Rat).Mul(n, new(big.Rat).SetInt(tenTo(18)))
		require.LessOrEqual(t, new(big.Rat).SetInt(floor).Cmp(scaled), 0)
		require.GreaterOrEqual(t, new(big.Rat).SetInt(ceil).Cmp(scaled), 0)
		for _, operator := range []string{"<", "<=", ">", ">="} {
			require.NoError(t, beyond(operand{expr: named("a"), typ: long}, operator, n).err)
		}
	})
}

func TestConstants(t *testing.T) {
	t.Parallel()
	ok := []struct {
		typ schema.DataType
		v   any
	}{
		{schema.Long(), "7"}, {schema.Decimal(4, 2), 12.34}, {schema.Double(), "NaN"}, {schema.Double(), "-Infinity"}, {schema.Float(), 0.1}, {schema.String(), 7}, {schema.String(), "x"},
		{schema.Boolean(), "TRUE"}, {schema.Boolean(), false}, {schema.Date(), "2024-05-01"}, {schema.Date(), time.Now()}, {schema.Timestamp(), "2024-05-01 12:00"},
		{schema.Timestamp(), "2024-05-01T12:00:00.5+02:00"}, {schema.Timestamp(), dataflow.Date{Year: 2024, Month: 1, Day: 1}}, {schema.TimestampNTZ(), time.Now()}, {schema.TimestampNTZ(), dataflow.Date{Year: 2024, Month: 1, Day: 1}},
	}
	for _, tt := range ok {
		e, err := constant(tt.typ, tt.v)
		require.NoError(t, err, "%v as %s", tt.v, tt.typ)
		require.NoError(t, e.err)
	}
	bad := []struct {
		typ  schema.DataType
		v    any
		want string
	}{
		{schema.Long(), "NaN", `"NaN" is no number`}, {schema.Byte(), 128, "128 can be in no column of type TINYINT"}, {schema.Decimal(4, 2), "0.001", "can be in no column"}, {schema.Long(), 0.5, "1/2 can be in no column"},
		{schema.String(), 1.5, "write it in quotes"}, {schema.String(), "\xff", "no UTF-8"}, {schema.Boolean(), "yes", "neither true nor false"}, {schema.Date(), 20240501, "is no date"},
		{schema.Timestamp(), "yesterday", "write a point in time"}, {schema.Timestamp(), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "out of range"},
		{schema.TimestampNTZ(), "2024-05-01T12:00:00Z", "without a zone"}, {schema.TimestampNTZ(), 1, "without a zone"}, {schema.Binary(), "x", "cannot be written here"}, {schema.Date(), "2024-02-30", "2024-02-30"},
	}
	for _, tt := range bad {
		_, err := constant(tt.typ, tt.v)
		require.ErrorContains(t, err, tt.want, "%v as %s", tt.v, tt.typ)
	}
}

// TestPlausible has metrics as servers send them, and as they must not be taken.
func TestPlausible(t *testing.T) {
	t.Parallel()
	// seen are the metrics of partitions, of which each number stands for a run.
	seen := func(rows int64, partitions ...int64) map[string]any {
		if rows == 0 {
			return map[string]any{rowsName: rows, sightingsName: nil, wordName(0): nil}
		}
		sum, word := int64(0), int64(5) // with two rules in it
		for _, p := range partitions {
			sum += 1<<firstShift + partitionHash(p)
			word |= 1 << (partitionShift + min(p, partitionBits-1))
		}
		return map[string]any{rowsName: rows, sightingsName: sum, wordName(0): word}
	}
	upTo := func(n int64) (out []int64) {
		for p := range n {
			out = append(out, p)
		}
		return out
	}
	for name, v := range map[string]map[string]any{
		"all rows": seen(10, 0, 1, 2), "no rows": seen(0), "some are empty": seen(5, 3, 30), "many": seen(5000, upTo(5000)...), "all that have a bit": seen(40, upTo(31)...), "one more": seen(40, upTo(32)...),
	} {
		require.True(t, plausible(v), name)
	}
	for name, v := range map[string]map[string]any{
		"nothing": {}, "null": {rowsName: nil, sightingsName: nil, wordName(0): nil}, "seen twice": seen(20, 0, 1, 0, 1), "one seen twice": seen(20, 0, 1, 1),
		"seen twice, half of them empty": seen(9, 0, 3, 0, 3), "more parts than rows": seen(2, 0, 1, 2), "rows without a part": seen(2),
		"many seen twice": seen(500, append(upTo(100), upTo(100)...)...), "one of many seen twice": seen(500, append(upTo(100), 7)...),
		"many with an empty one": seen(500, upTo(100)[1:]...), "one seen twice for an empty one": seen(500, append(upTo(100)[1:], 50)...),
		"two seen twice for two": seen(500, append(upTo(100)[2:], 2, 3)...), "another type": {rowsName: int32(2), sightingsName: int64(1), wordName(0): int64(1)},
		"below zero": {rowsName: int64(-1), sightingsName: nil, wordName(0): nil}, "rows and no word": {rowsName: int64(1), sightingsName: int64(1 << firstShift), wordName(0): nil},
	} {
		require.False(t, plausible(v), name)
	}
}

func TestDense(t *testing.T) {
	t.Parallel()
	require.True(t, dense(int64(1), int64(5_000_000), 5_000_000, 8))
	require.True(t, dense(int8(-128), int8(127), 1, 1000), "a range that is always small")
	require.False(t, dense(int64(1), int64(5_000_000), 5_000_000, 2000), "too many tasks")
	require.False(t, dense(int64(0), int64(1_000_000_000), 1_000_000, 2), "too sparse")
	require.False(t, dense(int64(math.MinInt64), int64(math.MaxInt64), math.MaxInt64/100, 2))
	require.False(t, dense(nil, nil, 0, 1))
}

func TestWhichErrorsAreOfARule(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, err := range []error{
		&component.SparkError{SQLState: "42703"}, &component.SparkError{SQLState: "22012"}, &component.SparkError{Code: "Internal"}, fmt.Errorf("read: %w", &component.SparkError{SQLState: "P0001"}),
	} {
		require.True(t, ofRule(ctx, err), err)
	}
	for _, err := range []error{
		errors.New("x"), &component.SparkError{Code: "Unavailable"}, &component.SparkError{SQLState: "08000"}, &component.SparkError{SQLState: "HY008"}, &component.SparkError{SQLState: "28000"}, context.Canceled,
	} {
		require.False(t, ofRule(ctx, err), err)
	}
	ended, stop := context.WithCancel(ctx)
	stop()
	require.False(t, ofRule(ended, &component.SparkError{SQLState: "42703"}), "who was interrupted says nothing of the rule")
	require.Equal(t, "Spark broke off with CAST_INVALID_INPUT (SQLSTATE 22018); its text is left out, since it may hold values of rows",
		explain(&component.SparkError{Class: "CAST_INVALID_INPUT", SQLState: "22018", Message: "the value 'secret'"}))
	require.Equal(t, "[X] a b (SQLSTATE 42000)", explain(&component.SparkError{Class: "X", SQLState: "42000", Message: "a\n b"}))
}

func TestDistances(t *testing.T) {
	t.Parallel()
	a, b := map[string]any{"=x": 0.5, "=y": 0.5}, map[string]any{"=x": 0.25, "=z": 0.75}
	require.InDelta(t, 0.75, tvd(a, b), 1e-12)
	require.InDelta(t, 0.25*math.Log(2)+(0.5-1e-4)*math.Log(0.5/1e-4)+(0.75-1e-4)*math.Log(0.75/1e-4), psi(a, b), 1e-12)
	require.Zero(t, psi(a, a))
	require.Zero(t, tvd(nil, nil))
	require.InDelta(t, tvd(a, b), tvd(b, a), 1e-12)
}
