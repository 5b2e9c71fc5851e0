package streaming

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// DeltaSource reads a Delta table: all its rows first, then what is appended. A
// change of rows fails the query unless SkipChangeCommits, IgnoreChanges or
// IgnoreDeletes says otherwise, or the change feed is read. The server needs
// the jar io.delta:delta-spark_2.13.
type DeltaSource struct {
	// Path is the folder of the table, Table its name; one of them is set.
	Path  string `koanf:"path" doc:"folder of the table, on the cluster"`
	Table string `koanf:"table" alias:"table_name" doc:"name of the table, instead of path"`
	// ReadChangeFeed reads changes instead of rows, with the columns _change_type,
	// _commit_version and _commit_timestamp. The table needs the property
	// delta.enableChangeDataFeed.
	ReadChangeFeed bool `koanf:"read_change_feed" alias:"read_change_data_feed" default:"false" doc:"read changes instead of rows"`
	// StartingVersion is the version to begin with, or latest; StartingTimestamp the
	// time. They exclude each other and count for the first run only. Default: all
	// rows that are there.
	StartingVersion   string `koanf:"starting_version" doc:"version of the table to begin with, or latest"`
	StartingTimestamp string `koanf:"starting_timestamp" doc:"time to begin with, such as 2024-05-01 or 2024-05-01T00:00:00Z"`
	// IgnoreDeletes leaves out deletions of whole partitions, SkipChangeCommits all
	// commits that change rows. IgnoreChanges, which Delta deprecates, gives rows
	// again that stood in a file with a changed one.
	IgnoreDeletes     bool `koanf:"ignore_deletes" default:"false" doc:"leave out deletions of whole partitions"`
	IgnoreChanges     bool `koanf:"ignore_changes" default:"false" doc:"give rows again that stand in a file with a changed one; skip_change_commits is better"`
	SkipChangeCommits bool `koanf:"skip_change_commits" default:"false" doc:"leave out commits that change or delete rows"`
	// MaxFilesPerTrigger and MaxBytesPerTrigger, such as "1g", bound a batch. Default
	// 1000 files.
	MaxFilesPerTrigger int    `koanf:"max_files_per_trigger" min:"0" doc:"most new files of a batch; by default 1000"`
	MaxBytesPerTrigger string `koanf:"max_bytes_per_trigger" doc:"about as many bytes a batch, such as 1g"`
	// WithEventTimeOrder reads the first rows in the order of their event time, so
	// that the watermark drops none of them.
	WithEventTimeOrder bool `koanf:"with_event_time_order" default:"false" doc:"read the rows that are there first in the order of event time"`
	// FailOnDataLoss fails when files are gone that were not read; nil is Delta's
	// default, true.
	FailOnDataLoss *bool `koanf:"fail_on_data_loss" doc:"fail when files are gone that were not read; by default true"`
	// SchemaTrackingLocation is a folder below the checkpoint for changes of schema.
	SchemaTrackingLocation string `koanf:"schema_tracking_location" doc:"folder below the checkpoint location for changes of the schema"`
	// Options are passed to Delta under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Delta under its own keys"`
}

var _ StreamingSource = DeltaSource{}

// Validate reports everything that Delta would refuse and that can be told without
// it.
func (s DeltaSource) Validate() error {
	f := &options.Faults{What: "delta source"}
	f.ExactlyOne("path", s.Path, "table", s.Table)
	f.AtMostOne("starting_version", s.StartingVersion, "starting_timestamp", s.StartingTimestamp)
	if _, err := strconv.ParseUint(s.StartingVersion, 10, 63); err != nil && s.StartingVersion != "" && !strings.EqualFold(s.StartingVersion, "latest") {
		f.Add("starting_version is %q; write a version from 0 on, or latest", s.StartingVersion)
	}
	if s.StartingTimestamp != "" && !isDate(s.StartingTimestamp) {
		f.Add("starting_timestamp is %q; write one such as 2024-05-01 or 2024-05-01T00:00:00Z", s.StartingTimestamp)
	}
	if s.ReadChangeFeed && (s.IgnoreChanges || s.IgnoreDeletes || s.SkipChangeCommits) {
		f.Add("read_change_feed has every change; ignore_changes, ignore_deletes and skip_change_commits do not go with it")
	}
	f.NotNegative("max_files_per_trigger", int64(s.MaxFilesPerTrigger))
	return f.Join()
}

// isDate reports whether a text begins as a date of Spark does.
func isDate(text string) bool {
	if len(text) < len(time.DateOnly) {
		return false
	}
	_, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	return err == nil
}

// ReadStream implements [StreamingSource], with no round trip.
func (s DeltaSource) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	o := options.Set{}
	o.Flag("readChangeFeed", s.ReadChangeFeed)
	o.Text("startingVersion", strings.ToLower(s.StartingVersion))
	o.Text("startingTimestamp", s.StartingTimestamp)
	o.Flag("ignoreDeletes", s.IgnoreDeletes)
	o.Flag("ignoreChanges", s.IgnoreChanges)
	o.Flag("skipChangeCommits", s.SkipChangeCommits)
	o.Number("maxFilesPerTrigger", int64(s.MaxFilesPerTrigger))
	o.Text("maxBytesPerTrigger", s.MaxBytesPerTrigger)
	o.Flag("withEventTimeOrder", s.WithEventTimeOrder)
	o.Choice("failOnDataLoss", s.FailOnDataLoss)
	if s.SchemaTrackingLocation != "" {
		o["schemaTrackingLocation"] = spark.OutputPath(s.SchemaTrackingLocation)
	}
	options := options.Merge(o, s.Options)
	if s.Table != "" {
		return Reader{Table: s.Table, Options: options}.ReadStream(ctx, spark)
	}
	return Reader{Format: "delta", Path: s.Path, Options: options}.ReadStream(ctx, spark)
}

// Lineage implements [dataflow.Describer].
func (s DeltaSource) Lineage() dataflow.Lineage {
	if s.Table != "" {
		return readsTable(s.Table)
	}
	return Reader{Path: s.Path}.Lineage()
}
