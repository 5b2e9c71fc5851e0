package quality

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// ReportVersion is the newest version of the JSON form of a [Report], and
// ReportKind its key kind.
const (
	ReportVersion = 1
	ReportKind    = "quality_report"
)

//go:embed schema/quality_report.v1.json
var reportSchema []byte

// ReportSchema returns the JSON Schema (draft 2020-12) of the JSON form of a
// [Report]. Within a version keys may be added, so a reader passes over those that
// it does not know.
func ReportSchema() []byte { return slices.Clone(reportSchema) }

// reportDocument is the JSON form of a report.
type reportDocument struct {
	SchemaVersion int              `json:"schema_version"`
	Kind          string           `json:"kind"`
	Pipeline      string           `json:"pipeline"`
	RunID         string           `json:"run_id"`
	Component     string           `json:"component,omitempty"`
	Attempt       int              `json:"attempt,omitempty"`
	Subject       string           `json:"subject"`
	Moment        Moment           `json:"moment"`
	Batch         *batchDocument   `json:"batch,omitempty"`
	Status        Status           `json:"status"`
	Started       time.Time        `json:"started"`
	DurationMS    float64          `json:"duration_ms"`
	Passes        int              `json:"passes"`
	Published     bool             `json:"published"`
	Dropped       int64            `json:"dropped"`
	Quarantined   int64            `json:"quarantined"`
	Notes         []string         `json:"notes,omitempty"`
	Results       []resultDocument `json:"results"`
}

// batchDocument is the JSON form of a [Batch].
type batchDocument struct {
	QueryID    string `json:"query_id,omitempty"`
	QueryRunID string `json:"query_run_id,omitempty"`
	ID         *int64 `json:"batch_id,omitempty"`
	Sum        int64  `json:"sum_of,omitempty"`
}

func batchOf(b *Batch) *batchDocument {
	if b == nil {
		return nil
	}
	out := &batchDocument{QueryID: b.QueryID, QueryRunID: b.QueryRunID, Sum: b.Sum}
	if b.ID >= 0 {
		id := b.ID
		out.ID = &id
	}
	return out
}

func (d *batchDocument) batch() *Batch {
	if d == nil {
		return nil
	}
	out := &Batch{QueryID: d.QueryID, QueryRunID: d.QueryRunID, ID: -1, Sum: d.Sum}
	if d.ID != nil {
		out.ID = *d.ID
	}
	return out
}

type resultDocument struct {
	Rule    string         `json:"rule"`
	Kind    string         `json:"kind"`
	Check   string         `json:"check"`
	Action  Action         `json:"action"`
	Status  Status         `json:"status"`
	Rows    int64          `json:"rows"`
	Bad     int64          `json:"bad"`
	Values  map[string]any `json:"values,omitempty"`
	Message string         `json:"message,omitempty"`
}

// MarshalJSON implements [json.Marshaler]; [ReportSchema] says what it gives. Times
// are in UTC and durations in milliseconds. Of the values that JSON does not know,
// NaN and the infinities are the texts "NaN", "Infinity" and "-Infinity"; decimals
// and dates are texts.
func (r *Report) MarshalJSON() ([]byte, error) {
	out := reportDocument{
		SchemaVersion: ReportVersion, Kind: ReportKind, Pipeline: r.Pipeline, RunID: r.RunID, Component: r.Component,
		Attempt: r.Attempt, Subject: r.Subject, Moment: r.Moment, Batch: batchOf(r.Batch), Status: r.Status(), Started: r.Started.UTC(),
		DurationMS: float64(max(0, r.Duration)) / float64(time.Millisecond), Passes: r.Passes, Published: r.Published,
		Dropped: r.Dropped, Quarantined: r.Quarantined, Notes: r.Notes, Results: make([]resultDocument, len(r.Results)),
	}
	for i := range r.Results {
		res := &r.Results[i]
		out.Results[i] = resultDocument{
			Rule: res.Rule, Kind: res.Kind, Check: res.Check, Action: actionOf(res.Action), Status: res.Status,
			Rows: res.Rows, Bad: res.Bad, Values: plainValues(res.Values), Message: res.Message,
		}
	}
	return jsonText(out)
}

// actionOf is the action, with the default in the place of none.
func actionOf(a Action) Action {
	if a == "" {
		return ActionFail
	}
	return a
}

// UnmarshalJSON implements [json.Unmarshaler]. Whole numbers among the values come
// back as int64, others as float64. A newer version is refused.
func (r *Report) UnmarshalJSON(data []byte) error {
	var in reportDocument
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&in); err != nil {
		return err
	}
	switch {
	case in.Kind != ReportKind:
		return errors.New("not a report on checks: its kind is " + strconv.Quote(in.Kind))
	case in.SchemaVersion < 1 || in.SchemaVersion > ReportVersion:
		return fmt.Errorf("report of schema_version %d: the newest that can be read is %d", in.SchemaVersion, ReportVersion)
	}
	*r = Report{
		Pipeline: in.Pipeline, RunID: in.RunID, Component: in.Component, Attempt: in.Attempt, Subject: in.Subject, Moment: in.Moment,
		Batch: in.Batch.batch(), Started: in.Started, Duration: time.Duration(in.DurationMS * float64(time.Millisecond)), Passes: in.Passes,
		Published: in.Published, Dropped: in.Dropped, Quarantined: in.Quarantined, Notes: in.Notes,
	}
	for _, res := range in.Results {
		r.Results = append(r.Results, Result{
			Rule: res.Rule, Kind: res.Kind, Check: res.Check, Action: res.Action, Status: res.Status,
			Rows: res.Rows, Bad: res.Bad, Values: readValues(res.Values), Message: res.Message,
		})
	}
	return nil
}

// jsonText is [json.Marshal] that leaves HTML alone.
func jsonText(v any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

func plainValues(values map[string]any) map[string]any {
	if len(values) == 0 {
		return nil
	}
	out := make(map[string]any, len(values))
	for name, value := range values {
		out[name] = plainValue(value)
	}
	return out
}

// plainValue gives the value in a form that JSON has.
func plainValue(value any) any {
	switch v := value.(type) {
	case float32:
		return plainFloat(float64(v))
	case float64:
		return plainFloat(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plainValue(item)
		}
		return out
	case map[string]any:
		return plainValues(v)
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[fmt.Sprint(key)] = plainValue(item)
		}
		return out
	case time.Duration:
		return v.String()
	}
	return value
}

func plainFloat(f float64) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return f
}

// readValues gives numbers their Go types.
func readValues(values map[string]any) map[string]any {
	for name, value := range values {
		values[name] = readValue(value)
	}
	return values
}

func readValue(value any) any {
	switch v := value.(type) {
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		f, _ := v.Float64() // beyond the range it is infinite
		return f
	case []any:
		for i, item := range v {
			v[i] = readValue(item)
		}
	case map[string]any:
		return readValues(v)
	}
	return value
}
