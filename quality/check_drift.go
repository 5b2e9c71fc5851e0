package quality

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/apache/spark-connect-go/v40/spark/sql/functions"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// What a [Drift] can compare.
const (
	DriftRows       = "rows"
	DriftMean       = "mean"
	DriftStddev     = "stddev"
	DriftCategories = "categories"
)

// How a [Drift] compares categories.
const (
	DriftPSI = "psi"
	DriftTVD = "tvd"
)

// DefaultMaxChange is the change that a [Drift] allows.
const DefaultMaxChange = 0.2

// DefaultCategories is how many categories a [Drift] tells apart.
const DefaultCategories = 50

// Drift wants what is measured now to be like what the rule of the same name measured
// when its last report was kept: the number of rows, the mean or the standard
// deviation of a column of numbers, or the shares of the values of a column. It needs
// a [History]. Where there is nothing to compare with, as at the first run, it passes
// and its values say "compared": false.
//
// Rows, mean and standard deviation change by |now - then| / |then|; from 0 every
// change is too large. Null is left out of mean and standard deviation; without
// values, or with NaN, there is nothing to compare now, which fails unless it was so
// before. Null is a category of its own. The values of a report hold the categories,
// which are values of rows. Categories cost a query of their own.
type Drift struct {
	// Of is rows, mean, stddev or categories; required.
	Of string `koanf:"of" required:"true" enum:"rows,mean,stddev,categories" doc:"what is compared with the last run"`
	// Column is the column; required but for rows.
	Column string `koanf:"column" doc:"column to look at, for all but rows"`
	// MaxChange is the change that is still allowed; 0 is DefaultMaxChange. Of
	// categories it is the index or the distance of Method.
	MaxChange float64 `koanf:"max_change" default:"0.2" min:"0" doc:"change that is still allowed, such as 0.2 for a fifth"`
	// Method compares categories: psi, which the empty text means, is the population
	// stability index, tvd the total variation distance, which goes from 0 to 1.
	Method string `koanf:"method" default:"psi" enum:"psi,tvd" doc:"how categories are compared: population stability index or total variation distance"`
	// Categories is how many of the most frequent categories are told apart; the
	// others count as one. 0 is DefaultCategories.
	Categories int `koanf:"max_categories" default:"50" min:"1" doc:"how many of the most frequent categories are told apart"`
}

// Kind implements [Check].
func (Drift) Kind() string { return "drift" }

// String implements [Check].
func (c Drift) String() string {
	if c.Column == "" {
		return describe(c.Kind(), c.Of)
	}
	return describe(c.Kind(), c.Of, c.Column)
}

// Validate implements [Check].
func (c Drift) Validate() error {
	f := &options.Faults{What: c.Kind()}
	switch c.Of {
	case DriftRows:
		if c.Column != "" {
			f.Add("column is not for rows")
		}
	case DriftMean, DriftStddev, DriftCategories:
		f.Append(prefix(c, checkColumns("column", []string{c.Column})))
	default:
		f.Add("of is %q; write rows, mean, stddev or categories", c.Of)
	}
	if !(c.MaxChange >= 0) || math.IsInf(c.MaxChange, 0) {
		f.Add("max_change is %v; write a change from 0", c.MaxChange)
	}
	f.OneOf("method", c.Method, DriftPSI, DriftTVD)
	f.NotNegative("max_categories", int64(c.Categories))
	return f.Join()
}

// what is measured, for messages.
func (c Drift) what() string {
	if c.Of == DriftRows {
		return "number of rows"
	}
	return c.Of
}

func (c Drift) maxChange() float64 {
	if c.MaxChange == 0 {
		return DefaultMaxChange
	}
	return c.MaxChange
}

func (c Drift) prepare(t *target) (*probe, error) {
	count := t.countRows()
	measure := count
	switch c.Of {
	case DriftMean, DriftStddev:
		col, err := t.column(c.Column)
		if err != nil {
			return nil, err
		}
		if familyOf(col.typ) != numbers {
			return nil, fmt.Errorf("the column %s is %s, and its %s wants numbers", c.Column, col.typ, c.Of)
		}
		number := call("double", col.expr)
		measure = t.aggregate(map[string]string{DriftMean: "avg", DriftStddev: "stddev_samp"}[c.Of], number)
	case DriftCategories:
		if _, err := t.column(c.Column); err != nil {
			return nil, err
		}
	}
	p := t.probe(func(m metrics) (verdict, error) {
		last, _ := m.found["last"].(map[string]any)
		shares, _ := m.found["shares"].(map[string]any)
		if c.Of == DriftCategories {
			return c.judgeShares(m.count(count), shares, last), nil
		}
		now, _ := float64Of(m.value(measure))
		return c.judgeNumber(m.count(count), now, last), nil
	})
	p.query = &query{run: func(ctx context.Context, e *evaluation, m metrics) (found, error) {
		last, err := e.before(ctx, t.rule)
		if err != nil || c.Of != DriftCategories {
			return found{"last": last}, err
		}
		shares, err := c.shares(ctx, e, t, m.count(count))
		return found{"last": last, "shares": shares}, err
	}}
	return p, nil
}

// before are the values that a rule measured when its last report was kept, nil for
// none.
func (e *evaluation) before(ctx context.Context, r Rule) (map[string]any, error) {
	if e.opts.History == nil {
		return nil, &faultError{errors.New("there is no history to compare with; say where reports are kept")}
	}
	report, err := e.lastReport(ctx)
	if err != nil {
		return nil, &faultError{fmt.Errorf("read the last report: %w", err)}
	}
	if report == nil {
		return nil, nil
	}
	for _, result := range report.Results {
		if result.Rule == r.name() && result.Kind == (Drift{}).Kind() {
			return result.Values, nil
		}
	}
	return nil, nil
}

// judgeNumber compares a number; NaN is none.
func (c Drift) judgeNumber(rows int64, now float64, last map[string]any) verdict {
	then, known := float64Of(last[c.Of])
	if math.IsNaN(now) || math.IsInf(now, 0) {
		if known && !math.IsNaN(then) {
			return failed(rows, map[string]any{"compared": true}, "there is no %s now, and it was %v", c.what(), then)
		}
		return passed(rows, map[string]any{"compared": false})
	}
	values := map[string]any{c.Of: now, "compared": known && !math.IsNaN(then)}
	if values["compared"] == false {
		return passed(rows, values)
	}
	change := math.Abs(now - then)
	if change > 0 {
		change /= math.Abs(then)
	}
	values["change"] = change
	if change > c.maxChange() {
		return failed(rows, values, "the %s is %v and was %v, a change of %.3g; allowed is %v", c.what(), now, then, change, c.maxChange())
	}
	return passed(rows, values)
}

// float64Of reads a number that was measured, or kept as JSON; NaN for none.
func float64Of(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int64:
		return float64(n), true
	}
	return math.NaN(), false
}

// shares counts the values of the column. Texts are told from null by a letter in
// front; the rest has its own.
func (c Drift) shares(ctx context.Context, e *evaluation, t *target, rows int64) (map[string]any, error) {
	col, err := t.column(c.Column)
	if err != nil {
		return nil, err
	}
	df, err := filtered(ctx, e.df, t.where())
	if err != nil {
		return nil, err
	}
	df, keys, err := renamed(ctx, df, "k", []operand{{expr: call("string", col.expr)}})
	if err != nil {
		return nil, err
	}
	df, err = df.GroupBy(keys...).Agg(ctx, column.WithAlias("n", call("count", integer(1)).column()))
	if err != nil {
		return nil, err
	}
	df, err = df.OrderBy(ctx, functions.Col("n").Desc(), functions.Col("k0").Asc())
	if err != nil {
		return nil, err
	}
	limit := c.Categories
	if limit == 0 {
		limit = DefaultCategories
	}
	return sharesOf(ctx, e, df.Limit(ctx, int32(min(limit, math.MaxInt32))), rows)
}

// judgeShares compares the shares of categories.
func (c Drift) judgeShares(rows int64, now, last map[string]any) verdict {
	then, known := last["shares"].(map[string]any)
	values := map[string]any{"shares": now, "compared": known && len(then) > 0}
	if values["compared"] == false {
		return passed(rows, values)
	}
	if len(now) == 0 {
		return failed(rows, values, "there are no rows now to compare")
	}
	distance := psi
	if c.Method == DriftTVD {
		distance = tvd
	}
	change := distance(now, then)
	values["change"] = change
	if !(change <= c.maxChange()) {
		return failed(rows, values, "the shares of the values of %s have moved by %s; allowed is %v", c.Column, strconv.FormatFloat(change, 'g', 3, 64), c.maxChange())
	}
	return passed(rows, values)
}
