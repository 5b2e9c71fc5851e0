package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
	"github.com/sparkpipe/sparkpipe/internal/sqltext"
)

// SQL is a check in SQL: a condition on each row, or a query that judges.
//
// A condition counts a row as bad when it is false; when it is null the row passes,
// unless Null says that it fails. A condition that Spark cannot compute for some row,
// as one that divides by zero, cannot be evaluated.
//
// A query gives rows with a truth value "passed", and perhaps a text "message". The
// check passes when there is at least one row and passed is true in every one of
// them; null is not true. The query reads tables and views by their names, and the
// rows that are checked as IDENTIFIER(:rows).
//
//	SELECT count(*) = 0 AS passed, 'an order without lines' AS message
//	FROM IDENTIFIER(:rows) o LEFT ANTI JOIN lines l ON o.id = l.order_id
type SQL struct {
	// Condition is a condition on a row, SQL a query; one of them is set.
	Condition string `koanf:"condition" doc:"SQL condition that every row has to fulfil"`
	SQL       string `koanf:"sql" doc:"SQL query of rows with a truth value passed, and perhaps a message; the rows that are checked are IDENTIFIER(:rows)"`
	// Args are values of the markers :name of the query, sent as values.
	Args map[string]any `koanf:"args" doc:"values of the markers :name of the query, sent as values and never as text"`
	// Null says what becomes of rows for which the condition is null.
	Null NullMode `koanf:"null" default:"pass" enum:"pass,fail" doc:"what becomes of rows for which the condition is null"`
}

// Kind implements [Check].
func (SQL) Kind() string { return "sql" }

// String implements [Check].
func (c SQL) String() string {
	return describe(c.Kind(), strings.Join(strings.Fields(c.Condition+c.SQL), " "))
}

// rowsMarker is the argument with the name of the view of the rows.
const rowsMarker = "rows"

// Validate implements [Check].
func (c SQL) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.ExactlyOne("condition", c.Condition, "sql", c.SQL)
	if c.Condition != "" {
		f.Err("condition", condition(c.Condition, false))
		if len(c.Args) > 0 {
			f.Add("args are those of a query, and a condition has none")
		}
	}
	if c.SQL != "" {
		f.Err("sql", isQuery(c.SQL))
		if _, ok := c.Args[rowsMarker]; ok {
			f.Add("args: the marker :%s is the view of the rows that are checked", rowsMarker)
		}
		if c.Null == NullFail {
			f.Add("null is about a condition, and a query tells itself what has passed")
		}
	}
	f.Append(prefix(c, c.Null.check()))
	return f.Join()
}

func isQuery(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("the query is no UTF-8")
	}
	if st := sqltext.Parse(text); !st.Query {
		return fmt.Errorf("it is no query: %s", st.Reason)
	}
	return nil
}

func (SQL) why() string { return "break the condition" }

func (c SQL) notRowwise() string {
	if c.Condition != "" {
		return ""
	}
	return "a query says nothing of single rows; write a condition"
}

func (c SQL) countsRows() bool { return c.Condition != "" }

func (c SQL) ignoresWhere() bool { return c.Condition == "" }

func (c SQL) bad(*target) (expr, error) {
	if c.Condition == "" {
		return expr{}, errors.New(c.notRowwise())
	}
	return c.Null.judge(not(written(c.Condition))), nil
}

func (c SQL) prepare(t *target) (*probe, error) {
	if c.Condition != "" {
		return rowProbe(t, c)
	}
	p := t.probe(func(m metrics) (verdict, error) {
		v, _ := m.found["verdict"].(verdict)
		return v, nil
	})
	p.query = &query{run: c.ask}
	return p, nil
}

// ask runs the query.
func (c SQL) ask(ctx context.Context, e *evaluation, _ metrics) (_ found, err error) {
	args := []any{}
	for _, name := range sortedKeys(c.Args) {
		args = append(args, dataflow.Named(name, c.Args[name]))
	}
	if strings.Contains(c.SQL, ":"+rowsMarker) {
		view := "_sparkpipe_rows_" + strings.ReplaceAll(uuid.NewString(), "-", "")
		if err := e.spark.CreateTempView(ctx, e.df, view); err != nil {
			return nil, err
		}
		defer func() {
			_, dropped := e.spark.Catalog().DropTempView(context.WithoutCancel(ctx), view)
			err = errors.Join(err, dropped)
		}()
		args = append(args, dataflow.Named(rowsMarker, view))
	}
	df, err := e.spark.SQL(ctx, c.SQL, args...)
	if err != nil {
		return nil, err
	}
	e.count()
	rows := 0
	for row, err := range dataflow.Rows(ctx, df) {
		if err != nil {
			return nil, err
		}
		rows++
		v, err := judgeRow(row)
		if err != nil || v.status != StatusPassed {
			return found{"verdict": v}, err
		}
	}
	if rows == 0 {
		return found{"verdict": failed(0, nil, "the query gave no row")}, nil
	}
	return found{"verdict": passed(0, nil)}, nil
}

// judgeRow reads a row of the query.
func judgeRow(row dataflow.Row) (verdict, error) {
	result, ok := lookUp(row, "passed")
	if !ok {
		return verdict{}, &faultError{fmt.Errorf("the query gives no column passed; it gives %s", few(row.Names()))}
	}
	holds, isTruth := result.(bool)
	if !isTruth && result != nil {
		return verdict{}, &faultError{errors.New("the column passed of the query is no BOOLEAN")}
	}
	if holds {
		return passed(0, nil), nil
	}
	message, _ := lookUp(row, "message")
	if text, ok := message.(string); ok && strings.TrimSpace(text) != "" {
		return failed(0, nil, "%s", strings.Join(strings.Fields(text), " ")), nil
	}
	if result == nil {
		return failed(0, nil, "the query says null, which is not passed"), nil
	}
	return failed(0, nil, "the query says that it has not passed"), nil
}

// lookUp finds a value regardless of case.
func lookUp(row dataflow.Row, name string) (any, bool) {
	at := slices.IndexFunc(row.Names(), func(have string) bool { return strings.EqualFold(have, name) })
	if at < 0 {
		return nil, false
	}
	return row.At(at), true
}
