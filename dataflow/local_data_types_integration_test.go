package dataflow_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/dataflow/value"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// eachStrategy runs a test for each version of Spark and each way to it.
func eachStrategy(t *testing.T, conf map[string]string, f func(t *testing.T, spark *dataflow.Session, opts *dataflow.LocalDataOptions)) {
	t.Helper()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := connectTo(t, remote, &dataflow.ConnectOptions{Conf: conf})
		for name, strategy := range strategies {
			t.Run(name, func(t *testing.T) {
				f(t, spark, &dataflow.LocalDataOptions{Strategy: strategy})
			})
		}
	})
}

// TestRealEdgesOfTime has what Spark counts, in its own words, of times and dates
// that went up.
func TestRealEdgesOfTime(t *testing.T) {
	t.Parallel()
	type row struct {
		At  time.Time
		Ntz time.Time
		Day value.Date
	}
	def, err := schema.Parse("At TIMESTAMP, Ntz TIMESTAMP_NTZ, Day DATE")
	require.NoError(t, err)
	micros := []int64{
		math.MinInt64, math.MinInt64 + 1, -62135596800000001, -62135596800000000, -12219292800000001, -12219292800000000, // 1582-10-15
		-2717650800000000, -1, 0, 253402300799999999, 253402300800000000, math.MaxInt64,
	}
	days := []int32{math.MinInt32, -719529, -719163, -719162, -141428, -141427, -1, 0, 2932896, 2932897, 40000000, math.MaxInt32}
	var rows []row
	for i, m := range micros {
		at := time.UnixMicro(m).UTC()
		rows = append(rows, row{At: at, Ntz: at, Day: value.DateOfDays(days[i])})
	}
	eachStrategy(t, map[string]string{"spark.sql.session.timeZone": "America/New_York"}, func(t *testing.T, spark *dataflow.Session, opts *dataflow.LocalDataOptions) {
		opts.Schema = def
		df, err := dataflow.CreateDataFrame(t.Context(), spark, rows, opts)
		require.NoError(t, err)
		got, err := dataflow.Collect[row](t.Context(), df)
		require.NoError(t, err)
		require.Equal(t, rows, got)
		df, err = df.SelectExpr(t.Context(), "unix_micros(At) AS m", "unix_date(Day) AS d", "CAST(Day AS STRING) AS s")
		require.NoError(t, err)
		counted, err := dataflow.Collect[struct {
			M int64
			D int32
			S string
		}](t.Context(), df)
		require.NoError(t, err)
		for i, c := range counted {
			require.Equal(t, micros[i], c.M)
			require.Equal(t, days[i], c.D)
			require.Equal(t, c.S, rows[i].Day.String())
		}
	})
}

func TestRealTypesThatSparkCasts(t *testing.T) {
	t.Parallel()
	def, err := schema.Parse("d INTERVAL DAY NOT NULL COMMENT 'days', h INTERVAL HOUR TO MINUTE, y INTERVAL YEAR, m INTERVAL MONTH," +
		"n ARRAY<STRUCT<x: INTERVAL MINUTE NOT NULL, c: CHAR(4)>>, k MAP<VARCHAR(3), INTERVAL YEAR>, `c.c` CHAR(5), v VARCHAR(5), s STRING COLLATE UNICODE_CI")
	require.NoError(t, err)
	rows := [][]any{
		{24 * time.Hour, 61 * time.Minute, value.YearMonthInterval(24), value.YearMonthInterval(-1), []any{map[string]any{"x": time.Minute, "c": "ab"}}, map[string]value.YearMonthInterval{"k": 12}, "ab", "ab", "Z"},
		{-48 * time.Hour, nil, nil, nil, nil, nil, nil, nil, nil},
	}
	for keep, texts := range map[string]string{"true": "CHAR(5) VARCHAR(5)", "false": "STRING STRING"} {
		padding := map[string]string{"true": "   ", "false": ""}[keep]
		t.Run("kept "+keep, func(t *testing.T) {
			t.Parallel()
			eachStrategy(t, map[string]string{"spark.sql.preserveCharVarcharTypeInfo": keep}, func(t *testing.T, spark *dataflow.Session, opts *dataflow.LocalDataOptions) {
				opts.Schema = def
				df, err := dataflow.CreateDataFrame(t.Context(), spark, rows, opts)
				require.NoError(t, err)
				got, err := dataflow.SchemaOf(t.Context(), df)
				require.NoError(t, err)
				require.Equal(t, def.Names(), got.Names())
				require.Equal(t, texts, got.Fields[6].Type.String()+" "+got.Fields[7].Type.String())
				require.JSONEq(t, `{"comment":"days"}`, got.Fields[0].Metadata)
				for i, f := range nullable(def).Fields {
					if i < 4 || i == 8 {
						require.True(t, f.Type.Equal(got.Fields[i].Type), "%s %s", f.Type, got.Fields[i].Type)
					}
				}
				back, err := dataflow.Collect[dataflow.Row](t.Context(), df)
				require.NoError(t, err)
				require.Equal(t, 24*time.Hour, back[0].At(0))
				require.Equal(t, 61*time.Minute, back[0].At(1))
				require.Equal(t, value.YearMonthInterval(24), back[0].At(2))
				require.Equal(t, value.YearMonthInterval(-1), back[0].At(3))
				require.Equal(t, map[string]any{"k": value.YearMonthInterval(12)}, back[0].At(5))
				require.Equal(t, "ab"+padding, back[0].At(6))
				require.Equal(t, "ab", back[0].At(7))
				require.Nil(t, back[1].At(4))
			})
		})
	}
}

func TestRealColumnsOfOneName(t *testing.T) {
	t.Parallel()
	def, err := schema.Parse("a INT, A STRING, a INTERVAL DAY, b INT COMMENT 'b'")
	require.NoError(t, err)
	rows := []dataflow.Row{value.NewRow(def.Names(), []any{int32(1), "x", 24 * time.Hour, nil})}
	eachStrategy(t, nil, func(t *testing.T, spark *dataflow.Session, opts *dataflow.LocalDataOptions) {
		opts.Schema = def
		df, err := dataflow.CreateDataFrame(t.Context(), spark, rows, opts)
		require.NoError(t, err)
		got, err := dataflow.SchemaOf(t.Context(), df)
		require.NoError(t, err)
		require.True(t, nullable(def).Equal(got), "%s", toJSON(t, got))
		back, err := dataflow.Collect[dataflow.Row](t.Context(), df)
		require.NoError(t, err)
		require.Equal(t, rows, back)
	})
}

func TestRealStructFieldsOfOneName(t *testing.T) {
	t.Parallel()
	def, err := schema.Parse("s STRUCT<a: INT, A: INT>")
	require.NoError(t, err)
	eachStrategy(t, nil, func(t *testing.T, spark *dataflow.Session, opts *dataflow.LocalDataOptions) {
		opts.Schema = def
		df, err := dataflow.CreateDataFrame(t.Context(), spark, [][]any{{[]any{1, 2}}}, opts)
		if opts.Strategy == dataflow.LocalDataStrategyStaged {
			require.ErrorContains(t, err, `column "s": a file cannot carry a struct with two fields "A"`)
			df, err = spark.SQL(t.Context(), "SELECT named_struct('a', 1, 'A', 2) AS s")
			require.NoError(t, err)
			out := t.TempDir() + "/out"
			require.NoError(t, dataflow.Writer{Format: "parquet"}.Save(t.Context(), spark, df, out))
			df, err = dataflow.ParquetSource{FileSource: dataflow.FileSource{Path: out}}.Load(t.Context(), spark)
			require.NoError(t, err)
			_, err = dataflow.One[dataflow.Row](t.Context(), df)
			requireClass(t, "COLUMN_ALREADY_EXISTS", err) // Spark does not read its own file
			return
		}
		require.NoError(t, err)
		row, err := dataflow.One[dataflow.Row](t.Context(), df)
		require.NoError(t, err)
		require.Equal(t, value.NewRow([]string{"a", "A"}, []any{int32(1), int32(2)}), row.At(0))
	})
}
