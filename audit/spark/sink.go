package spark

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sparkpipe/sparkpipe/audit"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// DefaultMaxEvents is how many events a [TableSink] holds.
const DefaultMaxEvents = 10_000

// Columns are the columns of the table, in the DDL of Spark.
const Columns = "batch STRING, seq BIGINT, time TIMESTAMP, action STRING, status STRING, actor STRING, resource STRING, " +
	"pipeline STRING, run_id STRING, line STRING"

// Options are the settings of [NewTableSink]. Nil means defaults.
type Options struct {
	// Format is that of a table that is made: the short name or class of a data
	// source. Empty is the server's default.
	Format string
	// Key signs the entries; see [audit.FileOptions.Key].
	Key secrets.Value
	// MaxEvents is how many events are held; then they are written although no run
	// has ended. Default [DefaultMaxEvents].
	MaxEvents int

	_ struct{}
}

// TableSink appends events to a table. Write holds them; Flush, which the hook calls
// at the end of a run, and Close write them, and block until the cluster has. What
// could not be written is held and written the next time; when nobody can tell
// whether a write has happened, the rows may be there twice, with the same id.
type TableSink struct {
	open  func(ctx context.Context) (*dataflow.Session, error)
	table string
	opts  Options

	mu     sync.Mutex
	held   []audit.Event
	closed bool
}

var (
	_ audit.Sink    = (*TableSink)(nil)
	_ audit.Flusher = (*TableSink)(nil)
)

// NewTableSink returns a sink for the table, which is made by the first write when
// it does not exist. open returns a session for one write, which the sink closes.
func NewTableSink(open func(ctx context.Context) (*dataflow.Session, error), table string, opts *Options) (*TableSink, error) {
	if opts == nil {
		opts = &Options{}
	}
	switch {
	case open == nil:
		return nil, errors.New("new audit table sink: there is nothing that opens a session")
	case table == "":
		return nil, errors.New("new audit table sink: the name of the table is empty")
	case opts.MaxEvents < 0:
		return nil, fmt.Errorf("new audit table sink: %d events; the number cannot be negative", opts.MaxEvents)
	}
	s := &TableSink{open: open, table: table, opts: *opts}
	s.opts.MaxEvents = cmp.Or(opts.MaxEvents, DefaultMaxEvents)
	return s, nil
}

// Write implements [audit.Sink]: it takes the event over.
func (s *TableSink) Write(ctx context.Context, e audit.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return audit.ErrClosed
	}
	if len(s.held) >= s.opts.MaxEvents {
		if err := s.append(ctx); err != nil {
			return err
		}
	}
	s.held = append(s.held, e)
	return nil
}

// Flush implements [audit.Flusher].
func (s *TableSink) Flush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.append(ctx)
}

// Close implements [audit.Sink].
func (s *TableSink) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	err := s.append(ctx)
	s.held = nil
	return err
}

// row is one row of the table.
type row struct {
	Batch    string    `spark:"batch"`
	Seq      int64     `spark:"seq"`
	Time     time.Time `spark:"time"`
	Action   string    `spark:"action"`
	Status   string    `spark:"status"`
	Actor    string    `spark:"actor"`
	Resource string    `spark:"resource"`
	Pipeline string    `spark:"pipeline"`
	RunID    string    `spark:"run_id"`
	Line     string    `spark:"line"`
}

// append writes what is held as one batch.
func (s *TableSink) append(ctx context.Context) error {
	if len(s.held) == 0 {
		return nil
	}
	rows, err := s.rows()
	if err == nil {
		err = s.save(ctx, rows)
	}
	if err != nil {
		return fmt.Errorf("append %d events to the audit table %s: %w", len(s.held), s.table, err)
	}
	s.held = nil
	return nil
}

func (s *TableSink) rows() ([]row, error) {
	chain, batch := audit.NewChain(audit.Head{}, s.opts.Key), uuid.NewString()
	rows := make([]row, 0, len(s.held))
	for _, e := range s.held {
		line, head, err := chain.Seal(e)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			Batch: batch, Seq: head.Seq, Time: e.Time.UTC(), Action: string(e.Action), Status: string(e.Status), Actor: e.Actor,
			Resource: e.Resource, Pipeline: e.Pipeline, RunID: e.RunID, Line: string(bytes.TrimSuffix(line, []byte("\n"))),
		})
	}
	return rows, nil
}

func (s *TableSink) save(ctx context.Context, rows []row) (err error) {
	session, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close(ctx)) }()
	df, err := dataflow.CreateDataFrame(ctx, session, rows, nil)
	if err != nil {
		return err
	}
	return dataflow.Writer{Format: s.opts.Format, Mode: dataflow.SaveModeAppend}.SaveAsTable(ctx, session, df, s.table)
}
