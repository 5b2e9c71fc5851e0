package streaming

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strconv"

	spark "github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// The columns that [JDBCSink] adds, by default.
const (
	DefaultBatchColumn = "_batch_id"
	DefaultRowColumn   = "_batch_row"
)

// JDBCSink appends to a table of a database. Spark can do that only in a function
// that runs on the server (foreachBatch), which no client in Go can send. So it
// works in steps as [DeltaMergeSink] does, with the same rules: the trigger is
// available_now or once, WriteStream blocks until all is written, and the server has
// Delta for the staging table.
//
// A batch is written in one transaction, by one connection, with two columns more:
// its id and a number for each row. A batch whose id is in the table is not written
// again. That is exactly once if the two columns are a unique key of the table, so
// that even a write which nobody waits for any more cannot put a batch there twice;
// say so with BatchKey. Spark makes a table that does not exist without such a key.
type JDBCSink struct {
	dataflow.JDBC `koanf:",squash"`
	// Table is the table to append to.
	Table string `koanf:"table" required:"true" doc:"table to append to; made when it does not exist"`
	// StagingPath is the folder of the staging table. It belongs to this query
	// alone, as the checkpoint does.
	StagingPath string `koanf:"staging_path" required:"true" doc:"folder for the batches before they are written, a Delta table; it belongs to this query alone"`
	// BatchColumn and RowColumn are added to the table: a text and a BIGINT. Default
	// [DefaultBatchColumn] and [DefaultRowColumn].
	BatchColumn string `koanf:"batch_column" doc:"column for the id of the batch, a text; by default _batch_id"`
	RowColumn   string `koanf:"row_column" doc:"column for the number of the row in the batch, a BIGINT; by default _batch_row"`
	// BatchKey says that the two are a unique key of the table.
	BatchKey bool `koanf:"batch_key" default:"false" doc:"the two columns are a unique key of the table, which makes it exactly once"`
	// BatchSize is how many rows go with one round trip; 0 is Spark's 1000.
	BatchSize int `koanf:"batch_size" min:"0" doc:"rows a round trip; by default 1000"`
}

var _ TraitedSink = JDBCSink{}

// Traits implements [TraitedSink].
func (s JDBCSink) Traits() SinkTraits {
	traits := microStepTraits(s.BatchKey)
	traits.OutputModes = []OutputMode{OutputModeAppend}
	return traits
}

// Validate reports what is missing or does not go together.
func (s JDBCSink) Validate() error {
	f := &options.Faults{What: "jdbc sink"}
	if s.URL.IsZero() {
		f.Add("url is missing")
	}
	if s.Table == "" {
		f.Add("table is missing")
	}
	if s.StagingPath == "" {
		f.Add("staging_path is missing: a folder on the cluster for the batches before they are written, which belongs to this query alone")
	}
	if s.batchColumn() == s.rowColumn() {
		f.Add("batch_column and row_column are both %s", s.rowColumn())
	}
	f.NotNegative("batch_size", int64(s.BatchSize))
	for _, key := range []string{"dbtable", "query", "numPartitions", "isolationLevel"} {
		if _, ok := options.Lookup(s.Options, key); ok {
			f.Add("the option %s is not allowed: a batch is one transaction on the table", key)
		}
	}
	return f.Join()
}

func (s JDBCSink) batchColumn() string { return cmp.Or(s.BatchColumn, DefaultBatchColumn) }
func (s JDBCSink) rowColumn() string   { return cmp.Or(s.RowColumn, DefaultRowColumn) }

// WriteStream implements [StreamingSink]. It blocks until every batch is written;
// the query that it returns has ended. When ctx ends, the query is stopped, and what
// is not written by then is written by the next run.
func (s JDBCSink) WriteStream(ctx context.Context, session *dataflow.Session, df spark.DataFrame, w Writer) (*Query, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	m := microSteps{what: "jdbc sink", staging: s.StagingPath, apply: s.apply}
	m.done = func(ctx context.Context, steps *dataflow.Session, app string) (int64, error) {
		if err := s.create(ctx, steps, session.OutputPath(s.StagingPath)); err != nil {
			return 0, err
		}
		return s.last(ctx, steps, app)
	}
	return m.run(ctx, session, df, w)
}

// sink writes a batch in one transaction.
func (s JDBCSink) sink(mode dataflow.SaveMode) dataflow.JDBCSink {
	jdbc := s.JDBC
	jdbc.Options = map[string]string{"numPartitions": "1"}
	maps.Copy(jdbc.Options, s.Options)
	return dataflow.JDBCSink{JDBC: jdbc, Table: s.Table, Mode: mode, BatchSize: s.BatchSize}
}

// create makes the table if it does not exist.
func (s JDBCSink) create(ctx context.Context, steps *dataflow.Session, staging string) error {
	none, err := steps.SQL(ctx, "SELECT *, CAST('' AS STRING) AS "+quoteName(s.batchColumn())+", CAST(0 AS BIGINT) AS "+quoteName(s.rowColumn())+
		" FROM delta."+quoteName(staging)+" WHERE false")
	if err == nil {
		err = s.sink(dataflow.SaveModeIgnore).Write(ctx, steps, none)
	}
	if err != nil {
		return fmt.Errorf("make the table %s: %w", s.Table, err)
	}
	return nil
}

// last returns the last batch that the table has. They are written in order.
func (s JDBCSink) last(ctx context.Context, steps *dataflow.Session, app string) (int64, error) {
	table, err := dataflow.JDBCSource{JDBC: s.JDBC, Table: s.Table}.Load(ctx, steps)
	if err != nil {
		return 0, err
	}
	column := quoteName(s.batchColumn())
	mine, err := table.Where(ctx, "startswith("+column+", "+options.Literal(app+"/")+")")
	if err != nil {
		return 0, steps.Error(ctx, err)
	}
	last, err := selectExpr(ctx, steps, mine, "max(CAST(substring("+column+", "+strconv.Itoa(len(app)+2)+") AS BIGINT)) AS last")
	if err != nil {
		return 0, err
	}
	version, err := dataflow.Value[sql.Null[int64]](ctx, last)
	if err != nil {
		return 0, fmt.Errorf("look for batches in the table %s: %w", s.Table, err)
	}
	return version.V, nil
}

// apply appends a batch.
func (s JDBCSink) apply(ctx context.Context, steps *dataflow.Session, step step) error {
	rows, err := selectExpr(ctx, steps, step.rows, "*", options.Literal(step.id())+" AS "+quoteName(s.batchColumn()),
		"CAST(row_number() OVER (ORDER BY 1) AS BIGINT) AS "+quoteName(s.rowColumn()))
	if err != nil {
		return err
	}
	return s.sink(dataflow.SaveModeAppend).Write(ctx, steps, rows)
}

// Lineage implements [dataflow.Describer]: a table of another database, with the
// URL before it as far as that can hold no credentials.
func (s JDBCSink) Lineage() dataflow.Lineage {
	return dataflow.JDBCSink{JDBC: s.JDBC, Table: s.Table, Mode: dataflow.SaveModeAppend}.Lineage()
}
