package quality

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// TableHistory is a [History] in a table of the Spark catalog, which is made when it
// is missing, with a row for each report. Nothing is removed from it. It is safe for
// concurrent use.
type TableHistory struct {
	session dataflow.Provider
	sink    dataflow.TableSink
}

var _ History = (*TableHistory)(nil)

// NewTableHistory returns the history of a table. session hands out the session
// that reads and writes it.
func NewTableHistory(session dataflow.Provider, table string, opts *TableOptions) (*TableHistory, error) {
	if opts == nil {
		opts = &TableOptions{}
	}
	switch {
	case session == nil:
		return nil, errors.New("history of checks: there is no Spark session")
	case table == "":
		return nil, errors.New("history of checks: the table has no name")
	}
	return &TableHistory{session, dataflow.TableSink{Table: table, Mode: dataflow.SaveModeAppend, Format: opts.Format}}, nil
}

// historyRow is a row of the table.
type historyRow struct {
	Pipeline string    `spark:"pipeline"`
	Subject  string    `spark:"subject"`
	RunID    string    `spark:"run_id"`
	Started  time.Time `spark:"started"`
	Report   string    `spark:"report"`
}

// Add implements [History]. It blocks until the row is written.
func (h *TableHistory) Add(ctx context.Context, r *Report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("add to the history of checks: %w", err)
	}
	spark, err := h.session(ctx)
	if err == nil {
		row := historyRow{Pipeline: r.Pipeline, Subject: r.Subject, RunID: r.RunID, Started: r.Started.UTC(), Report: string(text)}
		err = appendRows(ctx, spark, []historyRow{row}, h.sink)
	}
	if err != nil {
		return fmt.Errorf("add to the history of checks in the table %s: %w", h.sink.Table, err)
	}
	return nil
}

// Last implements [History], in two round trips. Of a table that does not exist
// there is no report.
func (h *TableHistory) Last(ctx context.Context, pipeline, subject string) (*Report, error) {
	reports, err := h.Reports(ctx, pipeline, subject, 1)
	if err != nil || len(reports) == 0 {
		return nil, err
	}
	return reports[0], nil
}

// Reports returns the newest reports on a subject, the newest first; at most so
// many unless limit is 0.
func (h *TableHistory) Reports(ctx context.Context, pipeline, subject string, limit int) ([]*Report, error) {
	texts, err := h.read(ctx, pipeline, subject, limit)
	var out []*Report
	for _, text := range texts {
		r := new(Report)
		if err = json.Unmarshal([]byte(text), r); err != nil {
			break
		}
		out = append(out, r)
	}
	if err != nil {
		return nil, fmt.Errorf("read the history of checks in the table %s: %w", h.sink.Table, err)
	}
	return out, nil
}

func (h *TableHistory) read(ctx context.Context, pipeline, subject string, limit int) ([]string, error) {
	spark, err := h.session(ctx)
	if err != nil {
		return nil, err
	}
	there, err := spark.Catalog().TableExists(ctx, h.sink.Table)
	if err != nil || !there {
		return nil, err
	}
	table, err := dataflow.TableSource{Table: h.sink.Table}.Load(ctx, spark)
	if err != nil {
		return nil, err
	}
	own := both(call("==", named("pipeline"), text(pipeline)), call("==", named("subject"), text(subject)))
	if table, err = table.Filter(ctx, own.column()); err != nil {
		return nil, err
	}
	if table, err = table.Sort(ctx, columnOf("started").Desc()); err != nil {
		return nil, err
	}
	if limit > 0 {
		table = table.Limit(ctx, int32(min(limit, 1<<30)))
	}
	if table, err = table.Select(ctx, columnOf("report")); err != nil {
		return nil, err
	}
	return dataflow.Collect[string](ctx, table)
}
