package dataflow_test

import (
	"cmp"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql/functions"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
)

// retyped has the types that arguments get from a server that forgets what they
// were.
var retyped = map[string]string{
	"empty slice":       "array<void>",
	"empty durations":   "array<void>",
	"empty map":         "map<void,void>",
	"decimal, integers": "array<decimal(2,1)>",
}

func TestRealArgumentsArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		east := time.FixedZone("east", 5*3600+1800)
		tests := map[string]struct {
			value      any
			kind, text string
		}{
			"nil":               {nil, "void", "<nil>"},
			"nil pointer":       {(*string)(nil), "void", "<nil>"},
			"bool":              {true, "boolean", "true"},
			"string":            {`O'Neil said "; DROP TABLE t -- \n"`, "string", `O'Neil said "; DROP TABLE t -- \n"`},
			"empty string":      {"", "string", ""},
			"string of unicode": {"Zoë 🙂 \t\u0000.", "string", "Zoë 🙂 \t\u0000."},
			"named string":      {city("Köln"), "string", "Köln"},
			"int":               {int(-7), "bigint", "-7"},
			"int8":              {int8(-8), "int", "-8"},
			"int32":             {int32(math.MinInt32), "int", "-2147483648"},
			"int64":             {int64(math.MinInt64), "bigint", "-9223372036854775808"},
			"uint64":            {uint64(math.MaxInt64), "bigint", "9223372036854775807"},
			"float32":           {float32(1.5), "float", "1.5"},
			"float64":           {0.1, "double", "0.1"},
			"not a number":      {math.NaN(), "double", "NaN"},
			"infinity":          {math.Inf(-1), "double", "-Infinity"},
			"bytes":             {[]byte("ab"), "binary", "ab"},
			"time":              {time.Date(2024, 2, 29, 12, 30, 0, 123456789, time.UTC), "timestamp", "2024-02-29 12:30:00.123456"},
			"time elsewhere":    {time.Date(2024, 2, 29, 1, 0, 0, 0, east), "timestamp", "2024-02-28 19:30:00"},
			"time before 1970":  {time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), "timestamp", "1900-01-01 00:00:00"},
			"zero time":         {time.Time{}, "timestamp", "0001-01-01 00:00:00"},
			"duration":          {-(26*time.Hour + 90*time.Second), "interval day to second", "INTERVAL '-1 02:01:30' DAY TO SECOND"},
			"date":              {dataflow.Date{Year: 2024, Month: 2, Day: 29}, "date", "2024-02-29"},
			"date before 1970":  {dataflow.Date{Year: 1969, Month: 12, Day: 31}, "date", "1969-12-31"},
			"date long ago":     {dataflow.Date{Year: 1, Month: 1, Day: 1}, "date", "0001-01-01"},
			"decimal":           {dataflow.Decimal("-12.50"), "decimal(4,2)", "-12.50"},
			"small decimal":     {dataflow.Decimal("+.001"), "decimal(3,3)", "0.001"},
			"whole decimal":     {dataflow.Decimal("00120."), "decimal(3,0)", "120"},
			"longest decimal":   {dataflow.Decimal("12345678901234567890123456789012345678"), "decimal(38,0)", "12345678901234567890123456789012345678"},
			"slice":             {[]int{3, 1}, "array<bigint>", "[3, 1]"},
			"slice with nil":    {[]any{"a", nil}, "array<string>", "[a, null]"},
			"empty slice":       {[]string{}, "array<string>", "[]"},
			"empty anys":        {[]any{}, "array<void>", "[]"},
			"empty durations":   {[]time.Duration{}, "array<interval day to second>", "[]"},
			"empty map":         {map[string]int{}, "map<string,bigint>", "{}"},
			"ragged slices":     {[][]int{{1}, {}, nil}, "array<array<bigint>>", "[[1], [], []]"},
			"nil among numbers": {[]any{nil, 1, int32(2), 2.5}, "array<double>", "[null, 1.0, 2.0, 2.5]"},
			"pointers":          {[]*time.Duration{ptr(time.Second), nil}, "array<interval day to second>", "[INTERVAL '0 00:00:01' DAY TO SECOND, null]"},
			"decimals":          {[]dataflow.Decimal{"1.5", "10", "0.025"}, "array<decimal(5,3)>", "[1.500, 10.000, 0.025]"},
			"zero decimals":     {[]dataflow.Decimal{"0.00", "0", "1"}, "array<decimal(3,2)>", "[0.00, 0.00, 1.00]"},
			"decimal, integers": {[]any{dataflow.Decimal("1.5"), 3}, "array<decimal(21,1)>", "[1.5, 3.0]"},
			"maps of any":       {[]map[string]any{{"a": nil}, {"b": 1}, {}}, "array<map<string,bigint>>", "[{a -> null}, {b -> 1}, {}]"},
			"slice with column": {[]any{functions.Expr("1L"), 2}, "array<bigint>", "[1, 2]"},
			"slice of slices":   {[][]int32{{1}, {2, 3}}, "array<array<int>>", "[[1], [2, 3]]"},
			"map":               {map[string]int{"b": 2, "a": 1}, "map<string,bigint>", "{a -> 1, b -> 2}"},
			"map of slices":     {map[int32][]bool{1: {true}}, "map<int,array<boolean>>", "{1 -> [true]}"},
			"pointer":           {ptr(5), "bigint", "5"},
			"client's column":   {functions.Expr("named_struct('a', 1)"), "struct<a:int>", "{1}"},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				kind := tt.kind
				if connect.HazardsOf(spark.ServerVersion()).SQLArgumentsLoseTypes {
					kind = cmp.Or(retyped[name], kind)
				}
				want := []string{kind + "|" + tt.text}
				text := "SELECT concat(typeof(:x), '|', coalesce(CAST(:x AS STRING), '<nil>'))"
				require.Equal(t, want, rows(t, spark, text, dataflow.Named("x", tt.value)))
				positional := "SELECT concat(typeof(x), '|', coalesce(CAST(x AS STRING), '<nil>')) FROM (SELECT ? AS x)"
				require.Equal(t, want, rows(t, spark, positional, tt.value))
			})
		}
	})
}

func TestRealArgumentsInConditions(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		require.Equal(t, []string{"2"}, rows(t, spark, "SELECT id FROM range(5) WHERE id > :low AND id < :high",
			dataflow.Named("low", 1), dataflow.Named("high", 3)))
		require.Equal(t, []string{"1", "3"}, rows(t, spark, "SELECT id FROM range(5) WHERE array_contains(?, id)", []int{1, 3}))
		require.Equal(t, []string{"7"}, rows(t, spark, "VALUES (:x)", dataflow.Named("x", 7)))
		require.Equal(t, []string{"7"}, rows(t, spark, "WITH q AS (SELECT :x AS a) SELECT * FROM q", dataflow.Named("x", 7)))
	})
}

func TestRealStatementRunsOnce(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		db := database(t, spark)
		df, err := spark.SQL(t.Context(), "CREATE TABLE "+db+".t (a INT) USING parquet")
		require.NoError(t, err)
		for range 2 {
			require.Empty(t, rowsOf(t, spark, df), "a second CREATE TABLE would be an error")
		}
		df, err = spark.SQL(t.Context(), "INSERT INTO "+db+".t VALUES (:a), (:b)", dataflow.Named("a", 1), dataflow.Named("b", 2))
		require.NoError(t, err)
		for range 2 {
			require.Empty(t, rowsOf(t, spark, df))
		}
		require.Equal(t, []string{"1", "2"}, rows(t, spark, "SELECT a FROM "+db+".t ORDER BY a"), "a second INSERT would show")
		require.Equal(t, []string{"1", "2"}, rows(t, spark, "TABLE "+db+".t ORDER BY a"))

		df, err = spark.SQL(t.Context(), "SHOW TABLES IN "+db)
		require.NoError(t, err)
		for range 2 {
			require.Equal(t, []string{db + " t false"}, rowsOf(t, spark, df))
		}
	})
}

func TestRealExecRunsQueriesToTheirEnd(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		for _, query := range []string{
			"SELECT raise_error(:why)", "WITH q AS (SELECT raise_error(:why) AS x) SELECT * FROM q", "FROM range(1) SELECT raise_error(:why)",
			"VALUES (raise_error(:why))",
		} {
			err := spark.Exec(t.Context(), query, dataflow.Named("why", "because"))
			require.ErrorContains(t, err, "because", query)
		}
		require.NoError(t, spark.Exec(t.Context(), "SELECT id, NULL AS v, map(1, 2) AS m FROM range(3)"), "any schema will do")
	})
}

func TestRealErrors(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		session := sparkAt(t, remote)
		tests := map[string]struct {
			statement, class, state string
			messages                []string
			parameter               string
		}{
			"syntax": {
				"SELECT 1\nFROM range(2) WHERE id =\n)", "PARSE_SYNTAX_ERROR", "42601",
				[]string{"line 3, pos 0", "== SQL ==", "^^^"}, "error",
			},
			"table":    {"SELECT * FROM no_such_table", "TABLE_OR_VIEW_NOT_FOUND", "42P01", []string{"`no_such_table`"}, "relationName"},
			"column":   {"SELECT idd FROM range(2)", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", []string{"`idd`", "`id`"}, "proposal"},
			"division": {"SELECT 1 / (id - 1) FROM range(3)", "DIVIDE_BY_ZERO", "22012", []string{"Division by zero"}, "config"},
			"unbound":  {"SELECT :x", "UNBOUND_SQL_PARAMETER", "42P02", []string{"parameter: x"}, "name"},
			"command":  {"INSERT INTO no_such_table VALUES (1)", "TABLE_OR_VIEW_NOT_FOUND", "42P01", []string{"`no_such_table`"}, "relationName"},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				calls := map[string]func() error{
					"exec": func() error { return session.Exec(t.Context(), tt.statement) },
					"collect": func() error {
						df, err := session.SQL(t.Context(), tt.statement)
						if err == nil {
							_, err = df.Collect(t.Context())
						}
						return session.Error(t.Context(), err)
					},
				}
				for how, call := range calls {
					err := call()
					var spark *component.SparkError
					require.ErrorAs(t, err, &spark, how)
					require.Equal(t, tt.class, spark.Class)
					require.Equal(t, tt.state, spark.SQLState)
					require.Contains(t, spark.Parameters, tt.parameter)
					require.NotEmpty(t, spark.JavaClass)
					require.NotEmpty(t, spark.OperationID)
					for _, part := range tt.messages {
						require.Contains(t, spark.Message, part)
					}
					require.Equal(t, 1, strings.Count(err.Error(), tt.class), "%s: the class is told once in %q", how, err)
					require.Equal(t, 1, strings.Count(err.Error(), tt.state), "%s: the state is told once in %q", how, err)
					causes, err := spark.Causes(t.Context())
					require.NoError(t, err)
					require.NotEmpty(t, causes)
					require.NotEmpty(t, causes[0].Class)
					require.NotEmpty(t, causes[0].Message)
					again, err := spark.Causes(t.Context())
					require.NoError(t, err)
					require.Equal(t, causes, again)
				}
			})
		}
	})
}
