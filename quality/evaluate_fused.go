package quality

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// fusion is the metrics of many rules as columns of one aggregate. Rules that
// measure the same share a column.
type fusion struct {
	names   map[string]string // by expression
	columns []column.Convertible
}

// rowsName is the metric that every fusion has: all rows.
const rowsName = "rows"

func newFusion() *fusion {
	f := &fusion{names: map[string]string{}}
	f.add(call("count", integer(1)), rowsName)
	return f
}

// addAll adds the metrics of probes.
func (f *fusion) addAll(probes []*probe) {
	for _, p := range probes {
		for _, m := range p.metrics {
			f.add(m, f.fresh())
		}
	}
}

// fresh is a name that no metric has.
func (f *fusion) fresh() string { return "m" + strconv.Itoa(len(f.columns)) }

func (f *fusion) add(e expr, name string) { f.addAs(e, e, name) }

// addAs adds a metric that is asked for in another form.
func (f *fusion) addAs(key, e expr, name string) {
	if _, ok := f.names[string(key.data)]; ok {
		return
	}
	f.names[string(key.data)] = name
	f.columns = append(f.columns, column.WithAlias(name, e.column()))
}

// share hands the values to the probes.
func (f *fusion) share(probes []*probe, values map[string]any) error {
	for _, p := range probes {
		got := make([]any, len(p.metrics))
		for i, m := range p.metrics {
			value, ok := values[f.names[string(m.data)]]
			if !ok {
				return fmt.Errorf("a metric of rule %q did not come", p.rule.name())
			}
			got[i] = value
		}
		p.values.values = got
	}
	return nil
}

// measure takes the metrics of all probes in one query. When Spark refuses it, or
// breaks off over a value, it is asked for half of them and the other half, until
// the faults stand alone.
func (e *evaluation) measure(ctx context.Context, probes []*probe) error {
	if len(probes) == 0 {
		return nil
	}
	err := e.aggregate(ctx, probes)
	switch {
	case err == nil:
		return nil
	case !ofRule(ctx, err):
		return err
	case len(probes) == 1:
		if e.aggregate(ctx, nil) != nil {
			return err // not even the rows can be counted
		}
		probes[0].err = err
		return nil
	}
	half := len(probes) / 2
	if err := e.measure(ctx, probes[:half]); err != nil {
		return err
	}
	return e.measure(ctx, probes[half:])
}

// aggregate runs one query.
func (e *evaluation) aggregate(ctx context.Context, probes []*probe) error {
	f := newFusion()
	f.addAll(probes)
	df, err := numbered(ctx, e.df, probes)
	if err != nil {
		return err
	}
	df, err = df.Agg(ctx, f.columns...)
	if err != nil {
		return err
	}
	e.count()
	row, err := dataflow.One[dataflow.Row](ctx, df)
	if err != nil {
		return err
	}
	return f.share(probes, row.Map())
}

// oneRow runs a query that gives one row.
func (e *evaluation) oneRow(ctx context.Context, df sql.DataFrame) (found, error) {
	e.count()
	row, err := dataflow.One[dataflow.Row](ctx, df)
	if err != nil {
		return nil, err
	}
	return row.Map(), nil
}

// explain is an error in one line. What Spark says when it breaks off may have values
// of rows in it, so then only the class is told.
func explain(err error) string {
	var spark *component.SparkError
	if errors.As(err, &spark) && !strings.HasPrefix(spark.SQLState, "42") && !strings.HasPrefix(spark.SQLState, "0A") {
		return fmt.Sprintf("Spark broke off with %s (SQLSTATE %s); its text is left out, since it may hold values of rows",
			cmp.Or(spark.Class, spark.Code), cmp.Or(spark.SQLState, "unknown"))
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// reportable makes values fit for JSON, which has no NaN and no infinity.
func reportable(values map[string]any) map[string]any {
	for name, v := range values {
		if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
			values[name] = fmt.Sprint(f)
		}
	}
	return values
}
