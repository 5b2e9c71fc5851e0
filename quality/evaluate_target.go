package quality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
)

// target is what a check looks at: a frame of a schema, and of its rows those that
// a condition holds for.
type target struct {
	def     schema.Definition
	rule    Rule
	now     time.Time // zero is the clock of the server
	metrics []expr    // of this rule, in the order of their names
	// numbered wants the column of the numbers of partitions, see partitions.
	numbered bool
}

func newTarget(def schema.Definition, r Rule, now time.Time) *target {
	return &target{def: def, rule: r, now: now}
}

// column finds a column of the frame.
func (t *target) column(name string) (operand, error) { return resolve(t.def, name) }

// columns finds several.
func (t *target) columns(names []string) ([]operand, error) {
	out := make([]operand, len(names))
	for i, name := range names {
		col, err := t.column(name)
		if err != nil {
			return nil, err
		}
		out[i] = col
	}
	return out, nil
}

// where is the condition of the rule, false where it is null; none when there is
// none.
func (t *target) where() expr {
	if t.rule.Where == "" {
		return expr{}
	}
	return call("coalesce", written(t.rule.Where), boolean(false))
}

// metric is the number of a metric of a rule.
type metric int

func (t *target) measure(e expr) metric {
	t.metrics = append(t.metrics, e)
	return metric(len(t.metrics) - 1)
}

// countRows counts the rows that the check looks at.
func (t *target) countRows() metric {
	if where := t.where(); !where.none() {
		return t.measure(call("count_if", where))
	}
	return t.measure(call("count", integer(1)))
}

// countIf counts those of them for which a condition holds.
func (t *target) countIf(condition expr) metric {
	return t.measure(call("count_if", both(t.where(), condition)))
}

// aggregate applies an aggregate to the values of the rows that the check looks at.
// It is one that leaves null out.
func (t *target) aggregate(function string, value expr, more ...expr) metric {
	if where := t.where(); !where.none() {
		value = call("when", where, value)
	}
	return t.measure(call(function, append([]expr{value}, more...)...))
}

// partitionColumn is the number of the partition of a row. Spark takes it in no
// aggregate, so it is added below.
const partitionColumn = "_sparkpipe_partition_number"

// lastPartition is the number of the last partition, which are counted from 0.
func (t *target) lastPartition() metric {
	t.numbered = true
	return t.measure(ofPartitions(named(partitionColumn)))
}

func ofPartitions(number expr) expr { return call("max", number) }

// numbered adds the column of the numbers of partitions when some probe wants it.
func numbered(ctx context.Context, df sql.DataFrame, probes []*probe) (sql.DataFrame, error) {
	if !wantNumbers(probes) {
		return df, nil
	}
	return df.WithColumn(ctx, partitionColumn, call("spark_partition_id").column())
}

func wantNumbers(probes []*probe) bool {
	return slices.ContainsFunc(probes, func(p *probe) bool { return p.target.numbered })
}

// probe is what has to be measured for a rule, and how it is judged.
type probe struct {
	rule    Rule
	target  *target
	metrics []expr
	// bad is the condition of a check of single rows, of which the metrics are the
	// rows and then numbers that are 0 when no row is bad; none for others.
	bad expr
	// query is one more query, run when the metrics are there, or nil.
	query *query
	judge func(m metrics) (verdict, error)

	// what came of it
	values metrics
	err    error
}

// query is a query of its own. Those with one key give the same and run once.
type query struct {
	key string
	run func(ctx context.Context, e *evaluation, m metrics) (found, error)
}

// newProbe prepares a rule. What is wrong with it stays with it.
func newProbe(t *target) *probe {
	p, err := t.rule.Check.prepare(t)
	if err != nil {
		return &probe{rule: t.rule, target: t, err: err}
	}
	for _, m := range p.metrics {
		p.err = errors.Join(p.err, m.err)
	}
	return p
}

// doubtful reports whether only Spark knows that it takes the metrics.
func (p *probe) doubtful() bool {
	switch c := p.rule.Check.(type) {
	case SQL:
		return true
	case Unique:
		return c.Method == UniqueApproximate || p.rule.Where != ""
	}
	return p.rule.Where != ""
}

func (t *target) probe(judge func(m metrics) (verdict, error)) *probe {
	return &probe{rule: t.rule, target: t, metrics: t.metrics, judge: judge}
}

// found are the values that a query of its own gave.
type found map[string]any

func (f found) count(name string) int64 {
	n, _ := f[name].(int64)
	return n
}

// with adds a value, unless nothing was found.
func (f found) with(name string, v any) found {
	if f != nil {
		f[name] = v
	}
	return f
}

// metrics are the values of a rule's metrics, and what its own query found.
type metrics struct {
	values []any
	found  found
}

// count is a metric that counts.
func (m metrics) count(i metric) int64 {
	n, _ := m.values[i].(int64)
	return n
}

func (m metrics) value(i metric) any { return m.values[i] }

// verdict is a judgement.
type verdict struct {
	status    Status
	rows, bad int64
	values    map[string]any
	message   string
}

func passed(rows int64, values map[string]any) verdict {
	return verdict{status: StatusPassed, rows: rows, values: values}
}

func failed(rows int64, values map[string]any, format string, args ...any) verdict {
	return verdict{status: StatusFailed, rows: rows, values: values, message: fmt.Sprintf(format, args...)}
}

// countVerdict judges by how many rows are bad and how many may be.
func (t *target) countVerdict(rows, bad int64, why string) (verdict, error) {
	v := verdict{status: StatusPassed, rows: rows, bad: bad}
	if bad < 0 || bad > rows {
		return v, fmt.Errorf("%d of %d rows are bad, which cannot be", bad, rows)
	}
	if allowed := t.rule.allows(rows, bad); !allowed {
		v.status = StatusFailed
		v.message = fmt.Sprintf("%d of %s %s%s", bad, plural(rows, "row"), why, t.rule.limit())
	}
	return v, nil
}

// allows reports whether so many of the rows may be bad.
func (r Rule) allows(rows, bad int64) bool {
	if bad == 0 {
		return true
	}
	if r.MaxBadShare > 0 {
		share, err := number(r.MaxBadShare)
		if err != nil || !atMost(bad, share, rows) {
			return false
		}
		if r.MaxBad == 0 {
			return true
		}
	}
	return bad <= r.MaxBad
}

// limit says what is allowed, for messages.
func (r Rule) limit() string {
	share := strconv.FormatFloat(r.MaxBadShare, 'g', -1, 64)
	switch {
	case r.MaxBad > 0 && r.MaxBadShare > 0:
		return fmt.Sprintf("; allowed are %d and a share of %s", r.MaxBad, share)
	case r.MaxBad > 0:
		return fmt.Sprintf("; allowed are %d", r.MaxBad)
	case r.MaxBadShare > 0:
		return fmt.Sprintf("; allowed is a share of %s", share)
	}
	return ""
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "s"
}
