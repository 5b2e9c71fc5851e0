package quality

import "fmt"

// NotNull wants a value in every column. NaN is one, and so is the empty text. No
// rows are well.
type NotNull struct {
	// Columns are the columns; a row is bad when one of them is null. Required.
	Columns Columns `koanf:"columns" alias:"column" required:"true" doc:"columns that must not be null; a row is bad when one of them is"`
}

// Kind implements [Check].
func (NotNull) Kind() string { return "not_null" }

// String implements [Check].
func (c NotNull) String() string { return describe(c.Kind(), c.Columns...) }

// Validate implements [Check].
func (c NotNull) Validate() error { return prefix(c, checkColumns("columns", c.Columns)) }

func (NotNull) why() string { return "are null" }

func (c NotNull) bad(t *target) (expr, error) {
	cols, err := t.columns(c.Columns)
	if err != nil {
		return expr{}, err
	}
	var nulls []expr
	for _, col := range cols {
		nulls = append(nulls, call("isnull", col.expr))
	}
	return either(nulls...), nil
}

func (c NotNull) prepare(t *target) (*probe, error) {
	p, err := rowProbe(t, c)
	if err != nil || len(c.Columns) < 2 {
		return p, err
	}
	// Of several columns each is counted too.
	each := make([]metric, len(c.Columns))
	for i, name := range c.Columns {
		col, err := t.column(name)
		if err != nil {
			return nil, err
		}
		each[i] = t.countIf(call("isnull", col.expr))
	}
	judge := p.judge
	p.metrics, p.judge = t.metrics, func(m metrics) (verdict, error) {
		v, err := judge(m)
		nulls := map[string]any{}
		for i, name := range c.Columns {
			nulls[name] = m.count(each[i])
		}
		v.values = map[string]any{"nulls": nulls}
		return v, err
	}
	return p, nil
}

// prefix names the check in its faults.
func prefix(c interface{ Kind() string }, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", c.Kind(), err)
}
