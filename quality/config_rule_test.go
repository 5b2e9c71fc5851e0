package quality_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/config"
	"github.com/sparkpipe/sparkpipe/quality"
)

// decode reads a rule from a block of a file.
func decode(t *testing.T, kind string, block map[string]any) (quality.Rule, error) {
	t.Helper()
	k, err := quality.KindOf(kind)
	require.NoError(t, err)
	return k.Decode(config.NewSection(block).Decode)
}

func ptr[T any](v T) *T { return &v }

func TestDecodeRules(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind  string
		block map[string]any
		want  quality.Rule
	}{
		"row count": {"row_count", map[string]any{"min": 1, "max": 5, "name": "n"}, quality.Rule{Name: "n", Check: quality.RowCount{Min: ptr[int64](1), Max: ptr[int64](5)}}},
		"the predecessor's row count": {"row_count_check", map[string]any{"min_rows": 1, "failure_mode": "warn_only"}, quality.Rule{
			Check: quality.RowCount{Min: ptr[int64](1)}, Action: quality.ActionExpect,
		}},
		"not null": {"not_null", map[string]any{"columns": []any{"a", "b.c"}, "max_bad": 3, "action": "quarantine", "where": "a > 1"}, quality.Rule{
			Check: quality.NotNull{Columns: []string{"a", "b.c"}}, MaxBad: 3, Action: quality.ActionQuarantine, Where: "a > 1",
		}},
		"the predecessor's nulls": {"null_check", map[string]any{"columns": []any{"a"}, "max_null_pct": 29, "failure_mode": "fail_on_error"}, quality.Rule{
			Check: quality.NotNull{Columns: []string{"a"}}, MaxBadShare: 0.29, Action: quality.ActionFail,
		}},
		"no nulls in percent": {"NotNull", map[string]any{"columns": []any{"a"}, "max_null_percent": 0}, quality.Rule{Check: quality.NotNull{Columns: []string{"a"}}}},
		"the predecessor's threshold": {"range_check", map[string]any{"column": "a", "min_value": 0, "failure_mode": "threshold", "max_failures": 2}, quality.Rule{
			Check: quality.Range{Column: "a", Min: int64(0), Inclusive: "both", Null: quality.NullPass}, MaxBad: 2, Action: quality.ActionFail,
		}},
		"range": {"range", map[string]any{"column": "a", "min": 0.5, "max": "12.50", "inclusive": "min", "null": "fail", "max_bad_share": 0.1}, quality.Rule{
			Check: quality.Range{Column: "a", Min: 0.5, Max: "12.50", Inclusive: "min", Null: quality.NullFail}, MaxBadShare: 0.1,
		}},
		"accepted values": {"accepted_values", map[string]any{"column": "a", "values": []any{1, "x", true}}, quality.Rule{
			Check: quality.AcceptedValues{Column: "a", Values: []any{int64(1), "x", true}, Null: quality.NullPass},
		}},
		"unique":  {"unique_check", map[string]any{"columns": []any{"a", "b"}}, quality.Rule{Check: quality.Unique{Columns: []string{"a", "b"}, Method: "exact"}}},
		"pattern": {"pattern", map[string]any{"column": "a", "pattern": `^\d+$`, "anchored": true}, quality.Rule{Check: quality.Pattern{Column: "a", Pattern: `^\d+$`, Anchored: true, Null: quality.NullPass}}},
		"length":  {"length", map[string]any{"column": "a", "max": 3}, quality.Rule{Check: quality.Length{Column: "a", Max: ptr[int64](3), Null: quality.NullPass}}},
		"freshness": {"freshness", map[string]any{"column": "at", "max_age": "1 day", "of": "every", "action": "drop"}, quality.Rule{
			Check: quality.Freshness{Column: "at", MaxAge: 24 * time.Hour, Of: "every", Null: quality.NullPass}, Action: quality.ActionDrop,
		}},
		"foreign key": {"foreign_key", map[string]any{"columns": []any{"c"}, "references": "db.t", "referenced_columns": []any{"id"}}, quality.Rule{
			Check: quality.ForeignKey{Columns: []string{"c"}, References: "db.t", ReferencedColumns: []string{"id"}},
		}},
		"schema": {"schema_check", map[string]any{"schema": "id BIGINT", "strict": true}, quality.Rule{Check: quality.Schema{Schema: "id BIGINT", Strict: true}}},
		"sum":    {"sum", map[string]any{"column": "a", "max": 0.5}, quality.Rule{Check: quality.Sum{Column: "a", Max: 0.5}}},
		"mean":   {"mean", map[string]any{"column": "a", "min": -1}, quality.Rule{Check: quality.Mean{Column: "a", Min: int64(-1)}}},
		"drift": {"drift", map[string]any{"of": "categories", "column": "a", "method": "tvd"}, quality.Rule{
			Check: quality.Drift{Of: "categories", Column: "a", MaxChange: 0.2, Method: "tvd", Categories: 50},
		}},
		"query": {"custom_sql_check", map[string]any{"name": "q", "sql": "SELECT true AS passed", "args": map[string]any{"n": 1}}, quality.Rule{
			Name: "q", Check: quality.SQL{SQL: "SELECT true AS passed", Args: map[string]any{"n": int64(1)}, Null: quality.NullPass},
		}},
		"condition": {"sql", map[string]any{"condition": "a > 1"}, quality.Rule{Check: quality.SQL{Condition: "a > 1", Null: quality.NullPass}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule, err := decode(t, tt.kind, tt.block)
			require.NoError(t, err)
			require.Equal(t, tt.want, rule)
			require.NoError(t, rule.Validate())
		})
	}
}

func TestDecodeFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind  string
		block map[string]any
		want  string
	}{
		"unknown key":           {"range", map[string]any{"column": "a", "mni": 1}, `did you mean "min"?`},
		"no column":             {"range", map[string]any{"min": 1}, "column: required key is missing"},
		"no bound":              {"range", map[string]any{"column": "a"}, "range: set min or max"},
		"bounds the wrong way":  {"range", map[string]any{"column": "a", "min": 2, "max": 1}, "min 2 is above max 1"},
		"NaN as a bound":        {"range", map[string]any{"column": "a", "min": "NaN"}, "min is NaN, which is no bound"},
		"no such edge":          {"range", map[string]any{"column": "a", "min": 1, "inclusive": "left"}, "inclusive"},
		"no such null":          {"length", map[string]any{"column": "a", "min": 1, "null": "maybe"}, "null"},
		"null where none is":    {"unique", map[string]any{"columns": []any{"a"}, "null": "fail"}, "null: unknown key"},
		"a half quoted column":  {"not_null", map[string]any{"columns": []any{"`a"}}, "a backquote is not closed"},
		"a part without a name": {"not_null", map[string]any{"columns": []any{"a..b"}}, "a part of the name is empty"},
		"text after a quote":    {"not_null", map[string]any{"columns": []any{"`a`b"}}, "a backquote ends in the middle"},
		"one column twice":      {"unique", map[string]any{"columns": []any{"a", "a"}}, "columns: a stands there twice"},
		"drop of a whole":       {"row_count", map[string]any{"min": 1, "action": "drop"}, "action drop wants a check of single rows, and row_count is none: it looks at all rows together"},
		"drop of repeats":       {"unique", map[string]any{"columns": []any{"a"}, "action": "quarantine"}, "a row is bad only beside others"},
		"drop of the newest":    {"freshness", map[string]any{"column": "a", "max_age": "1h", "action": "drop"}, "set of: every"},
		"drop by a query":       {"sql", map[string]any{"sql": "SELECT true AS passed", "action": "drop"}, "write a condition"},
		"count of a whole":      {"sum", map[string]any{"column": "a", "min": 1, "max_bad": 1}, "max_bad and max_bad_share count bad rows, and sum counts none"},
		"a share above all":     {"not_null", map[string]any{"columns": []any{"a"}, "max_bad_share": 1.5}, "write a share from 0 to 1"},
		"percent above all":     {"not_null", map[string]any{"columns": []any{"a"}, "max_null_pct": 101}, "from 0 to 100 percent"},
		"a share twice":         {"not_null", map[string]any{"columns": []any{"a"}, "max_null_pct": 1, "max_bad_share": 0.5}, "say the same"},
		"an action twice":       {"not_null", map[string]any{"columns": []any{"a"}, "action": "fail", "failure_mode": "threshold"}, "say the same"},
		"where of a schema":     {"schema", map[string]any{"columns": []any{"a"}, "where": "a > 1"}, "where is for checks of rows"},
		"where that breaks out": {"not_null", map[string]any{"columns": []any{"a"}, "where": "a) OR (b"}, "is no SQL condition"},
		"types that are none":   {"schema", map[string]any{"schema": "id NUMBER"}, "schema:"},
		"nothing of a schema":   {"schema", map[string]any{}, "set columns or schema"},
		"a statement":           {"sql", map[string]any{"sql": "DROP TABLE t"}, "it is no query"},
		"two statements":        {"sql", map[string]any{"sql": "SELECT true AS passed; DROP TABLE t"}, "it is no query"},
		"query and condition":   {"sql", map[string]any{"sql": "SELECT true AS passed", "condition": "true"}, "exclude each other"},
		"neither":               {"sql", map[string]any{}, "set condition or sql"},
		"args of a condition":   {"sql", map[string]any{"condition": "a > :n", "args": map[string]any{"n": 1}}, "a condition has none"},
		"args take our marker":  {"sql", map[string]any{"sql": "SELECT true AS passed", "args": map[string]any{"rows": 1}}, "the marker :rows"},
		"keys that do not pair": {"foreign_key", map[string]any{"columns": []any{"a"}, "references": "t", "referenced_columns": []any{"a", "b"}}, "there are 1 columns and 2 referenced_columns"},
		"an age of nothing":     {"freshness", map[string]any{"column": "a", "max_age": "0s"}, "write a length of time above 0"},
		"a bound that is none":  {"sum", map[string]any{"column": "a", "min": "many"}, `min: "many" is no number`},
		"drift of what":         {"drift", map[string]any{"of": "mean"}, "column"},
		"drift of rows":         {"drift", map[string]any{"of": "rows", "column": "a"}, "column is not for rows"},
		"drift of nothing":      {"drift", map[string]any{"of": "median", "column": "a"}, "of"},
		"an accepted null":      {"accepted_values", map[string]any{"column": "a", "values": []any{nil}}, "null"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := decode(t, tt.kind, tt.block)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := quality.KindOf("uniqe")
	require.EqualError(t, err, `"uniqe" is no kind of check; did you mean "unique"?`)
	_, err = quality.KindOf("something")
	require.ErrorContains(t, err, "there are accepted_values, drift, foreign_key")
}

// TestEveryCheckIsAKind finds the file of each check in the list.
func TestEveryCheckIsAKind(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("check_*.go")
	require.NoError(t, err)
	known, taken := map[string]bool{"func": true}, map[string]bool{}
	for _, kind := range quality.Kinds() {
		known[kind.Name] = true
		require.NotEmpty(t, kind.Summary)
		require.Equal(t, reflect.Pointer, reflect.TypeOf(kind.Block()).Kind())
		for _, word := range append([]string{kind.Name}, kind.Aliases...) {
			require.False(t, taken[word], "%s is taken twice", word)
			taken[word] = true
		}
		require.NotEmpty(t, config.FieldsOf(reflect.TypeOf(kind.Block()).Elem()))
		_, err := kind.Decode(func(any) error { return errors.New("on purpose") })
		require.EqualError(t, err, "on purpose")
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(file, "_test.go") || !strings.Contains(string(src), ") Kind() string") {
			continue
		}
		kind := strings.TrimSuffix(strings.TrimPrefix(file, "check_"), ".go")
		require.True(t, known[kind], "%s has a check that is not in Kinds", file)
		require.Contains(t, string(src), `return "`+kind+`"`)
	}
}

func FuzzDecodeRule(f *testing.F) {
	for _, kind := range quality.Kinds() {
		f.Add(kind.Name, "a", "1", "x > 1")
	}
	f.Add("range", "`a`.`b``c`", "1e300", "a) OR (b")
	f.Add("schema", "id BIGINT", "12.50", "/*")
	f.Fuzz(func(t *testing.T, kind, column, value, where string) {
		k, err := quality.KindOf(kind)
		if err != nil || len(column)+len(value)+len(where) > 1000 {
			t.Skip()
		}
		texts := map[string]any{
			"column": column, "columns": []any{column, value}, "min": value, "max": value, "where": where, "values": []any{value, column},
			"pattern": value, "of": "categories", "references": column, "schema": column, "max_age": value,
		}
		for _, extra := range []string{"", "sql", "condition"} {
			block := map[string]any{}
			for _, field := range config.FieldsOf(reflect.TypeOf(k.Block()).Elem()) {
				if v, ok := texts[field.Name]; ok {
					block[field.Name] = v
				}
				if field.Name == extra {
					block[extra] = where
				}
			}
			rule, err := k.Decode(config.NewSection(block).Decode)
			if err != nil {
				require.NotEmpty(t, err.Error())
				require.Nil(t, rule.Check)
				continue
			}
			require.NoError(t, rule.Validate())
			require.NotEmpty(t, rule.Check.String())
		}
	})
}
