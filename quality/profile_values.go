package quality

import (
	"cmp"
	"context"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// mostCounted is how many different values a column may have for them to be
// counted one by one.
const mostCounted = 1000

// countValues counts the values of the columns that have few, in one query.
func (p *profiler) countValues(ctx context.Context, columns []*ColumnProfile) error {
	var counted []*ColumnProfile
	var pairs []expr
	for _, c := range columns {
		if !hasTop(c.typ.Kind) || c.Distinct == nil || *c.Distinct == 0 {
			continue
		}
		if *c.Distinct > mostCounted {
			c.Note = "frequent values are not counted: there are many different ones, and this server has no approx_top_k"
			continue
		}
		pairs = append(pairs, call("named_struct", text("column"), integer(int32(len(counted))), text("value"), shown(c)))
		counted = append(counted, c)
	}
	if len(counted) == 0 {
		return nil
	}
	df, err := p.df.Select(ctx, call("inline", call("array", pairs...)).column())
	if err == nil {
		df, err = df.Filter(ctx, call("isnotnull", named("value")).column())
	}
	if err == nil {
		df, err = df.GroupBy(columnOf("column"), columnOf("value")).Agg(ctx, column.WithAlias("n", call("count", integer(1)).column()))
	}
	if err != nil {
		return err
	}
	p.out.Passes++
	type group struct {
		Column int32
		Value  string
		N      int64
	}
	for g, err := range dataflow.RowsAs[group](ctx, df) {
		if err != nil {
			return err
		}
		if int(g.Column) < len(counted) {
			c := counted[g.Column]
			c.Top = append(c.Top, TopValue{g.Value, g.N})
		}
	}
	for _, c := range counted {
		slices.SortFunc(c.Top, func(a, b TopValue) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value)) })
		c.all = len(c.Top) <= p.TopValues
		c.Top = slices.Clone(c.Top[:min(len(c.Top), p.TopValues)])
	}
	return nil
}
