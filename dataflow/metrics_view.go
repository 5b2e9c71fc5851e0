package dataflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/component"
)

// MetricsView is a flow that measures a view, a table or a query in one pass over
// its rows: a number of its own choice or a standard set by column, over all rows
// or by groups. The result goes to the log, to the output of the run, or into a
// view that later components write somewhere.
type MetricsView struct {
	Input Input
	// Metrics are SQL aggregates by the names of their columns, such as
	// "revenue": "sum(price * quantity)".
	Metrics map[string]string
	// Columns are measured each by the number of its NULLs, its least and its
	// greatest value and about how many values there are: NAME_nulls, NAME_min,
	// NAME_max and NAME_distinct (approx_count_distinct, within 5 %).
	Columns []string
	// GroupBy are columns by which the rows are grouped.
	GroupBy []string
	// View is the name of a temporary view of the result. Whoever reads it measures
	// again, unless Cache is set.
	View string
	// Cache has the cluster keep the result until the session is closed; empty does
	// not. It wants a View.
	Cache StorageLevel
	// Print shows the result in the output of the run, at most 1,000 groups.
	Print bool
}

// maxMetricRows bounds the groups that are printed.
const maxMetricRows = 1000

var (
	_ DataFlow            = MetricsView{}
	_ Checker             = MetricsView{}
	_ component.Validator = MetricsView{}
)

// Name implements [DataFlow].
func (m MetricsView) Name() string { return "metrics" }

// Validate checks that there is something to measure, and somewhere to tell it.
func (m MetricsView) Validate() error {
	faults := []error{m.Input.Validate(), validCache(m.View, m.Cache)}
	if len(m.Metrics) == 0 && len(m.Columns) == 0 {
		faults = append(faults, errors.New(`set "metrics" or "columns"; there is nothing to measure`))
	}
	if m.Input.View != "" && quotedName(m.Input.View) == "" {
		faults = append(faults, fmt.Errorf("%q is no name of a view or table", m.Input.View))
	}
	if len(m.GroupBy) > 0 && m.View == "" && !m.Print {
		faults = append(faults, errors.New(`with "group_by" set "output_view" or "print"; only a single row is logged`))
	}
	names := map[string]bool{"rows": true}
	for _, name := range m.names() {
		if name == "" {
			faults = append(faults, errors.New("a metric or column has no name"))
		} else if key := strings.ToLower(name); names[key] {
			faults = append(faults, fmt.Errorf("the result would have two columns %q", name))
		} else {
			names[key] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Metrics)) {
		if strings.TrimSpace(m.Metrics[name]) == "" {
			faults = append(faults, fmt.Errorf("metrics.%s: the expression is empty", name))
		}
	}
	return errors.Join(faults...)
}

// columnMetrics are the standard set, by the ends of their names.
var columnMetrics = []struct{ end, sql string }{
	{"_nulls", "count_if(%s IS NULL)"}, {"_min", "min(%s)"}, {"_max", "max(%s)"}, {"_distinct", "approx_count_distinct(%s)"},
}

// names are the columns of the result beside "rows".
func (m MetricsView) names() []string {
	names := slices.Concat(m.GroupBy, slices.Sorted(maps.Keys(m.Metrics)))
	for _, column := range m.Columns {
		for _, metric := range columnMetrics {
			names = append(names, column+metric.end)
		}
	}
	return names
}

// query is the SQL of the measurement. Names are quoted; expressions are the
// user's.
func (m MetricsView) query() string {
	var columns, groups []string
	for _, column := range m.GroupBy {
		groups = append(groups, quotedPart(column))
	}
	columns = append(columns, groups...)
	columns = append(columns, "count(*) AS `rows`")
	for _, name := range slices.Sorted(maps.Keys(m.Metrics)) {
		columns = append(columns, fmt.Sprintf("(%s\n) AS %s", m.Metrics[name], quotedPart(name)))
	}
	for _, column := range m.Columns {
		for _, metric := range columnMetrics {
			columns = append(columns, fmt.Sprintf(metric.sql+" AS %s", quotedPart(column), quotedPart(column+metric.end)))
		}
	}
	from := quotedName(m.Input.View)
	if m.Input.Query != "" {
		from = "(" + m.Input.Query + "\n)"
	}
	text := "SELECT " + strings.Join(columns, ", ") + "\nFROM " + from
	if len(groups) > 0 {
		by := strings.Join(groups, ", ")
		text += "\nGROUP BY " + by + "\nORDER BY " + by
	}
	return text
}

// input is the measurement as a query.
func (m MetricsView) input() (Input, error) {
	if err := m.Validate(); err != nil {
		return Input{}, err
	}
	return Input{Query: m.query(), Args: m.Input.Args}, nil
}

// Run implements [DataFlow]. It blocks until the rows are measured, unless the
// result is only registered as a view.
func (m MetricsView) Run(ctx context.Context, spark *Session, rt component.Runtime) error {
	input, err := m.input()
	if err != nil {
		return err
	}
	df, err := input.Load(ctx, spark)
	if err != nil {
		return err
	}
	if m.View != "" {
		end := spark.viewEnd(m.View, m.Cache)
		register := end.Deliver
		end.Deliver = func(ctx context.Context, rows sql.DataFrame) error {
			df = rows
			return register(ctx, rows)
		}
		if err := Deliver(ctx, spark, rt, df, end); err != nil {
			return err
		}
	}
	if m.Print {
		text, err := spark.ShowString(ctx, df, maxMetricRows, 0)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(rt.Output(), text)
		return err
	}
	if m.View != "" || len(m.GroupBy) > 0 {
		return nil
	}
	row, err := One[map[string]any](ctx, df)
	if err != nil {
		return err
	}
	for _, name := range append([]string{"rows"}, m.names()...) {
		rt.Logger().Info("metric", zap.String("metric", name), zap.Any("value", row[name]))
	}
	return nil
}

// Check implements [Checker], with at most one analysis.
func (m MetricsView) Check(ctx context.Context, scope *CheckScope) error {
	input, err := m.input()
	if err != nil {
		return err
	}
	df, err := scope.Load(ctx, input)
	if err != nil {
		return err
	}
	def, err := scope.Analyze(ctx, df)
	if err != nil || m.View == "" {
		return err
	}
	return scope.Register(ctx, m.View, df, def)
}

// Lineage implements [Describer].
func (m MetricsView) Lineage() Lineage {
	input, err := m.input()
	if err != nil {
		return Lineage{Opaque: true}
	}
	l := input.Lineage()
	if m.View != "" {
		l = l.makes(viewDataset(m.View, false))
	}
	return l
}
