package quality

import (
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// The rows that a [Freshness] can be about.
const (
	FreshNewest = "newest"
	FreshEvery  = "every"
)

// Freshness wants rows that are not older than an age: the newest one, or every one.
// Now is the time of the server, or that of [Options].Clock. A DATE is its first
// moment, and like a TIMESTAMP_NTZ it is in the time zone of the session. A row of the
// future is fresh.
//
// Of the newest row, null is left out, and when there is no value, or no row, the
// check fails: nobody knows then how old the rows are. Of every row, null passes,
// unless Null says that it fails, and no rows are well.
type Freshness struct {
	// Column is a column of dates or points in time; required.
	Column string `koanf:"column" required:"true" doc:"column of dates or points in time"`
	// MaxAge is the age that is still allowed; required.
	MaxAge time.Duration `koanf:"max_age" required:"true" doc:"age that is still allowed, such as 24h"`
	// Of says which rows have to be fresh: newest, which the empty text means, or
	// every. Only every is a check of single rows.
	Of string `koanf:"of" default:"newest" enum:"newest,every" doc:"which rows have to be fresh: the newest one or every one"`
	// Null says what becomes of null, of every row.
	Null NullMode `koanf:"null" default:"pass" enum:"pass,fail" doc:"what becomes of null, of every row"`
}

// Kind implements [Check].
func (Freshness) Kind() string { return "freshness" }

// String implements [Check].
func (c Freshness) String() string {
	if c.Of == FreshEvery {
		return describe(c.Kind(), c.Column, c.MaxAge.String(), FreshEvery)
	}
	return describe(c.Kind(), c.Column, c.MaxAge.String())
}

// Validate implements [Check].
func (c Freshness) Validate() error {
	f := &options.Faults{What: c.Kind()}
	f.Append(prefix(c, checkColumns("column", []string{c.Column})))
	if c.MaxAge <= 0 || c.MaxAge%time.Microsecond != 0 {
		f.Add("max_age is %s; write a length of time above 0, of whole microseconds", c.MaxAge)
	}
	f.OneOf("of", c.Of, FreshNewest, FreshEvery)
	f.Append(prefix(c, c.Null.check()))
	if c.Of != FreshEvery && c.Null == NullFail {
		f.Add("null fail is for every row; set of: every")
	}
	return f.Join()
}

func (Freshness) why() string { return "are too old" }

func (c Freshness) notRowwise() string {
	if c.Of == FreshEvery {
		return ""
	}
	return "it looks at the newest row; set of: every"
}

func (c Freshness) countsRows() bool { return c.Of == FreshEvery }

// moment is the column as an instant.
func (c Freshness) moment(t *target) (expr, error) {
	col, err := t.column(c.Column)
	if err != nil {
		return expr{}, err
	}
	switch familyOf(col.typ) {
	case instants:
		return col.expr, nil
	case dates, clocks:
		return call("timestamp", col.expr), nil
	}
	return expr{}, fmt.Errorf("the column %s is %s, and freshness wants a DATE or TIMESTAMP", c.Column, col.typ)
}

// now is the time of the clock.
func (t *target) clock() (expr, error) {
	if t.now.IsZero() {
		return call("current_timestamp"), nil
	}
	return instant(t.now)
}

func (c Freshness) bad(t *target) (expr, error) {
	moment, err := c.moment(t)
	if err != nil {
		return expr{}, err
	}
	now, err := t.clock()
	if err != nil {
		return expr{}, err
	}
	return c.Null.judge(call("<", moment, call("-", now, interval(c.MaxAge)))), nil
}

func (c Freshness) prepare(t *target) (*probe, error) {
	if c.Of == FreshEvery {
		return rowProbe(t, c)
	}
	moment, err := c.moment(t)
	if err != nil {
		return nil, err
	}
	now, err := t.clock()
	if err != nil {
		return nil, err
	}
	count, newest, clock := t.countRows(), t.aggregate("max", moment), t.measure(call("max", now))
	return t.probe(func(m metrics) (verdict, error) {
		rows := m.count(count)
		at, known := m.value(newest).(time.Time)
		if !known {
			return failed(rows, nil, "there is no value in %s, so nobody knows how old they are", plural(rows, "row")), nil
		}
		now, ok := m.value(clock).(time.Time)
		if !ok {
			return verdict{}, fmt.Errorf("the server did not tell the time")
		}
		age := now.Sub(at)
		values := map[string]any{"newest": at, "age_seconds": age.Seconds()}
		if age > c.MaxAge {
			return failed(rows, values, "the newest row is %s old, and at most %s are allowed", age.Round(time.Second), c.MaxAge), nil
		}
		return passed(rows, values), nil
	}), nil
}
