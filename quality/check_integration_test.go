package quality_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
	"github.com/sparkpipe/sparkpipe/resilience"
)

// evaluate evaluates rules on the rows of a query and returns the report.
func evaluate(t *testing.T, spark *dataflow.Session, query string, opts *quality.Options, rules ...quality.Rule) *quality.Report {
	t.Helper()
	df, err := spark.SQL(t.Context(), query)
	require.NoError(t, err)
	report, err := quality.Suite{Rules: rules}.Evaluate(t.Context(), spark, df, opts)
	require.NoError(t, err)
	return report
}

func unique(where, method string, columns ...string) quality.Rule {
	return quality.Rule{Name: strings.Join(columns, ",") + where + method, Where: where, Check: quality.Unique{Columns: columns, Method: method}}
}

func TestRealUnique(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		tests := map[string]struct {
			query, method string
			rows, bad     int64
			rule          quality.Rule
		}{
			"dense":                    {"SELECT id FROM range(0, 100000, 1, 3)", "bitmap", 100000, 0, unique("", "", "id")},
			"dense below zero":         {"SELECT id - 70000 AS id FROM range(0, 100000, 1, 3)", "bitmap", 100000, 0, unique("", "", "id")},
			"repeated":                 {"SELECT id % 60000 AS id FROM range(0, 100000, 1, 3)", "bitmap", 100000, 40000, unique("", "", "id")},
			"null equals null":         {"SELECT IF(id < 5, NULL, id) AS id FROM range(100)", "bitmap", 100, 4, unique("", "", "id")},
			"only null":                {"SELECT CAST(NULL AS BIGINT) AS id FROM range(3)", "count", 3, 2, unique("", "", "id")},
			"no rows":                  {"SELECT id FROM range(0)", "count", 0, 0, unique("", "", "id")},
			"sparse":                   {"SELECT id * 1000000007 AS id FROM range(1000)", "group", 1000, 0, unique("", "", "id")},
			"the ends of a BIGINT":     {"SELECT explode(array(-9223372036854775807L - 1, 9223372036854775807L, 0L, 0L)) AS id", "group", 4, 1, unique("", "", "id")},
			"small numbers":            {"SELECT CAST(id % 200 - 100 AS TINYINT) AS id FROM range(201)", "bitmap", 201, 1, unique("", "", "id")},
			"a part of the rows":       {"SELECT id % 50 AS id, id < 50 AS first FROM range(100)", "bitmap", 50, 0, unique("first", "", "id")},
			"several columns":          {"SELECT id % 2 AS n, id % 3 AS k, id FROM range(7)", "group", 7, 1, unique("", "", "n", "k")},
			"a column called n":        {"SELECT id AS n, id AS keys, id AS k0, id AS rows FROM range(7)", "group", 7, 0, unique("", "", "rows", "keys", "n", "k0")},
			"texts and NaN":            {"SELECT * FROM VALUES ('a', double('NaN')), ('a', double('NaN')), ('A', 0D), ('A', -0D) AS t(s, d)", "group", 4, 2, unique("", "", "s", "d")},
			"a part of many repeats":   {"SELECT id % 10 AS id FROM range(1000)", "approximate", 1000, 990, unique("", "approximate", "id")},
			"few repeats, not found":   {"SELECT id % 9990 AS id FROM range(10000)", "approximate", 10000, 0, unique("", "approximate", "id")},
			"an estimate of nothing":   {"SELECT id FROM range(0)", "approximate", 0, 0, unique("", "approximate", "id")},
			"an estimate of only null": {"SELECT CAST(NULL AS INT) AS id FROM range(9)", "approximate", 9, 8, unique("", "approximate", "id")},
		}
		for name, tt := range tests {
			r := evaluate(t, spark, tt.query, nil, tt.rule).Results[0]
			require.NotEqual(t, quality.StatusError, r.Status, "%s: %s", name, r.Message)
			require.Equal(t, tt.rows, r.Rows, name)
			require.Equal(t, tt.method, r.Values["method"], name)
			require.InDelta(t, tt.bad, r.Bad, map[bool]float64{true: 0.01 * float64(tt.rows), false: 0}[tt.method == "approximate"], name)
			require.Equal(t, r.Bad > 0, r.Status == quality.StatusFailed, name)
		}
	})
}

func TestRealUniqueOnTheSameColumnsIsCountedOnce(t *testing.T) {
	t.Parallel()
	spark := sparkAt(t, sparktest.Remote(t))
	again := func(name string, rule quality.Rule) quality.Rule { rule.Name = name; rule.MaxBad = 10; return rule }
	report := evaluate(t, spark, "SELECT id % 2 AS a, id % 5 AS b FROM range(12)", nil,
		unique("", "", "a", "b"), again("other order", unique("", "", "b", "a")), again("case", unique("", "", "A", "`b`")), unique("a = 1", "", "a", "b"))
	require.Equal(t, 2, report.Passes, "one for the key, one for a part of the rows")
	require.Equal(t, []int64{2, 2, 2, 1}, []int64{report.Results[0].Bad, report.Results[1].Bad, report.Results[2].Bad, report.Results[3].Bad})
	require.Equal(t, quality.StatusFailed, report.Results[0].Status)
	require.Equal(t, quality.StatusPassed, report.Results[1].Status)
}

func TestRealForeignKey(t *testing.T) {
	t.Parallel()
	spark, ctx := sparkAt(t, sparktest.Remote(t)), t.Context()
	for name, query := range map[string]string{
		"customers": "SELECT CAST(id AS INT) AS id, 'x' AS `a.b`, named_struct('zip', string(id)) AS address FROM range(5)",
		"pairs":     "SELECT * FROM VALUES (1, 'a'), (2, 'b'), (3, NULL) AS t(x, y)",
	} {
		df, err := spark.SQL(ctx, query)
		require.NoError(t, err)
		require.NoError(t, spark.CreateTempView(ctx, df, name))
	}
	query := "SELECT * FROM VALUES (1L, 'a', true), (9L, 'a', true), (NULL, 'b', true), (9L, 'zz', false), (3L, NULL, true) AS t(id, y, ok)"
	key := func(name, where, table string, columns, there []string) quality.Rule {
		return quality.Rule{Name: name, Where: where, Check: quality.ForeignKey{Columns: columns, References: table, ReferencedColumns: there}}
	}
	report := evaluate(t, spark, query, nil,
		key("same name", "", "customers", []string{"id"}, nil),
		key("part", "ok", "customers", []string{"id"}, []string{"id"}),
		key("pair", "", "pairs", []string{"id", "y"}, []string{"x", "y"}),
		key("dot", "", "customers", []string{"y"}, []string{"`a.b`"}),
		key("nested", "", "customers", []string{"y"}, []string{"address.zip"}),
		key("types", "", "customers", []string{"y"}, []string{"id"}),
		key("column", "", "customers", []string{"id"}, []string{"idd"}))
	var got []string
	for _, r := range report.Results {
		got = append(got, fmt.Sprint(r.Rule, " ", r.Status, " ", r.Bad, "/", r.Rows))
	}
	require.Equal(t, []string{"same name failed 2/5", "part failed 1/4", "pair failed 2/5", "dot failed 4/5", "nested failed 4/5", "types error 0/0", "column error 0/0"}, got)
	require.Contains(t, report.Results[5].Message, "the column y is STRING, and id of customers is INT")
	require.Contains(t, report.Results[6].Message, "customers: the column idd: there is no idd; did you mean id?")
	self, err := spark.SQL(ctx, "SELECT id, id AS parent FROM customers")
	require.NoError(t, err)
	require.NoError(t, spark.CreateTempView(ctx, self, "self"))
	report = evaluate(t, spark, "SELECT * FROM self", nil, key("self", "", "self", []string{"parent"}, []string{"id"}))
	require.NoError(t, report.Err())
}

func TestRealQueries(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		tests := []struct{ query, status, message string }{
			{"SELECT count(*) = 3 AS passed FROM IDENTIFIER(:rows)", "passed", ""},
			{"SELECT count(*) = 4 AS Passed, 'there are not four' AS Message FROM IDENTIFIER(:rows)", "failed", "there are not four"},
			{"SELECT true AS passed", "passed", ""},
			{"SELECT id < 2 AS passed, concat('row\\n', id) AS message FROM range(4) ORDER BY id", "failed", "row 2"},
			{"SELECT true AS passed WHERE false", "failed", "the query gave no row"},
			{"SELECT CAST(NULL AS BOOLEAN) AS passed", "failed", "the query says null, which is not passed"},
			{"SELECT false AS passed, CAST(NULL AS STRING) AS message", "failed", "the query says that it has not passed"},
			{"SELECT :limit > 3 AS passed", "passed", ""},
		}
		var rules []quality.Rule
		for i, tt := range tests {
			check := quality.SQL{SQL: tt.query}
			if strings.Contains(tt.query, ":limit") {
				check.Args = map[string]any{"limit": 4}
			}
			rules = append(rules, quality.Rule{Name: fmt.Sprint(i), Check: check})
		}
		report := evaluate(t, spark, "SELECT id FROM range(3)", &quality.Options{Parallel: 4}, rules...)
		for i, r := range report.Results {
			require.Equal(t, tests[i].status, string(r.Status), "%s: %s", tests[i].query, r.Message)
			require.Equal(t, tests[i].message, r.Message)
		}
		views, err := spark.SQL(t.Context(), "SHOW VIEWS")
		require.NoError(t, err)
		n, err := views.Count(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "the views of the rows are gone")
	})
}

// kept is a history of one report.
type kept struct {
	report *quality.Report
	asked  atomic.Int64
	fault  error
}

func (k *kept) Last(context.Context, string, string) (*quality.Report, error) {
	k.asked.Add(1)
	return k.report, k.fault
}

func (k *kept) Add(_ context.Context, r *quality.Report) error { k.report = r; return nil }

func TestRealDrift(t *testing.T) {
	t.Parallel()
	spark := sparkAt(t, sparktest.Remote(t))
	rules := []quality.Rule{
		{Name: "rows", Check: quality.Drift{Of: "rows", MaxChange: 0.5}},
		{Name: "mean", Check: quality.Drift{Of: "mean", Column: "v"}},
		{Name: "stddev", Check: quality.Drift{Of: "stddev", Column: "v"}},
		{Name: "psi", Check: quality.Drift{Of: "categories", Column: "k"}},
		{Name: "tvd", Check: quality.Drift{Of: "categories", Column: "k", Method: "tvd", MaxChange: 0.3, Categories: 2}},
	}
	query := func(rows, of int, scale float64) string {
		return fmt.Sprintf("SELECT id * %gD AS v, IF(id %% %d = 0, NULL, string(id %% %d)) AS k FROM range(%d)", scale, of, of, rows)
	}
	history := &kept{}
	opts := &quality.Options{Pipeline: "p", Subject: "t", History: history}
	statuses := func(r *quality.Report) (out []string) {
		for _, result := range r.Results {
			out = append(out, fmt.Sprint(result.Status, " ", result.Values["compared"]))
		}
		return out
	}
	first := evaluate(t, spark, query(90, 3, 1), opts, rules...)
	require.Equal(t, []string{"passed false", "passed false", "passed false", "passed false", "passed false"}, statuses(first))
	require.EqualValues(t, 1, history.asked.Load(), "one report serves all")
	require.NoError(t, history.Add(t.Context(), first))
	same := evaluate(t, spark, query(90, 3, 1), opts, rules...)
	require.Equal(t, []string{"passed true", "passed true", "passed true", "passed true", "passed true"}, statuses(same))
	require.Equal(t, map[string]any{"null": 1. / 3, "=1": 1. / 3, "=2": 1. / 3}, same.Results[3].Values["shares"])
	require.Equal(t, map[string]any{"null": 1. / 3, "=1": 1. / 3, "rest": 1. / 3}, same.Results[4].Values["shares"])
	require.InDelta(t, 0, same.Results[3].Values["change"], 1e-12)
	moved := evaluate(t, spark, query(30, 10, 4), opts, rules...)
	require.Equal(t, []string{"failed true", "failed true", "failed true", "failed true", "failed true"}, statuses(moved))
	require.Equal(t, "the number of rows is 30 and was 90, a change of 0.667; allowed is 0.5", moved.Results[0].Message)
	empty := evaluate(t, spark, query(0, 3, 1), opts, rules...)
	require.Equal(t, []string{"failed true", "failed true", "failed true", "failed true", "failed true"}, statuses(empty))
	history.fault = errors.New("the disk is gone")
	broken := evaluate(t, spark, query(90, 3, 1), opts, rules...)
	require.Equal(t, quality.StatusError, broken.Results[0].Status)
	require.Contains(t, broken.Results[0].Message, "read the last report: the disk is gone")
}

func TestRealThresholdsAndErrors(t *testing.T) {
	t.Parallel()
	spark, ctx := sparkAt(t, sparktest.Remote(t)), t.Context()
	null := quality.NotNull{Columns: []string{"v"}}
	report := evaluate(t, spark, "SELECT IF(id < 29, NULL, id) AS v FROM range(100)", &quality.Options{Subject: "t"},
		quality.Rule{Name: "none", Check: null},
		quality.Rule{Name: "28", Check: null, MaxBad: 28}, quality.Rule{Name: "29", Check: null, MaxBad: 29},
		quality.Rule{Name: "28 %", Check: null, MaxBadShare: 0.28}, quality.Rule{Name: "29 %", Check: null, MaxBadShare: 0.29},
		quality.Rule{Name: "both", Check: null, MaxBadShare: 0.5, MaxBad: 3},
		quality.Rule{Name: "expect", Check: null, Action: quality.ActionExpect},
		quality.Rule{Name: "drop", Check: null, Action: quality.ActionDrop})
	require.EqualError(t, report.Err(), `4 of 8 quality rules failed on t:
  none: 29 of 100 rows are null (not_null(v))
  28: 29 of 100 rows are null; allowed are 28 (not_null(v))
  28 %: 29 of 100 rows are null; allowed is a share of 0.28 (not_null(v))
  both: 29 of 100 rows are null; allowed are 3 and a share of 0.5 (not_null(v))`)
	require.False(t, resilience.Retryable(report.Err()), "another attempt gives the same")
	var quiet *quality.Error
	require.ErrorAs(t, report.Err(), &quiet)
	require.Same(t, report, quiet.Report)
	require.Equal(t, quality.StatusFailed, report.Results[6].Status, "expect counts")
	require.Equal(t, 1, report.Passes)

	_, err := quality.Suite{Rules: []quality.Rule{{Check: null}}}.Evaluate(ctx, spark, broken(t, spark), nil)
	require.ErrorContains(t, err, "check the quality of a DataFrame: read the schema of a DataFrame")
	ended, stop := context.WithCancel(ctx)
	stop()
	df, err := spark.SQL(ctx, "SELECT 1 AS v")
	require.NoError(t, err)
	_, err = quality.Suite{Rules: []quality.Rule{{Check: null}}}.Evaluate(ended, spark, df, nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = quality.Suite{Rules: []quality.Rule{{Check: null}, {Check: null}}}.Evaluate(ctx, spark, df, nil)
	require.EqualError(t, err, `quality: two rules have the name "not_null(v)"; give one of them another`)
	failing, err := spark.SQL(ctx, "SELECT raise_error('on purpose') AS v FROM range(3)")
	require.NoError(t, err)
	report, err = quality.Suite{Rules: []quality.Rule{{Check: quality.Length{Column: "v", Max: ptr[int64](1)}}, {Check: quality.RowCount{Min: ptr[int64](1)}}}}.Evaluate(ctx, spark, failing, nil)
	if err == nil { // Spark may count rows without the column
		require.Equal(t, quality.StatusError, report.Results[0].Status)
		require.NotContains(t, report.Results[0].Message, "on purpose")
	}
}

// broken is a frame that cannot be read.
func broken(t *testing.T, spark *dataflow.Session) dfType {
	t.Helper()
	df, err := dataflow.TableSource{Table: "no_such_table"}.Load(t.Context(), spark)
	require.NoError(t, err)
	return df
}

func TestRealFreshnessByTheServersClock(t *testing.T) {
	t.Parallel()
	spark := sparkAt(t, sparktest.Remote(t))
	rule := func(name string, age time.Duration, of string) quality.Rule {
		return quality.Rule{Name: name, Check: quality.Freshness{Column: "at", MaxAge: age, Of: of}}
	}
	report := evaluate(t, spark, "SELECT current_timestamp() - make_dt_interval(0, id) AS at FROM range(1, 4)", nil,
		rule("fresh", 2*time.Hour, ""), rule("stale", 30*time.Minute, ""), rule("every", 90*time.Minute, "every"))
	require.Equal(t, quality.StatusPassed, report.Results[0].Status, report.Results[0].Message)
	require.InDelta(t, 3600, report.Results[0].Values["age_seconds"], 60)
	require.Equal(t, quality.StatusFailed, report.Results[1].Status)
	require.Contains(t, report.Results[1].Message, "the newest row is 1h0m")
	require.EqualValues(t, 2, report.Results[2].Bad)
}
