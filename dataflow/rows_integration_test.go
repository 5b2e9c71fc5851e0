package dataflow_test

import (
	stdsql "database/sql"
	"math"
	"math/big"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
)

// everyType has a column of each type of Spark and a NULL beside it.
const everyType = `SELECT true AS bool, 1Y AS tiny, -2S AS small, 3 AS int, 4L AS big, 1.5F AS float, 0.1D AS double,
	1.50BD AS dec, CAST('-12345678901234567890123456789012345678' AS DECIMAL(38,0)) AS whole,
	'Zoë' AS str, CAST('a' AS CHAR(3)) AS chr, CAST('b' AS VARCHAR(3)) AS varchr, 'x' COLLATE UNICODE_CI AS coll, X'00FF' AS bin,
	DATE'2024-02-29' AS day, TIMESTAMP'2024-02-29 01:02:03.456789' AS ts, TIMESTAMP_NTZ'2024-02-29 01:02:03.456789' AS ntz,
	INTERVAL '-1-2' YEAR TO MONTH AS months, INTERVAL '1 02:03:04.5' DAY TO SECOND AS dur, make_interval(1,2,3,4,5,6,7.5) AS cal,
	parse_json('{"b":[1,2.50,null],"a":"x"}') AS var,
	array(1, null) AS arr, map('k', array(1L)) AS map, named_struct('x', 1, 'y', array(named_struct('price', 9.99BD))) AS struct,
	NULL AS void, array() AS noarr, map() AS nomap, CAST(NULL AS INT) AS noint`

func TestRealRowsOfEveryType(t *testing.T) {
	t.Parallel()
	type priced struct{ Price dataflow.Decimal }
	type everything struct {
		Bool             bool
		Tiny             int8
		Small            int
		Int              uint16
		Big              int64
		Float            float64
		Double           float64
		Dec              dataflow.Decimal
		Whole            *big.Int
		Str, Chr, Varchr string
		Coll             []byte
		Bin              [2]byte
		Day              dataflow.Date
		TS               time.Time
		NTZ              stdsql.NullTime
		Months           value.YearMonthInterval
		Dur              time.Duration
		Cal              value.CalendarInterval
		Var              value.Variant
		Arr              []*int32
		Map              map[string][]int64
		Struct           struct {
			X int32
			Y []priced
		}
		Void  *string
		Noarr []string
		Nomap map[string]int
		Noint stdsql.Null[int32]
	}
	spark := realSpark(t)
	for _, large := range []string{"false", "true"} {
		require.NoError(t, spark.Exec(t.Context(), "SET spark.sql.execution.arrow.useLargeVarTypes="+large))
		got, err := dataflow.One[everything](t.Context(), query(t, spark, everyType))
		require.NoError(t, err)
		leap := time.Date(2024, 2, 29, 1, 2, 3, 456789000, time.UTC)
		whole, _ := new(big.Int).SetString("-12345678901234567890123456789012345678", 10)
		text, err := got.Var.JSON()
		require.NoError(t, err)
		require.JSONEq(t, `{"a":"x","b":[1,2.5,null]}`, string(text))
		got.Var = value.Variant{}
		want := everything{
			Bool: true, Tiny: 1, Small: -2, Int: 3, Big: 4, Float: 1.5, Double: 0.1, Dec: "1.50", Whole: whole,
			Str: "Zoë", Chr: "a", Varchr: "b", Coll: []byte("x"), Bin: [2]byte{0, 255}, Day: dataflow.Date{Year: 2024, Month: 2, Day: 29},
			TS: leap, NTZ: stdsql.NullTime{Time: leap, Valid: true}, Months: -14, Dur: 26*time.Hour + 3*time.Minute + 4500*time.Millisecond,
			Cal: value.CalendarInterval{Months: 14, Days: 25, Microseconds: 18367500000},
			Arr: []*int32{ptr(int32(1)), nil}, Map: map[string][]int64{"k": {1}}, Noarr: []string{}, Nomap: map[string]int{},
		}
		want.Struct.X, want.Struct.Y = 1, []priced{{"9.99"}}
		require.Equal(t, want, got)

		row, err := dataflow.One[dataflow.Row](t.Context(), query(t, spark, everyType))
		require.NoError(t, err)
		require.Equal(t, 28, row.Len())
		require.Equal(t, []any{int32(1), nil}, row.Map()["arr"])
		require.Equal(t, map[string]any{"k": []any{int64(1)}}, row.Map()["map"])
		require.Equal(t, "{x: 1, y: [{price: 9.99}]}", row.Map()["struct"].(dataflow.Row).String())
		require.Equal(t, leap, row.Map()["ts"])
		require.Nil(t, row.Map()["void"])
	}
}

func TestRealExtremes(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	for name, tt := range map[string]struct {
		text string
		want any
	}{
		"BIGINT":            {"SELECT -9223372036854775808L", int64(math.MinInt64)},
		"DOUBLE":            {"SELECT double('-Infinity')", math.Inf(-1)},
		"the first day":     {"SELECT DATE'0001-01-01'", dataflow.Date{Year: 1, Month: 1, Day: 1}},
		"the last day":      {"SELECT DATE'9999-12-31'", dataflow.Date{Year: 9999, Month: 12, Day: 31}},
		"long ago":          {"SELECT TIMESTAMP'0001-01-01 00:00:00'", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)},
		"a text of nothing": {"SELECT ''", ""},
		"DECIMAL":           {"SELECT CAST(0 AS DECIMAL(38,38))", dataflow.Decimal("0." + "00000000000000000000000000000000000000")},
		"smallest DECIMAL":  {"SELECT CAST('-0.00000000000000000000000000000000000001' AS DECIMAL(38,38))", dataflow.Decimal("-0.00000000000000000000000000000000000001")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := dataflow.Value[any](t.Context(), query(t, spark, tt.text))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	nan, err := dataflow.Value[float64](t.Context(), query(t, spark, "SELECT double('NaN')"))
	require.NoError(t, err)
	require.True(t, math.IsNaN(nan))
	long, err := dataflow.Value[value.DayTimeInterval](t.Context(), query(t, spark, "SELECT INTERVAL '106751991 04:00:54.775807' DAY TO SECOND"))
	require.NoError(t, err)
	require.Equal(t, value.DayTimeInterval(math.MaxInt64), long)
	_, err = dataflow.Value[time.Duration](t.Context(), query(t, spark, "SELECT INTERVAL '106751991 04:00:54.775807' DAY TO SECOND AS pause"))
	require.ErrorContains(t, err, `column "pause", row 1: the interval 106751991 04:00:54.775807 is longer than a time.Duration`)
}

func TestRealInstantsDoNotDependOnTheZone(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	require.NoError(t, spark.Exec(t.Context(), "SET spark.sql.session.timeZone=America/New_York"))
	got, err := dataflow.One[struct{ TS, NTZ time.Time }](t.Context(),
		query(t, spark, "SELECT TIMESTAMP'2024-02-29 01:00:00' AS ts, TIMESTAMP_NTZ'2024-02-29 01:00:00' AS ntz"))
	require.NoError(t, err)
	require.Equal(t, time.Date(2024, 2, 29, 6, 0, 0, 0, time.UTC), got.TS)
	require.Equal(t, time.Date(2024, 2, 29, 1, 0, 0, 0, time.UTC), got.NTZ)
}

func TestRealRowsOfCommands(t *testing.T) {
	t.Parallel()
	spark := realSpark(t)
	db := database(t, spark)
	require.NoError(t, spark.Exec(t.Context(), "CREATE TABLE "+db+".t (a INT) USING parquet"))
	df := query(t, spark, "SHOW TABLES IN "+db)
	for range 2 {
		got, err := dataflow.Collect[struct {
			TableName   string
			IsTemporary bool
		}](t.Context(), df)
		require.NoError(t, err)
		require.Equal(t, "t", got[0].TableName)
	}
	row, err := dataflow.One[dataflow.Row](t.Context(), df)
	require.NoError(t, err)
	require.Equal(t, "t", row.Map()["tableName"])
	none, err := dataflow.Collect[dataflow.Row](t.Context(), query(t, spark, "CREATE TABLE "+db+".u (a INT) USING parquet"))
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = dataflow.Value[int](t.Context(), query(t, spark, "SELECT a FROM "+db+".t"))
	require.ErrorIs(t, err, dataflow.ErrNoRows)
	_, err = dataflow.Value[int](t.Context(), query(t, spark, "SELECT id FROM range(1000000000)"))
	require.ErrorIs(t, err, dataflow.ErrTooManyRows)
	_, err = dataflow.Collect[dataflow.Row](t.Context(), query(t, spark, "SELECT * FROM "+db+".missing"))
	require.ErrorContains(t, err, "TABLE_OR_VIEW_NOT_FOUND")
}

// TestRealManyRows is not parallel: it takes every core.
func TestRealManyRows(t *testing.T) {
	spark := realSpark(t)
	var rows, sum int64
	for row, err := range dataflow.RowsAs[manyRow](t.Context(), query(t, spark, manyRows)) {
		require.NoError(t, err)
		if row.B != 2*row.ID || row.S != strconv.FormatInt(row.ID, 10) || row.R < 0 || row.R >= 1 {
			t.Fatalf("%+v", row)
		}
		rows, sum = rows+1, sum+row.ID
	}
	require.Equal(t, int64(2_000_000), rows)
	require.Equal(t, int64(1_999_999)*1_000_000, sum)
}

// TestRealReadsThatAreBrokenOff is not parallel: it counts goroutines.
func TestRealReadsThatAreBrokenOff(t *testing.T) {
	spark := realSpark(t)
	df := query(t, spark, "SELECT id, id * 2 AS b, CAST(id AS STRING) AS s, rand(7) AS r FROM range(0, 100000, 1, 20)")
	before := runtime.NumGoroutine()
	for i := range 1000 {
		for row, err := range dataflow.RowsAs[manyRow](t.Context(), df) {
			require.NoError(t, err)
			require.Equal(t, row.ID, row.B/2)
			if i%2 == 0 {
				break
			}
			_, err := dataflow.Value[int](t.Context(), query(t, spark, "VALUES (7)"))
			require.NoError(t, err)
			break
		}
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+2 }, 10*time.Second, 50*time.Millisecond,
		"%d goroutines before", before)
}
