package quality

import (
	"context"
	"math"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// How categories stand in reports: values behind a "=", so that none looks like null
// or like the rest.
const (
	nullCategory = "null"
	restCategory = "rest"
	valuePrefix  = "="
)

// sharesOf reads the most frequent categories; what they leave of the total is the
// rest.
func sharesOf(ctx context.Context, e *evaluation, df sql.DataFrame, total int64) (map[string]any, error) {
	out := map[string]any{}
	if total <= 0 {
		return out, nil
	}
	e.count()
	left := total
	for row, err := range dataflow.RowsAs[struct {
		K0 *string
		N  int64
	}](ctx, df) {
		if err != nil {
			return nil, err
		}
		name := nullCategory
		if row.K0 != nil {
			name = valuePrefix + *row.K0
		}
		out[name] = float64(row.N) / float64(total)
		left -= row.N
	}
	if left > 0 {
		out[restCategory] = float64(left) / float64(total)
	}
	return out, nil
}

// leastShare stands for a share of 0 in the index, whose logarithm has no end there.
const leastShare = 1e-4

// psi is the population stability index: the sum of (p - q) ln(p / q).
func psi(now, then map[string]any) float64 {
	return overCategories(now, then, func(p, q float64) float64 {
		p, q = max(p, leastShare), max(q, leastShare)
		return (p - q) * math.Log(p/q)
	})
}

// tvd is the total variation distance: half the sum of |p - q|.
func tvd(now, then map[string]any) float64 {
	return overCategories(now, then, func(p, q float64) float64 { return math.Abs(p-q) / 2 })
}

// overCategories sums over the categories of both. One that is told apart in only
// one of them was, or is, part of the rest in the other, or not there.
func overCategories(now, then map[string]any, term func(p, q float64) float64) float64 {
	sum := 0.0
	for _, name := range sortedKeys(now) {
		sum += term(share(now, name), share(then, name))
	}
	for _, name := range sortedKeys(then) {
		if _, both := now[name]; !both {
			sum += term(0, share(then, name))
		}
	}
	return sum
}

func share(of map[string]any, name string) float64 {
	if f, ok := of[name].(float64); ok {
		return f
	}
	return 0
}
