package quality

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Batch says which batches of a stream a report is about.
type Batch struct {
	// QueryID is the id of the query and QueryRunID that of the run, where they are
	// known.
	QueryID, QueryRunID string
	// ID is the number of the batch, counted by Spark from 0 over all runs of the
	// query; -1 where it is not known. Of a report on several it is the last.
	ID int64
	// Sum is how many batches a report sums up, and 0 in a report on one.
	Sum int64
}

// streamProgress is what is read of the progress of a query.
type streamProgress struct {
	ID        string    `json:"id"`
	RunID     string    `json:"runId"`
	BatchID   int64     `json:"batchId"`
	Timestamp time.Time `json:"timestamp"`
	Sink      struct {
		NumOutputRows *int64 `json:"numOutputRows"`
	} `json:"sink"`
	ObservedMetrics map[string]json.RawMessage `json:"observedMetrics"`
}

// counts are the metrics of an observation.
type counts map[string]int64

// observed reads the metrics of an observation, in the form in which Spark sends
// them with an event, or in that in which it answers for a query.
func (p *streamProgress) observed(name string) (counts, error) {
	raw, ok := p.ObservedMetrics[name]
	if !ok || string(raw) == "null" {
		return nil, errors.New("the server told no metrics")
	}
	var row struct {
		Values []json.RawMessage `json:"values"`
		Schema struct {
			Fields []struct {
				Name string `json:"name"`
			} `json:"fields"`
		} `json:"schema"`
	}
	values := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &row) == nil && len(row.Schema.Fields) > 0 && len(row.Schema.Fields) == len(row.Values) {
		for i, field := range row.Schema.Fields {
			values[field.Name] = row.Values[i]
		}
	} else if err := json.Unmarshal(raw, &values); err != nil {
		return nil, errors.New("the metrics of the server cannot be read")
	}
	out := counts{}
	for name, value := range values {
		var n *int64
		if json.Unmarshal(value, &n) != nil || n == nil || *n < 0 {
			return nil, fmt.Errorf("the metric %s of the server is no count", name)
		}
		out[name] = *n
	}
	return out, nil
}

// BatchDone takes the progress of a batch, the JSON of Spark's StreamingQueryProgress,
// and reports on it. Batches between it and the last one of the query, of which
// nobody told, are reported as unknown.
func (g *StreamGate) BatchDone(ctx context.Context, progress []byte) {
	if len(g.suite.Rules) == 0 {
		return
	}
	for _, report := range g.batch(progress) {
		g.tell(ctx, report)
	}
}

// batch makes the reports and sums them up.
func (g *StreamGate) batch(progress []byte) []*Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	var p streamProgress
	if err := json.Unmarshal(progress, &p); err != nil {
		report := g.unknown(Batch{ID: -1}, "its progress cannot be read")
		g.sum(report, 1)
		return []*Report{report}
	}
	batch := Batch{QueryID: p.ID, QueryRunID: p.RunID, ID: p.BatchID}
	var out []*Report
	same := g.last.ID >= 0 && g.last.QueryID == batch.QueryID
	if missing := batch.ID - g.last.ID - 1; same && missing > 0 {
		gap := batch
		gap.ID = g.last.ID + 1
		report := g.unknown(gap, fmt.Sprintf("nobody told of the batches from %d to %d, as when the session was lost", gap.ID, batch.ID-1))
		g.sum(report, missing)
		out = append(out, report)
	}
	report := g.judge(batch, &p)
	if same && batch.ID <= g.last.ID {
		report.Notes = append(report.Notes, "the batch was reported before; it is not summed up again")
		return append(out, report)
	}
	g.last = batch
	g.sum(report, 1)
	return append(out, report)
}

// unknown reports that nothing is known of the rules.
func (g *StreamGate) unknown(batch Batch, reason string) *Report {
	report := g.report(batch)
	report.Published = true
	for i, rule := range g.suite.Rules {
		report.Results[i] = unknownResult(rule, reason)
	}
	return report
}

func unknownResult(rule Rule, reason string) Result {
	message := "unknown: " + reason
	switch rule.action() {
	case ActionFail:
		message += "; a batch with a row that breaks the rule would not have been written"
	case ActionDrop:
		message += "; rows that break the rule were left out, and not counted"
	}
	return Result{
		Rule: rule.name(), Kind: rule.Check.Kind(), Check: rule.Check.String(), Action: rule.action(), Status: StatusError, Message: message,
	}
}

// judge makes the report on a batch that is written.
func (g *StreamGate) judge(batch Batch, p *streamProgress) *Report {
	if g.plan == nil {
		return g.unknown(batch, "the query was not started with this gate")
	}
	report := g.report(batch)
	report.Published = true
	if !p.Timestamp.IsZero() {
		report.Started = p.Timestamp
	}
	for i, probe := range g.plan.probes {
		if probe.err != nil {
			report.Results[i] = probe.result()
		}
	}
	drop, dropErr := g.plan.drop.counts(p)
	rest, restErr := g.plan.rest.counts(p)
	if err := g.plan.implausible(drop, rest, p.written(g.opts.BeforeSink)); err != nil {
		drop, rest, dropErr, restErr = nil, nil, err, err
	}
	g.plan.drop.judge(report, drop, dropErr)
	g.plan.rest.judge(report, rest, restErr)
	report.Dropped = drop[leftOutName]
	return report
}

// written is how many rows the sink says that it has written, or -1.
func (p *streamProgress) written(beforeSink bool) int64 {
	if !beforeSink || p.Sink.NumOutputRows == nil {
		return -1
	}
	return *p.Sink.NumOutputRows
}

// counts are the metrics of the stage, all of them or none.
func (s *streamStage) counts(p *streamProgress) (counts, error) {
	if len(s.probes) == 0 {
		return nil, nil
	}
	got, err := p.observed(s.observation)
	if err != nil {
		return nil, err
	}
	for _, name := range s.fusion.names {
		if _, ok := got[name]; !ok {
			return nil, fmt.Errorf("the metric %s did not come", name)
		}
	}
	return got, nil
}

// implausible says why counts cannot be right.
func (p *streamPlan) implausible(drop, rest counts, written int64) error {
	left := int64(-1)
	if drop != nil {
		left = drop[rowsName] - drop[leftOutName]
		if left < 0 {
			return fmt.Errorf("%d of %d rows were left out, which cannot be", drop[leftOutName], drop[rowsName])
		}
	}
	if rest != nil {
		if left >= 0 && left != rest[rowsName] {
			return fmt.Errorf("of %d rows that were left %d were counted, which cannot be", left, rest[rowsName])
		}
		left = rest[rowsName]
	}
	if left >= 0 && written >= 0 && left != written {
		return fmt.Errorf("%d rows were counted and the sink has written %d, so that Spark has computed some twice or not at all", left, written)
	}
	return nil
}

// judge puts the results of the rules of a stage into the report.
func (s *streamStage) judge(report *Report, got counts, err error) {
	values := map[string]any{}
	for name, n := range got {
		values[name] = n
	}
	for i, p := range s.probes {
		own, fault := *p, err // the values are of this batch
		if fault == nil {
			fault = s.fusion.share([]*probe{&own}, values)
		}
		if fault != nil {
			report.Results[s.at[i]] = unknownResult(p.rule, fault.Error())
			continue
		}
		report.Results[s.at[i]] = own.result()
	}
}
