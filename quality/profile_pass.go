package quality

import (
	"context"
	"fmt"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// longestText is how many characters of a text are told.
const longestText = 200

// sketchItems is how many values a sketch of frequent values follows. It is exact
// for three quarters of so many.
const sketchItems = 1000

// measure is an aggregate of a column, and what its value is for.
type measure struct {
	expr expr
	take func(c *ColumnProfile, value any)
}

// pass asks for everything about some columns in one query.
func (p *profiler) pass(ctx context.Context, columns []*ColumnProfile) error {
	aggregates := []column.Convertible{column.WithAlias("rows", call("count", integer(1)).column())}
	var takes []func(value any)
	for _, c := range columns {
		for _, m := range p.measures(c) {
			aggregates = append(aggregates, column.WithAlias("m"+strconv.Itoa(len(takes)), m.expr.column()))
			takes = append(takes, func(value any) { m.take(c, value) })
		}
	}
	df, err := p.df.Agg(ctx, aggregates...)
	if err != nil {
		return err
	}
	p.out.Passes++
	row, err := dataflow.One[dataflow.Row](ctx, df)
	if err != nil {
		return err
	}
	if row.Len() != len(aggregates) {
		return fmt.Errorf("the server sent %d values where %d were asked for", row.Len(), len(aggregates))
	}
	p.out.Rows, _ = row.At(0).(int64)
	for i, take := range takes {
		take(row.At(i + 1))
	}
	return nil
}

// measures are the aggregates for a column.
func (p *profiler) measures(c *ColumnProfile) []measure {
	col := named(c.Name)
	kind := c.typ.Kind
	out := []measure{{call("count", col), func(c *ColumnProfile, v any) { c.Nulls = p.out.Rows - whole(v) }}}
	if hashable(c.typ) {
		out = append(out, measure{call("approx_count_distinct", col), func(c *ColumnProfile, v any) { c.Distinct = wholeOf(v) }})
	}
	ordered := col
	if kind == schema.KindFloat || kind == schema.KindDouble {
		ordered = call("if", call("isnan", col), written("NULL"), col)
		out = append(out, measure{call("count_if", call("coalesce", call("isnan", col), boolean(false))), func(c *ColumnProfile, v any) { c.NaNs = wholeOf(v) }})
	}
	switch {
	case isText(kind):
		out = append(out, textMeasures(col)...)
	case kind == schema.KindArray || kind == schema.KindMap:
		out = append(out, lengths(call("if", call("isnull", col), written("CAST(NULL AS INT)"), call("size", col)))...)
	case isOrdered(kind):
		out = append(out,
			measure{call("min", ordered), func(c *ColumnProfile, v any) { c.Min = v }},
			measure{call("max", ordered), func(c *ColumnProfile, v any) { c.Max = v }})
	}
	if isNumber(kind) {
		number := call("double", ordered)
		out = append(out,
			measure{call("avg", number), func(c *ColumnProfile, v any) { c.Mean = floatOf(v) }},
			measure{call("stddev_samp", number), func(c *ColumnProfile, v any) { c.StdDev = floatOf(v) }})
	}
	if isNumber(kind) || isTime(kind) {
		out = append(out, measure{p.quantiles(ordered), p.takeQuantiles})
	}
	if p.TopValues > 0 && p.sketches && hasTop(kind) {
		out = append(out, measure{
			call("approx_top_k", shown(c), integer(int32(p.TopValues+1)), integer(max(sketchItems, int32(p.TopValues+1)))), p.takeTop,
		})
	}
	return out
}

func textMeasures(col expr) []measure {
	start := func(e expr) expr { return call("left", e, integer(longestText)) }
	return append(lengths(call("char_length", col)),
		measure{start(call("min", col)), func(c *ColumnProfile, v any) { c.Min = v }},
		measure{start(call("max", col)), func(c *ColumnProfile, v any) { c.Max = v }})
}

// lengths are the aggregates of lengths, which are null for no rows.
func lengths(of expr) []measure {
	length := func(c *ColumnProfile) *LengthProfile {
		if c.Length == nil {
			c.Length = &LengthProfile{}
		}
		return c.Length
	}
	known := func(take func(l *LengthProfile, v any)) func(*ColumnProfile, any) {
		return func(c *ColumnProfile, v any) {
			if v != nil {
				take(length(c), v)
			}
		}
	}
	return []measure{
		{call("min", of), known(func(l *LengthProfile, v any) { l.Min = whole(v) })},
		{call("max", of), known(func(l *LengthProfile, v any) { l.Max = whole(v) })},
		{call("avg", of), known(func(l *LengthProfile, v any) { l.Mean, _ = v.(float64) })},
		{call("count_if", call("==", of, integer(0))), func(c *ColumnProfile, v any) {
			if c.Length != nil { // there are values
				c.Length.Empty = whole(v)
			}
		}},
	}
}

func (p *profiler) quantiles(of expr) expr {
	shares := make([]expr, len(p.Quantiles))
	for i, share := range p.Quantiles {
		shares[i] = double(share)
	}
	return call("approx_percentile", of, call("array", shares...), integer(int32(min(p.Accuracy, 1<<30))))
}

func (p *profiler) takeQuantiles(c *ColumnProfile, v any) {
	values, _ := v.([]any)
	for i, value := range values {
		if i < len(p.Quantiles) {
			c.Quantiles = append(c.Quantiles, Quantile{p.Quantiles[i], value})
		}
	}
}

// shown is a column as texts that are not too long.
func shown(c *ColumnProfile) expr {
	text := call("string", named(c.Name))
	if isText(c.typ.Kind) {
		text = call("left", text, integer(longestText))
	}
	return text
}

// takeTop reads an array of structs of a value and its count, with null among the
// values.
func (p *profiler) takeTop(c *ColumnProfile, v any) {
	items, _ := v.([]any)
	c.all = len(items) <= p.TopValues
	for _, item := range items {
		row, _ := item.(dataflow.Row)
		if value, ok := row.At(0).(string); ok && len(c.Top) < p.TopValues {
			c.Top = append(c.Top, TopValue{value, whole(row.At(1))})
		}
	}
}

// whole is a whole number of whatever width.
func whole(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case int32:
		return int64(n)
	}
	return 0
}

func wholeOf(v any) *int64 {
	if v == nil {
		return nil
	}
	n := whole(v)
	return &n
}

func floatOf(v any) *float64 {
	f, ok := v.(float64)
	if !ok {
		return nil
	}
	return &f
}
