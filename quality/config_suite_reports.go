package quality

import (
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/sparkpipe/sparkpipe/dataflow"
)

// ReportsConfig is the block "quality.reports".
type ReportsConfig struct {
	// JSONL, JUnit and Markdown are files on this machine.
	JSONL    string `koanf:"jsonl" doc:"file to which every report is appended as a line of JSON"`
	JUnit    string `koanf:"junit" doc:"file in the form of JUnit for CI systems"`
	Markdown string `koanf:"markdown" doc:"page for people"`
	// Table is a table of the catalog, TableFormat its format when it is made, by
	// default the server's.
	Table       string `koanf:"table" doc:"table of Spark to which a row for each rule is appended; it is made when it is missing"`
	TableFormat string `koanf:"table_format" doc:"format of a table that is made, such as delta; by default the server's"`
	// Log has reports written to the log of the run; default true.
	Log bool `koanf:"log" default:"true" doc:"write reports to the log of the run"`
}

// Reporter makes the reporters of the block, or nil when there is none. session
// hands out the session for the table; logger is that of the run.
func (c ReportsConfig) Reporter(session dataflow.Provider, logger *zap.Logger) (Reporter, error) {
	var all []Reporter
	var faults []error
	add := func(r Reporter, err error) {
		if err != nil {
			faults = append(faults, err)
			return
		}
		all = append(all, r)
	}
	if c.JSONL != "" {
		r, err := NewJSONLReporter(c.JSONL)
		add(r, err)
	}
	if c.JUnit != "" {
		r, err := NewJUnitReporter(c.JUnit)
		add(r, err)
	}
	if c.Markdown != "" {
		r, err := NewMarkdownReporter(c.Markdown)
		add(r, err)
	}
	if c.Table != "" {
		r, err := NewTableReporter(session, c.Table, &TableOptions{Format: c.TableFormat})
		add(r, err)
	}
	if c.Log {
		add(LogReporter(logger), nil)
	}
	if len(all) == 0 {
		return nil, errors.Join(faults...)
	}
	return JoinReporters(all...), errors.Join(faults...)
}

// HistoryConfig is the block "quality.history".
type HistoryConfig struct {
	// Path is a folder on this machine, Table a table of the catalog; at most one is
	// set.
	Path  string `koanf:"path" doc:"folder on this machine that keeps the reports"`
	Table string `koanf:"table" doc:"table of Spark that keeps the reports, instead of path; it is made when it is missing"`
	// TableFormat is that of a table that is made; default the server's.
	TableFormat string `koanf:"table_format" doc:"format of a table that is made, such as delta; by default the server's"`
	// Runs is how many runs of a pipeline a folder keeps; default
	// [DefaultHistoryRuns].
	Runs int `koanf:"runs" default:"100" min:"1" doc:"how many runs of each pipeline a folder keeps"`
}

// Validate refuses two places.
func (c HistoryConfig) Validate() error {
	if c.Path != "" && c.Table != "" {
		return errors.New("history: path and table exclude each other")
	}
	return nil
}

// History makes the history of the block, or nil when there is none. session hands
// out the session for a table, now is the clock, and nil is [time.Now].
func (c HistoryConfig) History(session dataflow.Provider, now func() time.Time) (History, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	switch {
	case c.Path != "":
		return NewFileHistory(c.Path, &FileHistoryOptions{Runs: c.Runs, Now: now})
	case c.Table != "":
		return NewTableHistory(session, c.Table, &TableOptions{Format: c.TableFormat})
	}
	return nil, nil
}
