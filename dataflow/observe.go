package dataflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// ErrNoMetrics is returned when the metrics of an [Observation] are not known:
// they have not come, or came empty. Servers before Spark 4.2 leave them out when
// they are busy. They are then unknown, and never zero.
var ErrNoMetrics = errors.New("the observed metrics are unknown")

// Observation are the metrics of a DataFrame, which Spark computes on the side
// while the rows pass by. It is made by [Observe] and safe for concurrent use.
type Observation struct {
	name   string
	planID int64
	remove func()

	mu      sync.Mutex
	arrived chan struct{} // closed with the first answer
	metrics map[string]any
	fault   error // why the answer is none
}

// Observe returns a DataFrame with the rows of df that computes metrics
// whenever they are read or written, by whatever way, and the [Observation] that
// receives them. It costs no round trip and reads nothing.
//
// A metric is an aggregate with a name, such as
//
//	functions.Count(functions.Col("id")).Alias("rows")
//	functions.Expr("count_if(price IS NULL) AS without_price")
//
// Metrics of DISTINCT values are refused by Spark. One that is an array, a map or
// a struct makes a run on Spark 4.0 fail after its work is done. What stands
// above the observed rows in a query counts too: under a LIMIT only the rows
// that were read are seen, and where the optimizer needs none of them there are
// no metrics. To register a view runs nothing.
//
// The name must be another one for each observation within one query, and is
// best another one for each run; empty makes one up.
func Observe(ctx context.Context, df sql.DataFrame, name string, metrics ...column.Convertible) (sql.DataFrame, *Observation, error) {
	if name == "" {
		name = uuid.NewString()
	}
	relation := &wire.CollectMetrics{Name: name}
	exprs, err := metricExpressions(ctx, metrics)
	if err != nil {
		return nil, nil, fmt.Errorf("observe %s: %w", name, err)
	}
	relation.Metrics = exprs
	conn, plan, err := connect.Owner(ctx, df)
	if err != nil {
		return nil, nil, fmt.Errorf("observe %s: %w", name, err)
	}
	relation.Input = plan
	rel := &wire.Relation{RelType: &wire.Relation_CollectMetrics{CollectMetrics: relation}}
	frame, err := conn.Relation(rel)
	if err != nil {
		return nil, nil, fmt.Errorf("observe %s: %w", name, err)
	}
	o := &Observation{name: name, planID: rel.GetCommon().GetPlanId(), arrived: make(chan struct{})}
	o.remove = conn.OnObserved(name, o.receive)
	return frame, o, nil
}

// metricExpressions marshals the metrics. Each needs a name of its own, under
// which its value will come.
func metricExpressions(ctx context.Context, metrics []column.Convertible) ([][]byte, error) {
	if len(metrics) == 0 {
		return nil, errors.New("there are no metrics")
	}
	names := map[string]bool{}
	exprs := make([][]byte, 0, len(metrics))
	for i, metric := range metrics {
		if isNil(metric) {
			return nil, fmt.Errorf("metric %d is empty", i+1)
		}
		expr, err := metric.ToProto(ctx)
		if err != nil {
			return nil, fmt.Errorf("metric %d: %w", i+1, err)
		}
		name, ok := aliasOf(expr.ProtoReflect())
		switch {
		case !ok:
			return nil, fmt.Errorf(`metric %d has no name; give it one with .Alias("name"), or write "... AS name" in SQL`, i+1)
		case names[name]:
			return nil, fmt.Errorf("metric %d: the name %s is given twice", i+1, name)
		}
		names[name] = true
		data, err := proto.Marshal(expr)
		if err != nil {
			return nil, fmt.Errorf("metric %d: %w", i+1, err)
		}
		exprs = append(exprs, data)
	}
	return exprs, nil
}

// Name returns the name of the observation.
func (o *Observation) Name() string { return o.name }

// Metrics returns the metrics by name, of the first run that told them. They
// have come when the action on the DataFrame has returned, if they come at all;
// otherwise the error is [ErrNoMetrics]. A run that failed tells none.
//
// Values are int8 to int64, float32, float64, bool, string, []byte, [Decimal],
// [Date], [time.Time] in UTC (of a TIMESTAMP_NTZ the wall clock), [time.Duration]
// for a day-time interval, []any for an array, map[any]any for a map,
// map[string]any for a struct, and nil for NULL.
func (o *Observation) Metrics() (map[string]any, error) {
	metrics, fault := o.answer()
	switch {
	case metrics != nil:
		o.remove() // not in receive, which is called under the lock that this takes
		return metrics, nil
	case fault != nil:
		return nil, fmt.Errorf("observation %s: %w: %w", o.name, ErrNoMetrics, fault)
	}
	return nil, fmt.Errorf("observation %s: %w: none have come", o.name, ErrNoMetrics)
}

// answer returns a copy of what has come.
func (o *Observation) answer() (map[string]any, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.metrics), o.fault
}

// Wait blocks until the server has answered, and returns what
// [Observation.Metrics] returns. It is for a goroutine beside the one with the
// action: nothing ends the wait for metrics that never come, those of a run that
// failed included, but the end of ctx. Then the error wraps both [ErrNoMetrics]
// and the cause of ctx.
func (o *Observation) Wait(ctx context.Context) (map[string]any, error) {
	select {
	case <-o.arrived:
		return o.Metrics()
	default:
	}
	select {
	case <-o.arrived:
		return o.Metrics()
	case <-ctx.Done():
		return nil, fmt.Errorf("observation %s: %w: %w", o.name, ErrNoMetrics, context.Cause(ctx))
	}
}

// Close stops listening. It is needed only for an observation whose metrics do
// not come, in a session that lives long. It works twice.
func (o *Observation) Close() { o.remove() }

// receive is called with the metrics of every execution that bear the name.
func (o *Observation) receive(answer *wire.ExecutePlanResponse_ObservedMetrics) {
	if id := answer.GetPlanId(); id != 0 && id != o.planID {
		return // another observation of that name
	}
	metrics, err := metricValues(answer)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.metrics != nil {
		return
	}
	o.metrics, o.fault = metrics, err
	select {
	case <-o.arrived:
	default:
		close(o.arrived)
	}
}

// metricValues gives the values of an answer by name.
func metricValues(answer *wire.ExecutePlanResponse_ObservedMetrics) (map[string]any, error) {
	keys, values := answer.GetKeys(), answer.GetValues()
	switch {
	case len(values) == 0:
		return nil, errors.New("the server sent them empty")
	case len(keys) != len(values):
		return nil, fmt.Errorf("the server sent %d names for %d values", len(keys), len(values))
	}
	metrics := make(map[string]any, len(keys))
	for i, key := range keys {
		value, err := goValue(values[i])
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", key, err)
		}
		metrics[key] = value
	}
	return metrics, nil
}
