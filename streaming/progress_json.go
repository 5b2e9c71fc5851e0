package streaming

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseProgress reads the JSON of Spark's StreamingQueryProgress.
func ParseProgress(data []byte) (Progress, error) {
	top, err := object(data)
	if err != nil {
		return Progress{}, fmt.Errorf("read the progress of a streaming query: %w", err)
	}
	p := Progress{JSON: json.RawMessage(strings.Clone(string(data)))}
	r := &fields{have: top}
	r.text("id", &p.ID)
	r.text("runId", &p.RunID)
	r.text("name", &p.Name)
	r.time("timestamp", &p.Timestamp)
	r.integer("batchId", &p.BatchID)
	r.millis("batchDuration", &p.BatchDuration)
	rows := r.totals(&p)
	for name, raw := range r.object("durationMs") {
		if p.Durations == nil {
			p.Durations = map[string]time.Duration{}
		}
		p.Durations[name] = r.asMillis("durationMs."+name, raw)
	}
	p.EventTime = r.eventTime()
	for i, one := range r.objects("stateOperators") {
		p.StateOperators = append(p.StateOperators, r.stateOperator(i, one))
	}
	for i, one := range r.objects("sources") {
		p.Sources = append(p.Sources, r.source(i, one))
	}
	rows.fill(&p)
	p.Sink = r.sink()
	p.ObservedMetrics = r.object("observedMetrics")
	p.More = r.more()
	if r.err != nil {
		return Progress{}, fmt.Errorf("read the progress of a streaming query: %w", r.err)
	}
	return p, nil
}

// totals are the sums over the sources that the server has not sent. It sends them
// with an event, and leaves them out when it is asked for the progress of a query.
type totals struct{ rows, input, processed bool }

func (r *fields) totals(p *Progress) totals {
	missing := totals{r.lacks("numInputRows"), r.lacks("inputRowsPerSecond"), r.lacks("processedRowsPerSecond")}
	r.integer("numInputRows", &p.NumInputRows)
	r.number("inputRowsPerSecond", &p.InputRowsPerSecond)
	r.number("processedRowsPerSecond", &p.ProcessedRowsPerSecond)
	return missing
}

// fill adds up what is missing.
func (t totals) fill(p *Progress) {
	for _, source := range p.Sources {
		if t.rows {
			p.NumInputRows += source.NumInputRows
		}
		if t.input {
			p.InputRowsPerSecond += source.InputRowsPerSecond
		}
		if t.processed {
			p.ProcessedRowsPerSecond += source.ProcessedRowsPerSecond
		}
	}
}

func (r *fields) eventTime() EventTime {
	var e EventTime
	sub := r.sub("eventTime")
	sub.time("min", &e.Min)
	sub.time("max", &e.Max)
	sub.time("avg", &e.Avg)
	sub.time("watermark", &e.Watermark)
	r.take(sub)
	return e
}

func (r *fields) stateOperator(i int, have map[string]json.RawMessage) StateOperatorProgress {
	var s StateOperatorProgress
	sub := &fields{have: have, path: fmt.Sprintf("%sstateOperators[%d].", r.path, i)}
	sub.text("operatorName", &s.Operator)
	sub.integer("numRowsTotal", &s.NumRowsTotal)
	sub.integer("numRowsUpdated", &s.NumRowsUpdated)
	sub.integer("numRowsRemoved", &s.NumRowsRemoved)
	sub.integer("numRowsDroppedByWatermark", &s.NumRowsDroppedByWatermark)
	sub.integer("memoryUsedBytes", &s.MemoryUsedBytes)
	sub.integer("numShufflePartitions", &s.NumShufflePartitions)
	sub.integer("numStateStoreInstances", &s.NumStateStoreInstances)
	sub.millis("allUpdatesTimeMs", &s.AllUpdatesTime)
	sub.millis("allRemovalsTimeMs", &s.AllRemovalsTime)
	sub.millis("commitTimeMs", &s.CommitTime)
	for name, raw := range sub.object("customMetrics") {
		if s.CustomMetrics == nil {
			s.CustomMetrics = map[string]int64{}
		}
		s.CustomMetrics[name] = sub.asInteger("customMetrics."+name, raw)
	}
	s.More = sub.more()
	r.take(sub)
	return s
}

func (r *fields) source(i int, have map[string]json.RawMessage) SourceProgress {
	var s SourceProgress
	sub := &fields{have: have, path: fmt.Sprintf("%ssources[%d].", r.path, i)}
	sub.text("description", &s.Description)
	s.StartOffset, s.EndOffset, s.LatestOffset = sub.raw("startOffset"), sub.raw("endOffset"), sub.raw("latestOffset")
	sub.integer("numInputRows", &s.NumInputRows)
	sub.number("inputRowsPerSecond", &s.InputRowsPerSecond)
	sub.number("processedRowsPerSecond", &s.ProcessedRowsPerSecond)
	s.Metrics = sub.texts("metrics")
	s.More = sub.more()
	r.take(sub)
	return s
}

func (r *fields) sink() SinkProgress {
	s := SinkProgress{NumOutputRows: -1}
	sub := r.sub("sink")
	sub.text("description", &s.Description)
	sub.integer("numOutputRows", &s.NumOutputRows)
	s.Metrics = sub.texts("metrics")
	s.More = sub.more()
	r.take(sub)
	return s
}

// fields reads the members of a JSON object one by one and remembers the first
// fault. What is not read is left in have.
type fields struct {
	have map[string]json.RawMessage
	path string
	err  error
}

func object(data []byte) (map[string]json.RawMessage, error) {
	var out map[string]json.RawMessage
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, err
	}
	if out == nil {
		return nil, fmt.Errorf("it is no JSON object")
	}
	return out, nil
}

func (r *fields) fault(key string, err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("%s%s: %w", r.path, key, err)
	}
}

func (r *fields) take(sub *fields) {
	if r.err == nil {
		r.err = sub.err
	}
}

// raw takes a member; null counts as none.
func (r *fields) raw(key string) json.RawMessage {
	raw, ok := r.have[key]
	delete(r.have, key)
	if !ok || string(raw) == "null" {
		return nil
	}
	return raw
}

func (r *fields) lacks(key string) bool {
	raw, ok := r.have[key]
	return !ok || string(raw) == "null"
}

// more returns what nobody has taken.
func (r *fields) more() map[string]json.RawMessage {
	if len(r.have) == 0 {
		return nil
	}
	return r.have
}

func (r *fields) text(key string, to *string) {
	if raw := r.raw(key); raw != nil {
		r.fault(key, json.Unmarshal(raw, to))
	}
}

func (r *fields) integer(key string, to *int64) {
	if raw := r.raw(key); raw != nil {
		*to = r.asInteger(key, raw)
	}
}

func (r *fields) asInteger(key string, raw json.RawMessage) int64 {
	var n int64
	r.fault(key, json.Unmarshal(raw, &n))
	return n
}

// number reads a number; Spark writes none as the text "NaN" or "Infinity" in some
// places, which becomes 0.
func (r *fields) number(key string, to *float64) {
	raw := r.raw(key)
	if raw == nil {
		return
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		f, err := strconv.ParseFloat(text, 64)
		r.fault(key, err)
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			*to = f
		}
		return
	}
	r.fault(key, json.Unmarshal(raw, to))
}

func (r *fields) millis(key string, to *time.Duration) {
	if raw := r.raw(key); raw != nil {
		*to = r.asMillis(key, raw)
	}
}

func (r *fields) asMillis(key string, raw json.RawMessage) time.Duration {
	n := r.asInteger(key, raw)
	if n > math.MaxInt64/int64(time.Millisecond) || n < math.MinInt64/int64(time.Millisecond) {
		r.fault(key, fmt.Errorf("%d ms is too long", n))
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

func (r *fields) time(key string, to *time.Time) {
	var text string
	r.text(key, &text)
	if text == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, text)
	r.fault(key, err)
	*to = t
}

func (r *fields) object(key string) map[string]json.RawMessage {
	raw := r.raw(key)
	if raw == nil {
		return nil
	}
	var out map[string]json.RawMessage
	r.fault(key, json.Unmarshal(raw, &out))
	return out
}

func (r *fields) sub(key string) *fields {
	return &fields{have: r.object(key), path: r.path + key + "."}
}

func (r *fields) objects(key string) []map[string]json.RawMessage {
	raw := r.raw(key)
	if raw == nil {
		return nil
	}
	var out []map[string]json.RawMessage
	r.fault(key, json.Unmarshal(raw, &out))
	return out
}

// texts reads a map whose values are texts, or else written as JSON.
func (r *fields) texts(key string) map[string]string {
	var out map[string]string
	for name, raw := range r.object(key) {
		if out == nil {
			out = map[string]string{}
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		out[name] = text
	}
	return out
}
