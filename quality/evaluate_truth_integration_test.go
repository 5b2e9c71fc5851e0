package quality_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/sparktest"
	"github.com/sparkpipe/sparkpipe/quality"
)

// truth is a rule and what plain SQL says of it: how many rows it looks at and how
// many are bad. Of a whole check bad is a condition that is true when it fails.
type truth struct {
	rule      quality.Rule
	rows, bad string
	whole     bool
}

// noon is the time by which the tables are made.
var noon = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// truthColumn is a column of the tables: its name, as SQL quotes it and as a check
// writes it, and the values to draw from.
type truthColumn struct {
	sql, name, typ string
	values         []string
}

func truthColumns() map[string]truthColumn {
	return map[string]truthColumn{
		"long":    {"`id`", "id", "BIGINT", []string{"1L", "2L", "3L", "-5L", "9223372036854775807L", "40L", "100000L", "NULL"}},
		"int":     {"`select`", "select", "INT", []string{"CAST(1 AS INT)", "CAST(2 AS INT)", "CAST(-2147483648 AS INT)", "NULL"}},
		"double":  {"`a.b`", "`a.b`", "DOUBLE", []string{"DOUBLE('NaN')", "DOUBLE('Infinity')", "-0.0D", "0.0D", "0.1D", "7.5D", "NULL"}},
		"float":   {"`mit Leer`", "mit Leer", "FLOAT", []string{"FLOAT(0.1)", "FLOAT(0.2)", "FLOAT('NaN')", "NULL"}},
		"decimal": {"`tick``s`", "tick`s", "DECIMAL(10,2)", []string{"12.34BD", "0.10BD", "-99999999.99BD", "NULL"}},
		"huge":    {"`größe`", "größe", "DECIMAL(38,0)", []string{"99999999999999999999999999999999999999BD", "1BD", "0BD", "NULL"}},
		"text":    {"`1st`", "1st", "STRING", []string{"''", "'a'", "'ab'", "'A'", "'it''s'", "'x\\ny'", "'ö'", "NULL"}},
		"date":    {"`day`", "day", "DATE", []string{"DATE'2024-05-01'", "DATE'2024-04-30'", "DATE'1969-12-31'", "NULL"}},
		"instant": {"`at`", "at", "TIMESTAMP", []string{"TIMESTAMP'2024-05-01 11:00:00Z'", "TIMESTAMP'2024-04-30 12:00:00.000001Z'", "TIMESTAMP'2024-04-30 12:00:00Z'", "TIMESTAMP'2024-04-30 11:59:59.999999Z'", "NULL"}},
		"clock":   {"`ntz`", "ntz", "TIMESTAMP_NTZ", []string{"TIMESTAMP_NTZ'2024-05-01 11:00:00'", "TIMESTAMP_NTZ'2024-04-01 00:00:00'", "NULL"}},
		"truth":   {"`ok`", "ok", "BOOLEAN", []string{"true", "false", "NULL"}},
		"nested":  {"`address`.`zip`", "address.zip", "STRUCT<zip: STRING, n: INT>", []string{"named_struct('zip', '123', 'n', 1)", "named_struct('zip', NULL, 'n', 2)", "NULL"}},
	}
}

var truthOrder = []string{"long", "int", "double", "float", "decimal", "huge", "text", "date", "instant", "clock", "truth", "nested"}

// truthTable makes a table of random rows, and of few values in some columns, so
// that all bad, none bad and repeated rows come about.
func truthTable(random *rand.Rand) string {
	columns, rows := truthColumns(), []int{0, 1, 2, 5, 30}[random.IntN(5)]
	var names, lines, selected []string
	few := map[string]int{}
	for i, kind := range truthOrder {
		c := columns[kind]
		names = append(names, fmt.Sprint("c", i))
		selected = append(selected, fmt.Sprintf("CAST(c%d AS %s) AS %s", i, c.typ, strings.Split(c.sql, ".`zip")[0]))
		few[kind] = 1 + random.IntN(len(columns[kind].values))
	}
	for range max(rows, 1) {
		var cells []string
		for _, kind := range truthOrder {
			cells = append(cells, columns[kind].values[random.IntN(few[kind])])
		}
		lines = append(lines, "("+strings.Join(cells, ", ")+")")
	}
	return fmt.Sprintf("SELECT %s FROM VALUES %s AS t(%s) LIMIT %d", strings.Join(selected, ", "), strings.Join(lines, ", "), strings.Join(names, ", "), rows)
}

// truths are rules beside what SQL says of them.
func truths(random *rand.Rand) []truth {
	c := truthColumns()
	var out []truth
	add := func(check quality.Check, bad string) {
		out = append(out, truth{rule: quality.Rule{Check: check}, rows: "count(*)", bad: bad})
	}
	for _, kind := range truthOrder {
		add(quality.NotNull{Columns: []string{c[kind].name}}, c[kind].sql+" IS NULL")
		add(quality.Unique{Columns: []string{c[kind].name}}, "")
	}
	add(quality.NotNull{Columns: []string{"id", "`a.b`"}}, "`id` IS NULL OR `a.b` IS NULL")
	add(quality.Unique{Columns: []string{"address.zip", "1st"}}, "")
	add(quality.Unique{Columns: []string{"id", "select"}}, "")
	ranges := map[string][][4]any{ // min, max, in SQL both
		"long":    {{1, 3, "1", "3"}, {nil, "9223372036854775806", "", "9223372036854775806"}, {0.5, nil, "0.5BD", ""}, {nil, "1e30", "", "1000000000000000000000000000000BD"}, {"-1e30", nil, "-1000000000000000000000000000000BD", ""}},
		"int":     {{-2147483648, 1, "-2147483648", "1"}, {nil, 1.5, "", "1.5BD"}},
		"double":  {{0, 7.5, "0D", "7.5D"}, {0.1, nil, "0.1D", ""}, {nil, 0, "", "0D"}},
		"float":   {{0.1, 0.2, "FLOAT(0.1)", "FLOAT(0.2)"}},
		"decimal": {{"0.1", 12.34, "0.10BD", "12.34BD"}, {0.101, nil, "0.101BD", ""}, {nil, 12.339, "", "12.339BD"}, {nil, "1e20", "", "100000000000000000000BD"}},
		"huge":    {{nil, "99999999999999999999999999999999999998", "", "99999999999999999999999999999999999998BD"}},
		"text":    {{"a", "b", "'a'", "'b'"}, {"", nil, "''", ""}},
		"date":    {{"2024-04-30", dataflow.Date{Year: 2024, Month: 4, Day: 30}, "DATE'2024-04-30'", "DATE'2024-04-30'"}},
		"instant": {{noon.AddDate(0, 0, -1), nil, "TIMESTAMP'2024-04-30 12:00:00Z'", ""}, {nil, "2024-04-30 12:00:00", "", "TIMESTAMP'2024-04-30 12:00:00'"}, {"2024-04-30T14:00:00+02:00", "2024-05-01", "TIMESTAMP'2024-04-30 12:00:00Z'", "TIMESTAMP'2024-05-01 00:00:00'"}},
		"clock":   {{"2024-04-01 00:00:01", nil, "TIMESTAMP_NTZ'2024-04-01 00:00:01'", ""}},
		"nested":  {{"124", nil, "'124'", ""}},
	}
	for _, kind := range truthOrder {
		for _, b := range ranges[kind] {
			for _, edges := range []string{"both", "min", "max", "neither"} {
				for _, null := range []quality.NullMode{quality.NullPass, quality.NullFail} {
					if random.IntN(4) > 0 { // there are too many for every table
						continue
					}
					bad := rangeSQL(c[kind].sql, kind, b, edges)
					if null == quality.NullFail {
						bad = c[kind].sql + " IS NULL OR " + bad
					}
					add(quality.Range{Column: c[kind].name, Min: b[0], Max: b[1], Inclusive: edges, Null: null}, bad)
				}
			}
		}
	}
	add(quality.Range{Column: "größe", Min: 0.5}, "`größe` <= 0") // what SQL would round to 1
	add(quality.Range{Column: "größe", Min: 0.5, Inclusive: "neither"}, "`größe` <= 0")
	add(quality.AcceptedValues{Column: "id", Values: []any{1, "2", 9223372036854775807}}, "`id` NOT IN (1, 2, 9223372036854775807)")
	add(quality.AcceptedValues{Column: "`a.b`", Values: []any{"NaN", 0, 7.5}}, "NOT (isnan(`a.b`) OR `a.b` = 0 OR `a.b` = 7.5D)")
	add(quality.AcceptedValues{Column: "mit Leer", Values: []any{0.1}, Null: quality.NullFail}, "`mit Leer` IS NULL OR `mit Leer` <> FLOAT(0.1)")
	add(quality.AcceptedValues{Column: "tick`s", Values: []any{12.34, "0.1"}}, "`tick``s` NOT IN (12.34, 0.10)")
	add(quality.AcceptedValues{Column: "1st", Values: []any{"a", "it's", "x\ny", ""}}, "`1st` NOT IN ('a', 'it\\'s', 'x\\ny', '')")
	add(quality.AcceptedValues{Column: "ok", Values: []any{true}}, "`ok` = false")
	add(quality.AcceptedValues{Column: "day", Values: []any{"2024-05-01"}}, "`day` <> DATE'2024-05-01'")
	add(quality.AcceptedValues{Column: "ntz", Values: []any{"2024-04-01"}}, "`ntz` <> TIMESTAMP_NTZ'2024-04-01 00:00:00'")
	add(quality.Pattern{Column: "1st", Pattern: "^a"}, "NOT `1st` LIKE 'a%'")
	add(quality.Pattern{Column: "1st", Pattern: "A|a", Anchored: true, Null: quality.NullFail}, "`1st` IS NULL OR `1st` NOT IN ('a', 'A')")
	add(quality.Pattern{Column: "address.zip", Pattern: `^\d+$`}, "false")
	one, two := int64(1), int64(2)
	add(quality.Length{Column: "1st", Min: &one, Max: &one}, "char_length(`1st`) <> 1")
	add(quality.Length{Column: "1st", Max: &two, Null: quality.NullFail}, "`1st` IS NULL OR char_length(`1st`) > 2")
	add(quality.Freshness{Column: "at", MaxAge: 24 * time.Hour, Of: "every"}, "`at` < TIMESTAMP'2024-04-30 12:00:00Z'")
	add(quality.Freshness{Column: "day", MaxAge: 24 * time.Hour, Of: "every", Null: quality.NullFail}, "`day` IS NULL OR `day` <= DATE'2024-04-30'")
	add(quality.SQL{Condition: "`id` > `select` -- and more"}, "`id` <= `select`")
	add(quality.SQL{Condition: "`id` > 1", Null: quality.NullFail}, "`id` <= 1 OR `id` IS NULL")
	for i := range out { // some look at a part of the rows
		if random.IntN(4) == 0 && out[i].bad != "" {
			out[i].rule.Where = "`ok` /* or not */"
			out[i].rows, out[i].bad = "count_if(`ok`)", "`ok` AND ("+out[i].bad+")"
		}
	}
	for i := range out { // what is only counted goes along with a write in another way
		if random.IntN(2) == 0 {
			out[i].rule.Action = quality.ActionExpect
		}
	}
	whole := func(check quality.Check, fails string) {
		out = append(out, truth{rule: quality.Rule{Check: check}, rows: "count(*)", bad: fails, whole: true})
	}
	for n := range int64(3) {
		whole(quality.RowCount{Min: &n}, fmt.Sprintf("count(*) < %d", n))
		whole(quality.RowCount{Max: &n}, fmt.Sprintf("count(*) > %d", n))
	}
	whole(quality.Sum{Column: "tick`s", Min: 0, Max: "1000.5"}, "count(`tick``s`) = 0 OR sum(`tick``s`) NOT BETWEEN 0 AND 1000.5")
	whole(quality.Mean{Column: "select", Min: 1}, "count(`select`) = 0 OR avg(`select`) < 1")
	whole(quality.Sum{Column: "`a.b`", Min: 0}, "count(`a.b`) = 0 OR count_if(isnan(`a.b`) OR `a.b` = DOUBLE('Infinity')) > 0 OR sum(`a.b`) < 0")
	whole(quality.Freshness{Column: "at", MaxAge: 24 * time.Hour}, "count(`at`) = 0 OR max(`at`) < TIMESTAMP'2024-04-30 12:00:00Z'")
	whole(quality.Freshness{Column: "ntz", MaxAge: 48 * time.Hour}, "count(`ntz`) = 0 OR max(`ntz`) < TIMESTAMP_NTZ'2024-04-29 12:00:00'")
	return out
}

func rangeSQL(col, kind string, b [4]any, edges string) string {
	var faults []string
	if b[2] != "" {
		op := " < "
		if edges == "max" || edges == "neither" {
			op = " <= "
		}
		faults = append(faults, fmt.Sprint(col, op, b[2]))
	}
	if b[3] != "" {
		op := " > "
		if edges == "min" || edges == "neither" {
			op = " >= "
		}
		faults = append(faults, fmt.Sprint(col, op, b[3]))
	}
	if kind == "double" || kind == "float" {
		faults = append(faults, "isnan("+col+")")
	}
	return strings.Join(faults, " OR ")
}

func TestRealTruth(t *testing.T) {
	t.Parallel()
	sparktest.Each(t, func(t *testing.T, remote string) {
		spark := sparkAt(t, remote)
		for i := range size(t, "SPARKPIPE_TEST_TABLES", 2) {
			generateCode(t, spark, i%6 == 1)
			random := rand.New(rand.NewPCG(uint64(i), 7))
			query := truthTable(random)
			checkTruth(t, spark, query, truths(random))
			if t.Failed() {
				t.Fatalf("table %d: %s", i, query)
			}
		}
	})
}

// checkTruth evaluates the rules in all three ways and compares with SQL.
func checkTruth(t *testing.T, spark *dataflow.Session, query string, truths []truth) {
	ctx := t.Context()
	df, err := spark.SQL(ctx, query)
	require.NoError(t, err)
	view := "truth_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	require.NoError(t, spark.CreateTempView(ctx, df, view))
	defer func() { _, _ = spark.Catalog().DropTempView(context.WithoutCancel(ctx), view) }()
	suite, said := quality.Suite{}, askTruth(t, spark, view, truths)
	for i := range truths {
		truths[i].rule.Name = fmt.Sprintf("%d %s", i, truths[i].rule.Check)
		suite.Rules = append(suite.Rules, truths[i].rule)
	}
	opts := &quality.Options{Clock: func() time.Time { return noon }}
	report, err := suite.Evaluate(ctx, spark, df, opts)
	require.NoError(t, err)
	observed, pending, err := suite.Observe(ctx, spark, df, opts)
	require.NoError(t, err)
	defer pending.Close()
	require.NoError(t, dataflow.Writer{Format: "noop", Mode: dataflow.SaveModeOverwrite}.Save(ctx, spark, observed, ""))
	rode, err := pending.Report(ctx)
	require.NoError(t, err)
	kept := rowsKept(t, df, suite, opts)
	for i, want := range said {
		what, got := truths[i].rule.Name+" where "+truths[i].rule.Where, report.Results[i]
		require.NotEqual(t, quality.StatusError, got.Status, "%s: %s", what, got.Message)
		require.Equal(t, want.failed, got.Status == quality.StatusFailed, "%s: %s", what, got.Message)
		require.Equal(t, want.rows, got.Rows, what)
		require.Equal(t, got.Status == quality.StatusFailed, got.Message != "", what)
		if !truths[i].whole {
			require.Equal(t, want.bad, got.Bad, what)
		}
		require.Equal(t, got, rode.Results[i], what+", along with the write")
		if n, ok := kept[i]; ok {
			require.Equal(t, got.Bad, report.Results[len(said)-1].Rows-n, what+", row by row")
		}
	}
}

type saying struct {
	rows, bad int64
	failed    bool
}

// askTruth has SQL count.
func askTruth(t *testing.T, spark *dataflow.Session, view string, truths []truth) []saying {
	t.Helper()
	var columns []string
	for i, tr := range truths {
		bad := fmt.Sprintf("sum(CASE WHEN %s THEN 1 ELSE 0 END)", tr.bad)
		switch u, ok := tr.rule.Check.(quality.Unique); {
		case ok:
			names := map[string]string{}
			for _, c := range truthColumns() {
				names[c.name] = c.sql
			}
			var keys []string
			for _, name := range u.Columns {
				keys = append(keys, names[name])
			}
			bad = fmt.Sprintf("count(*) - (SELECT count(*) FROM (SELECT DISTINCT %s FROM %s))", strings.Join(keys, ", "), view)
		case tr.whole:
			bad = fmt.Sprintf("CASE WHEN %s THEN 1 ELSE 0 END", tr.bad)
		}
		columns = append(columns, fmt.Sprintf("CAST(%s AS BIGINT) AS r%d, CAST(coalesce(%s, 0) AS BIGINT) AS b%d", tr.rows, i, bad, i))
	}
	df, err := spark.SQL(t.Context(), "SELECT "+strings.Join(columns, ", ")+" FROM "+view)
	require.NoError(t, err)
	row, err := dataflow.One[dataflow.Row](t.Context(), df)
	require.NoError(t, err)
	out := make([]saying, len(truths))
	for i := range truths {
		rows, _ := row.At(2 * i).(int64)
		bad, _ := row.At(2*i + 1).(int64)
		out[i] = saying{rows, bad, bad > 0}
	}
	return out
}

// rowsKept counts the rows that the condition of each rule of single rows keeps.
func rowsKept(t *testing.T, df sql.DataFrame, suite quality.Suite, opts *quality.Options) map[int]int64 {
	t.Helper()
	def, err := dataflow.SchemaOf(t.Context(), df)
	require.NoError(t, err)
	columns := []column.Convertible{}
	var at []int
	for i, rule := range suite.Rules {
		good, ok, err := quality.RowCondition(rule, def, opts)
		require.NoError(t, err)
		require.Equal(t, rule.RowByRow(), ok)
		if ok {
			at = append(at, i)
			columns = append(columns, column.WithAlias(fmt.Sprint("g", i), good))
		}
	}
	flags, err := df.Select(t.Context(), columns...)
	require.NoError(t, err)
	out := map[int]int64{}
	for _, i := range at {
		out[i] = 0
	}
	for row, err := range dataflow.Rows(t.Context(), flags) {
		require.NoError(t, err)
		for n, i := range at {
			good, known := row.At(n).(bool)
			require.True(t, known, "a condition is never null")
			if good {
				out[i]++
			}
		}
	}
	return out
}
