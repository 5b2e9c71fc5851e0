package quality

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"
	"github.com/apache/spark-connect-go/v40/spark/sql/column"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// The columns that the quarantine adds behind those of the rows.
const (
	// QuarantineRunID is the id of the run, a STRING.
	QuarantineRunID = "_run_id"
	// QuarantineComponent is the name of the component, a STRING.
	QuarantineComponent = "_component"
	// QuarantineFailedRules are the names of the rules of the actions drop and
	// quarantine that the row breaks, in their order, an ARRAY<STRING>.
	QuarantineFailedRules = "_failed_rules"
	// QuarantineAt is when the attempt wrote the row, a TIMESTAMP.
	QuarantineAt = "_quarantined_at"
)

// Quarantine is where rows of the action [ActionQuarantine] go. What a run writes
// there for a component replaces what an earlier attempt of the two has written,
// also when it was resumed, and leaves everything else alone.
type Quarantine struct {
	// Path is a folder on the cluster. The rows of a component of a run are in
	// Path/run_id=RUN/component=NAME, with the names written as Hive writes values
	// of partitions.
	Path string `koanf:"path" doc:"folder on the cluster; the rows of a component of a run are in path/run_id=RUN/component=NAME"`
	// Table is a Delta table of the catalog, which is made when it is missing. One of
	// Path and Table is set.
	Table string `koanf:"table" doc:"Delta table of the catalog, instead of path; it is made when it is missing"`
	// Format is that of the files in Path: parquet (the default), orc, json, avro or
	// delta. A Table has the format delta.
	Format string `koanf:"format" enum:"parquet,orc,json,avro,delta" doc:"format of the files in path, by default parquet; a table is one of Delta"`
}

// IsZero reports whether nothing is set.
func (q Quarantine) IsZero() bool { return q == Quarantine{} }

// Validate refuses targets in which the rows of one run cannot be replaced, or that
// cannot hold the names of the rules.
func (q Quarantine) Validate() error {
	format := strings.ToLower(q.Format)
	switch {
	case q.Path == "" && q.Table == "":
		return errors.New("quarantine: set path or table")
	case q.Path != "" && q.Table != "":
		return errors.New("quarantine: path and table exclude each other")
	case q.Table != "" && format != "" && format != "delta":
		return fmt.Errorf("quarantine: a table of the format %s cannot replace the rows of one run; a Delta table can, or give a path", q.Format)
	case q.Table != "" || format == "" || slices.Contains([]string{"parquet", "orc", "json", "avro", "delta"}, format):
		return nil
	case slices.Contains([]string{"csv", "text", "xml"}, format):
		return fmt.Errorf("quarantine: the format %s has no arrays, and %s is one; write parquet, orc, json, avro or delta", q.Format, QuarantineFailedRules)
	}
	return fmt.Errorf("quarantine: the format %s cannot replace the rows of one run; write parquet, orc, json, avro or delta", q.Format)
}

// String names the target.
func (q Quarantine) String() string {
	if q.Table != "" {
		return "the table " + q.Table
	}
	return withoutUser(q.Path)
}

// checkRows refuses what would be taken for another row's: a run without a name,
// and rows that have a column which the quarantine adds.
func (q Quarantine) checkRows(runID, component string, def schema.Definition) error {
	if runID == "" || component == "" {
		return fmt.Errorf("quarantine: the run %q and the component %q need names: their rows are found by them", runID, component)
	}
	for _, f := range def.Fields {
		for _, own := range []string{QuarantineRunID, QuarantineComponent, QuarantineFailedRules, QuarantineAt} {
			if strings.EqualFold(f.Name, own) {
				return fmt.Errorf("quarantine: the rows have a column %s, and the quarantine adds %s; rename the column", f.Name, own)
			}
		}
	}
	return nil
}

// write puts rows that are bad into the target, in the place of those of an earlier
// attempt. failed is their column with the names of the rules.
func (q Quarantine) write(ctx context.Context, spark *dataflow.Session, bad sql.DataFrame, failed, runID, component string, at time.Time) error {
	ctx = aside(ctx)
	rows, err := bad.WithColumns(ctx,
		column.WithAlias(QuarantineRunID, text(runID).column()),
		column.WithAlias(QuarantineComponent, text(component).column()),
		column.WithAlias(QuarantineFailedRules, named(failed).column()),
		column.WithAlias(QuarantineAt, call("timestamp_micros", long(at.UnixMicro())).column()))
	if err == nil {
		rows, err = rows.DropByName(ctx, failed)
	}
	if err == nil && q.Table != "" {
		err = q.writeTable(ctx, spark, rows, runID, component)
	} else if err == nil {
		err = q.writeFolder(ctx, spark, rows, runID, component)
	}
	if err != nil {
		return fmt.Errorf("quarantine: write to %s: %w", q, err)
	}
	return nil
}

// folder is where the rows of a component of a run are.
func (q Quarantine) folder(runID, component string) string {
	return strings.TrimRight(q.Path, "/") + "/run_id=" + folderName(runID) + "/component=" + folderName(component)
}

func (q Quarantine) writeFolder(ctx context.Context, spark *dataflow.Session, rows sql.DataFrame, runID, component string) error {
	w := dataflow.Writer{Format: strings.ToLower(cmp.Or(q.Format, "parquet")), Mode: dataflow.SaveModeOverwrite}
	if w.Format == "delta" {
		w.Options = map[string]string{"overwriteSchema": "true"}
	}
	return w.Save(ctx, spark, rows, q.folder(runID, component))
}

// writeTable replaces the rows of the component of the run. A table that is made is
// partitioned by the two, so that components which write at the same time do not
// get into each other's way.
func (q Quarantine) writeTable(ctx context.Context, spark *dataflow.Session, rows sql.DataFrame, runID, component string) error {
	there, err := spark.Catalog().TableExists(ctx, q.Table)
	if err != nil {
		return err
	}
	sink := dataflow.DeltaSink{
		Table: q.Table, Mode: dataflow.TableModeOverwrite, MergeSchema: true,
		ReplaceWhere: equals(QuarantineRunID, runID) + " AND " + equals(QuarantineComponent, component),
	}
	if !there {
		sink.PartitionBy = []string{QuarantineRunID, QuarantineComponent}
	}
	return sink.Write(ctx, spark, rows)
}

// equals is a condition on a column of text. The value is written by its bytes,
// which Spark reads the same whatever its settings say about quotes and variables.
func equals(name, value string) string {
	return name + " = CAST(X'" + hex.EncodeToString([]byte(value)) + "' AS STRING)"
}

// withoutUser is a path without the user information and the parameters that a URL
// may hold, which can be secret. The container of an Azure path stands in the place
// of a user and stays.
func withoutUser(path string) string {
	path, _, _ = strings.Cut(path, "?")
	scheme, rest, found := strings.Cut(path, "://")
	if !found {
		return path
	}
	host, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndex(host, "@")
	azure := strings.HasPrefix(scheme, "abfs") || strings.HasPrefix(scheme, "wasb")
	if at < 0 || azure && !strings.Contains(host[:at], ":") {
		return path
	}
	return scheme + "://" + rest[at+1:]
}
