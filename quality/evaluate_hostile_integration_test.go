package quality_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
)

// hostileTexts are names and values that do harm wherever they become SQL.
func hostileTexts() []string {
	return []string{
		"1=1 OR x", "x' OR '1'='1", "a`b", "``", "a.b", "`a`.b", "select", "order by", "a b", " a", "a;b", "--", "/*", "*/", "*",
		"\"", `\`, `\'`, "${spark.app.name}", ":rows", "?", "%", "(", ")", "größe", "日本", "🙂", "a\nb", "a\tb", "null", "TRUE", "1",
		"'; DROP TABLE t; --", "IDENTIFIER('x')", "java_method('a','b')", "x AS y", strings.Repeat("l", 300),
	}
}

// columnName writes a name as checks and Spark SQL do.
func columnName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func TestRealHostileNamesAndValues(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark, ctx := sparkAt(t, remote), t.Context()
		var columns []string
		suite := quality.Suite{}
		add := func(rule quality.Rule) {
			rule.Name = fmt.Sprint(len(suite.Rules))
			suite.Rules = append(suite.Rules, rule)
		}
		one := int64(1)
		for i, name := range hostileTexts() {
			// Two rows: the name itself, and another text.
			columns = append(columns, fmt.Sprintf("c%d AS %s", i, columnName(name)))
			column := columnName(name)
			if !strings.ContainsAny(name, "`.") {
				column = name // needs no quotes
			}
			if strings.TrimSpace(name) == "" {
				continue
			}
			add(quality.Rule{Check: quality.NotNull{Columns: []string{column}}})
			add(quality.Rule{Check: quality.AcceptedValues{Column: column, Values: []any{name}}})
			add(quality.Rule{Check: quality.Range{Column: column, Min: name, Max: name}})
			add(quality.Rule{Check: quality.Length{Column: column, Max: &one}, MaxBad: 2})
			add(quality.Rule{Check: quality.Pattern{Column: column, Pattern: `^\Q` + name + `\E$`}})
			if i%8 == 0 { // each is a query of its own
				add(quality.Rule{Check: quality.Unique{Columns: []string{column}}})
			}
		}
		var values, names []string
		args := []any{}
		for i, name := range hostileTexts() {
			values = append(values, fmt.Sprint(":v", i))
			names = append(names, fmt.Sprint("c", i))
			args = append(args, dataflow.Named(fmt.Sprint("v", i), name))
		}
		// What stands in braces is data here; the test itself writes SQL.
		require.NoError(t, spark.Conf().Set(ctx, map[string]string{"spark.sql.variable.substitute": "false"}))
		list := strings.Join(values, ", ")
		df, err := spark.SQL(ctx, fmt.Sprintf("SELECT %s FROM VALUES (%s), (%s) AS t(%s)", strings.Join(columns, ", "), list,
			strings.Repeat("'other', ", len(values)-1)+"'other'", strings.Join(names, ", ")), args...)
		require.NoError(t, err)
		require.NoError(t, suite.Validate())
		report, err := suite.Evaluate(ctx, spark, df, nil)
		require.NoError(t, err)
		kept := rowsKept(t, df, suite, nil)
		for i, r := range report.Results {
			what := fmt.Sprint(r.Check, ": ", r.Message)
			require.NotEqual(t, quality.StatusError, r.Status, what)
			require.EqualValues(t, 2, r.Rows, what)
			switch r.Kind {
			case "accepted_values", "pattern", "range":
				require.EqualValues(t, 1, r.Bad, what)
				require.EqualValues(t, 1, kept[i], what)
			case "not_null", "unique":
				require.EqualValues(t, 0, r.Bad, what)
			}
		}
	})
}

func TestRealConditionsStayWithinThemselves(t *testing.T) {
	t.Parallel()
	spark, ctx := sparkAt(t, sparktest.Remote(t)), t.Context()
	df, err := spark.SQL(ctx, "SELECT id, id % 2 = 0 AS even FROM range(10)")
	require.NoError(t, err)
	suite := quality.Suite{Rules: []quality.Rule{
		{Name: "comment", Where: "even -- ) OR true", Check: quality.SQL{Condition: "id < 4 -- OR true"}},
		{Name: "block", Where: "even /* ) OR true */", Check: quality.SQL{Condition: "id < 4 /* OR true */"}},
		{Name: "or", Where: "even", Check: quality.SQL{Condition: "id < 4 OR id > 100"}},
		{Name: "or in where", Where: "even AND id > 100 OR false", Check: quality.SQL{Condition: "false"}},
		{Name: "no truth", Where: "id", Check: quality.SQL{Condition: "true"}},
		{Name: "no column", Where: "evne", Check: quality.SQL{Condition: "true"}},
		{Name: "aggregate", Check: quality.SQL{Condition: "count(*) > 1"}},
		{Name: "fine", Check: quality.SQL{Condition: "id >= 0"}},
	}}
	report, err := suite.Evaluate(ctx, spark, df, nil)
	require.NoError(t, err)
	got := map[string]string{}
	for _, r := range report.Results {
		got[r.Rule] = fmt.Sprint(r.Status, " ", r.Bad, " of ", r.Rows)
	}
	require.Equal(t, map[string]string{
		"comment": "failed 3 of 5", "block": "failed 3 of 5", "or": "failed 3 of 5", "or in where": "passed 0 of 0",
		"no truth": "error 0 of 0", "no column": "error 0 of 0", "aggregate": "error 0 of 0", "fine": "passed 0 of 10",
	}, got, report.Err())
	for _, text := range []string{"even) OR (true", "even; DROP TABLE t", "even)", "(even", "", "  ", "'open", "even /* open", "${x}", "java_method('a', 'b')", "even\xff"} {
		rule := quality.Rule{Where: text, Check: quality.SQL{Condition: "true"}}
		if text != "" {
			require.Error(t, rule.Validate(), "where %q", text)
		}
		require.Error(t, quality.Rule{Check: quality.SQL{Condition: text}}.Validate(), "condition %q", text)
	}
}

func TestRealFaultsAreToldByRule(t *testing.T) {
	t.Parallel()
	spark, ctx := sparkAt(t, sparktest.Remote(t)), t.Context()
	df, err := spark.SQL(ctx, "SELECT id, string(id) AS name, named_struct('zip', '1') AS address, array(1) AS list, map('a', 1) AS pairs, "+
		"1 AS `a.b`, 2 AS dup, 3 AS dup, parse_json('{}') AS doc, id AS `Case` FROM range(3)")
	require.NoError(t, err)
	one := int64(1)
	faults := map[string]quality.Check{
		"did you mean name?":                                quality.NotNull{Columns: []string{"naem"}},
		"there is no x; there are id, name":                 quality.NotNull{Columns: []string{"x"}},
		"there is no zap; did you mean zip?":                quality.NotNull{Columns: []string{"address.zap"}},
		"name is STRING, which has no fields":               quality.NotNull{Columns: []string{"name.first"}},
		"write it in backquotes, `a.b`":                     quality.NotNull{Columns: []string{"a.b"}},
		"dup is ambiguous":                                  quality.Unique{Columns: []string{"dup"}},
		"a range wants numbers":                             quality.Range{Column: "list", Min: 1},
		"\"a\" is no number":                                quality.Range{Column: "id", Min: "a"},
		"1/2 can be in no column of type BIGINT":            quality.AcceptedValues{Column: "id", Values: []any{0.5}},
		"true is no text; write it in quotes":               quality.AcceptedValues{Column: "name", Values: []any{true}},
		"a pattern wants a STRING":                          quality.Pattern{Column: "id", Pattern: "a"},
		"is the pattern a regular":                          quality.Pattern{Column: "name", Pattern: "("},
		"a length wants a STRING or BINARY":                 quality.Length{Column: "id", Max: &one},
		"freshness wants a DATE or TIMESTAMP":               quality.Freshness{Column: "id", MaxAge: time.Hour},
		"a sum wants numbers":                               quality.Sum{Column: "name", Min: 1},
		"a mean wants numbers":                              quality.Mean{Column: "pairs", Min: 1},
		"its mean wants numbers":                            quality.Drift{Of: "mean", Column: "name"},
		"there is no history to compare with":               quality.Drift{Of: "rows"},
		"TABLE_OR_VIEW_NOT_FOUND":                           quality.ForeignKey{Columns: []string{"id"}, References: "no_such_table"},
		"PARSE_SYNTAX_ERROR":                                quality.ForeignKey{Columns: []string{"id"}, References: "no such table"},
		"the column doc is VARIANT, and Spark groups by no": quality.Unique{Columns: []string{"doc"}},
		"the query gives no column passed; it gives a":      quality.SQL{SQL: "SELECT 1 AS a"},
		"is no BOOLEAN":                                     quality.SQL{SQL: "SELECT 'true' AS passed"},
		"UNRESOLVED_COLUMN":                                 quality.SQL{SQL: "SELECT nothing AS passed"},
		"CAST_INVALID_INPUT":                                quality.SQL{Condition: "cast(concat('secret', name) AS int) > 1"},
		"boom":                                              quality.Func{Name: "boom", Run: func(context.Context, *dataflow.Session, dfType) (quality.Result, error) { panic("boom") }},
		"there is no judgement":                             quality.Func{Name: "nothing", Run: func(context.Context, *dataflow.Session, dfType) (quality.Result, error) { return quality.Result{}, nil }},
	}
	suite := quality.Suite{}
	for want, check := range faults {
		suite.Rules = append(suite.Rules, quality.Rule{Name: want, Check: check, Action: quality.ActionExpect})
	}
	suite.Rules = append(suite.Rules, quality.Rule{Name: "fine", Check: quality.NotNull{Columns: []string{"CASE", "address.ZIP", "`a.b`"}}})
	report, err := suite.Evaluate(ctx, spark, df, nil)
	require.NoError(t, err)
	for _, r := range report.Results {
		if r.Rule == "fine" {
			require.Equal(t, quality.StatusPassed, r.Status, r.Message)
			continue
		}
		require.Equal(t, quality.StatusError, r.Status, r.Rule)
		require.Contains(t, r.Message, r.Rule)
		require.NotContains(t, r.Message, "\n")
		require.NotContains(t, r.Message, "secret", "what rows hold is in no message")
	}
	require.NoError(t, report.Err(), "expect goes on")
	suite.Rules[0].Action = quality.ActionFail
	report, err = suite.Evaluate(ctx, spark, df, nil)
	require.NoError(t, err)
	require.ErrorContains(t, report.Err(), "1 of 28 quality rules failed:\n  "+suite.Rules[0].Name+": it cannot be evaluated: ")
}
