package quality

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// TableReporter appends a row for each rule to a table of the Spark catalog, which
// is made when it is missing. The columns are those of the JSON form of a report,
// with what was measured as JSON in the column measured. It is safe for concurrent
// use.
type TableReporter struct {
	session dataflow.Provider
	sink    dataflow.TableSink
}

// TableOptions are the settings of [NewTableReporter]. Nil means defaults.
type TableOptions struct {
	// Format is the data source of a table that is made, such as "delta"; default
	// the server's.
	Format string

	_ struct{}
}

// NewTableReporter returns a reporter for a table. session hands out the session
// that writes it.
func NewTableReporter(session dataflow.Provider, table string, opts *TableOptions) (*TableReporter, error) {
	if opts == nil {
		opts = &TableOptions{}
	}
	switch {
	case session == nil:
		return nil, errors.New("reports in a table: there is no Spark session")
	case table == "":
		return nil, errors.New("reports in a table: the table has no name")
	}
	sink := dataflow.TableSink{Table: table, Mode: dataflow.SaveModeAppend, Format: opts.Format}
	return &TableReporter{session: session, sink: sink}, nil
}

// reportRow is a row of the table.
type reportRow struct {
	Pipeline    string    `spark:"pipeline"`
	RunID       string    `spark:"run_id"`
	Component   string    `spark:"component"`
	Attempt     int32     `spark:"attempt"`
	Subject     string    `spark:"subject"`
	Moment      string    `spark:"moment"`
	Started     time.Time `spark:"started"`
	DurationMS  int64     `spark:"duration_ms"`
	Published   bool      `spark:"published"`
	Dropped     int64     `spark:"dropped"`
	Quarantined int64     `spark:"quarantined"`
	Rule        string    `spark:"rule"`
	Kind        string    `spark:"kind"`
	Check       string    `spark:"check"`
	Action      string    `spark:"action"`
	Status      string    `spark:"status"`
	Rows        int64     `spark:"rows"`
	Bad         int64     `spark:"bad"`
	Measured    string    `spark:"measured"`
	Message     string    `spark:"message"`
}

// Report implements [Reporter]. It blocks until the rows are written.
func (t *TableReporter) Report(ctx context.Context, r *Report) error {
	rows, err := reportRows(r)
	if err != nil || len(rows) == 0 {
		return err
	}
	spark, err := t.session(ctx)
	if err == nil {
		err = appendRows(ctx, spark, rows, t.sink)
	}
	if err != nil {
		return fmt.Errorf("report the checks in the table %s: %w", t.sink.Table, err)
	}
	return nil
}

// appendRows writes Go values to a table, beside the work of the component.
func appendRows[T any](ctx context.Context, spark *dataflow.Session, rows []T, sink dataflow.TableSink) error {
	df, err := dataflow.CreateDataFrame(ctx, spark, rows, nil)
	if err != nil {
		return err
	}
	return sink.Write(aside(ctx), spark, df)
}

func reportRows(r *Report) ([]reportRow, error) {
	rows := make([]reportRow, len(r.Results))
	for i := range r.Results {
		res := &r.Results[i]
		values := plainValues(res.Values)
		if r.Batch != nil { // tables that are there have no column for it
			values = maps.Clone(values)
			if values == nil {
				values = map[string]any{}
			}
			values["batch"] = batchOf(r.Batch)
		}
		measured, err := json.Marshal(values)
		if err != nil {
			return nil, fmt.Errorf("report the checks: rule %q: %w", res.Rule, err)
		}
		rows[i] = reportRow{
			Pipeline: r.Pipeline, RunID: r.RunID, Component: r.Component, Attempt: int32(r.Attempt), Subject: r.Subject,
			Moment: string(r.Moment), Started: r.Started.UTC(), DurationMS: r.Duration.Milliseconds(), Published: r.Published,
			Dropped: r.Dropped, Quarantined: r.Quarantined, Rule: res.Rule, Kind: res.Kind, Check: res.Check,
			Action: string(actionOf(res.Action)), Status: string(res.Status), Rows: res.Rows, Bad: res.Bad,
			Measured: string(measured), Message: res.Message,
		}
	}
	return rows, nil
}
