package streaming

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// DeltaMergeSink updates a Delta table with the rows of a stream: for each batch one
// MERGE. Spark can do that only in a function that runs on the server
// (foreachBatch), which no client in Go can send. So the batches go to a Delta table
// of their own first, the staging table, and when the query has ended each is merged
// from here. Hence the trigger must be available_now or once, WriteStream
// blocks until all is merged, and to follow a stream the pipeline is run again and
// again.
//
// It is exactly once: the table notes with each MERGE the batch that it was, and
// takes no batch twice. A run that ended anywhere is taken up by the next.
//
// Batches are merged in the order in which they came. Several rows of one key in a
// batch make MERGE fail unless LatestBy says which of them counts.
type DeltaMergeSink struct {
	// Path is the folder of the table, Table its name; one of them is set. The table
	// is made when it does not exist.
	Path  string `koanf:"path" doc:"folder of the table, on the cluster"`
	Table string `koanf:"table" alias:"output_table,table_name" doc:"name of the table, instead of path"`
	// StagingPath is the folder of the staging table. It belongs to this query
	// alone, as the checkpoint does, and is never emptied: DELETE and VACUUM may take
	// rows out of it that are in the table.
	StagingPath string `koanf:"staging_path" required:"true" doc:"folder for the batches before they are merged; it belongs to this query alone"`
	// Keys are the columns in which rows match. On is a condition with target.x and
	// source.x instead.
	Keys []string `koanf:"keys" alias:"merge_keys,upsert_keys" doc:"columns in which rows match"`
	On   string   `koanf:"on" alias:"merge_condition" doc:"condition with target.x and source.x for rows to match, instead of keys"`
	// LatestBy is a column or an expression: of the rows of a batch with the same
	// Keys only the one with the highest counts.
	LatestBy string `koanf:"latest_by" doc:"of the rows of a batch with the same keys, the one with the highest of this counts"`
	// DeleteWhen deletes matching rows of the table, UpdateWhen updates them, and
	// InsertWhen inserts rows that match none: conditions with target.x and source.x.
	// Default no deletion, and every update and insert.
	DeleteWhen string `koanf:"delete_when" doc:"condition for a matching row to be deleted; by default none is"`
	UpdateWhen string `koanf:"update_when" doc:"condition for a matching row to be updated; by default each is"`
	InsertWhen string `koanf:"insert_when" doc:"condition for a row that matches none to be inserted; by default each is"`
	// Update sets columns to expressions instead of all columns to those of the same
	// name.
	Update map[string]string `koanf:"update" doc:"columns of a matching row and the expressions that they get; by default all columns of the source"`
	// NoUpdate and NoInsert leave rows alone.
	NoUpdate bool `koanf:"no_update" default:"false" doc:"leave matching rows as they are"`
	NoInsert bool `koanf:"no_insert" default:"false" doc:"insert no rows"`
	// SchemaEvolution adds columns that the table lacks.
	SchemaEvolution bool `koanf:"schema_evolution" alias:"merge_schema" default:"false" doc:"add columns that the table lacks"`
}

var _ TraitedSink = DeltaMergeSink{}

// Traits implements [TraitedSink].
func (DeltaMergeSink) Traits() SinkTraits { return microStepTraits(true) }

// Validate reports everything that is wrong and can be told without the server.
func (s DeltaMergeSink) Validate() error {
	f := &options.Faults{What: "delta merge"}
	f.ExactlyOne("path", s.Path, "table", s.Table)
	f.ExactlyOne("keys", strings.Join(s.Keys, ","), "on", s.On)
	switch s.StagingPath {
	case "":
		f.Add("staging_path is missing: a folder on the cluster for the batches before they are merged, which belongs to this query alone")
	case s.Path:
		f.Add("staging_path is the path of the table itself")
	}
	for _, key := range s.Keys {
		if key == "" {
			f.Add("keys: a column has no name")
		}
	}
	if s.LatestBy != "" && len(s.Keys) == 0 {
		f.Add("latest_by wants keys")
	}
	if s.NoUpdate && (s.UpdateWhen != "" || len(s.Update) > 0) {
		f.Add("no_update excludes update and update_when")
	}
	if s.NoInsert && s.InsertWhen != "" {
		f.Add("no_insert excludes insert_when")
	}
	if s.NoInsert && s.NoUpdate && s.DeleteWhen == "" {
		f.Add("it changes nothing: no_update, no_insert, and no delete_when")
	}
	if f.Clean() {
		merge := s.merge("t")
		merge.UsingTable = "s"
		f.Err("merge", merge.Validate())
	}
	return f.Join()
}

func (s DeltaMergeSink) merge(target string) dataflow.Merge {
	m := dataflow.Merge{Into: target, On: s.On}
	var same []string
	for _, key := range s.Keys {
		same = append(same, "target."+quoteName(key)+" <=> source."+quoteName(key))
	}
	if len(same) > 0 {
		m.On = strings.Join(same, " AND ")
	}
	if s.DeleteWhen != "" {
		m.When = append(m.When, dataflow.WhenMatched(s.DeleteWhen).Delete())
	}
	switch {
	case s.NoUpdate:
	case len(s.Update) > 0:
		m.When = append(m.When, dataflow.WhenMatched(s.UpdateWhen).Update(s.Update))
	default:
		m.When = append(m.When, dataflow.WhenMatched(s.UpdateWhen).UpdateAll())
	}
	if !s.NoInsert {
		m.When = append(m.When, dataflow.WhenNotMatched(s.InsertWhen).InsertAll())
	}
	return m
}

// target is the table in SQL.
func (s DeltaMergeSink) target(spark *dataflow.Session) string {
	if s.Table != "" {
		return s.Table
	}
	return "delta." + quoteName(spark.OutputPath(s.Path))
}

// WriteStream implements [StreamingSink]. It blocks until every batch is merged;
// the query that it returns has ended. When ctx ends, the query is stopped, and what
// is not merged by then is merged by the next run.
func (s DeltaMergeSink) WriteStream(ctx context.Context, spark *dataflow.Session, df sql.DataFrame, w Writer) (*Query, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	columns, err := dataflow.SchemaOf(ctx, df)
	if err != nil {
		return nil, fmt.Errorf("delta merge: %w", err)
	}
	target := s.target(spark)
	if err := spark.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+target+" ("+nullable(columns).String()+") USING DELTA"); err != nil {
		return nil, fmt.Errorf("delta merge: make the table: %w", err)
	}
	return s.steps(target).run(ctx, spark, df, w)
}

// Properties of a session that Delta takes with a MERGE: what it notes, and under
// which id it does nothing twice.
const (
	confDeltaApp     = "spark.databricks.delta.write.txnAppId"
	confDeltaVersion = "spark.databricks.delta.write.txnVersion"
	confDeltaNote    = "spark.databricks.delta.commitInfo.userMetadata"
	// confDeltaEvolve adds columns; MERGE WITH SCHEMA EVOLUTION does not on Delta 4.0,
	// and a statement before the MERGE would be taken for it.
	confDeltaEvolve = "spark.databricks.delta.schema.autoMerge.enabled"
	noteOfMerge     = "sparkpipe merge "
)

func (s DeltaMergeSink) steps(target string) microSteps {
	return microSteps{
		what: "delta merge", staging: s.StagingPath,
		done: func(ctx context.Context, steps *dataflow.Session, app string) (int64, error) {
			return lastMerged(ctx, steps, target, app)
		},
		apply: func(ctx context.Context, steps *dataflow.Session, step step) error {
			conf := map[string]string{
				confDeltaApp: "sparkpipe-" + step.app, confDeltaVersion: strconv.FormatInt(step.version, 10), confDeltaNote: noteOfMerge + step.id(),
				confDeltaEvolve: strconv.FormatBool(s.SchemaEvolution),
			}
			if err := steps.Conf().Set(ctx, conf); err != nil {
				return err
			}
			merge := s.merge(target)
			merge.Using = step.rows
			if s.LatestBy != "" {
				latest, err := s.latest(ctx, steps, step.rows)
				if err != nil {
					return err
				}
				merge.Using = latest
			}
			_, err := merge.Run(ctx, steps)
			return err
		},
	}
}

// latest keeps one row of each key.
func (s DeltaMergeSink) latest(ctx context.Context, steps *dataflow.Session, rows sql.DataFrame) (sql.DataFrame, error) {
	const rank = "_sparkpipe_rank"
	var names []string
	for _, key := range s.Keys {
		names = append(names, quoteName(key))
	}
	ranked, err := selectExpr(ctx, steps, rows, "*", "row_number() OVER (PARTITION BY "+strings.Join(names, ", ")+" ORDER BY "+s.LatestBy+"\n DESC) AS "+rank)
	if err != nil {
		return nil, err
	}
	kept, err := ranked.Where(ctx, rank+" = 1")
	if err != nil {
		return nil, steps.Error(ctx, err)
	}
	return selectExpr(ctx, steps, kept, "* EXCEPT ("+rank+")")
}

// lastMerged reads the notes in the history of the table. A note that is gone costs
// time only: the table itself knows what was merged.
func lastMerged(ctx context.Context, steps *dataflow.Session, target, app string) (int64, error) {
	history, err := steps.SQL(ctx, "DESCRIBE HISTORY "+target)
	if err != nil {
		return 0, fmt.Errorf("look at the history of %s: %w", target, err)
	}
	type commit struct{ UserMetadata *string }
	var last int64
	for c, err := range dataflow.RowsAs[commit](ctx, history) {
		if err != nil {
			return 0, fmt.Errorf("look at the history of %s: %w", target, err)
		}
		if c.UserMetadata == nil {
			continue
		}
		if version, ok := strings.CutPrefix(*c.UserMetadata, noteOfMerge+app+"/"); ok {
			if n, err := strconv.ParseInt(version, 10, 64); err == nil {
				last = max(last, n)
			}
		}
	}
	return last, nil
}

// nullable takes NOT NULL off the columns: a table that is made of a stream takes
// what comes.
func nullable(columns schema.Definition) schema.Definition {
	out := columns
	out.Fields = append([]schema.Field(nil), columns.Fields...)
	for i := range out.Fields {
		out.Fields[i].Nullable = true
	}
	return out
}

// Lineage implements [dataflow.Describer].
func (s DeltaMergeSink) Lineage() dataflow.Lineage {
	if s.Table != "" {
		return writesTable(s.Table)
	}
	return writesPath(s.Path)
}
