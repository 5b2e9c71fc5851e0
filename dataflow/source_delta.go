package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// DeltaSource reads a Delta table as it is, as it was, or what has changed in it.
// The server needs the jar io.delta:delta-spark_2.13 and Delta's settings.
type DeltaSource struct {
	// Path is the folder of the table, Table its name; one of them is set.
	Path  string `koanf:"path" doc:"folder of the table, on the cluster"`
	Table string `koanf:"table" alias:"table_name" doc:"name of the table, instead of path"`
	// VersionAsOf and TimestampAsOf, a date or a time such as 2024-05-01T12:00:00,
	// read the table as it was; one of them is set.
	VersionAsOf   *int64 `koanf:"version_as_of" min:"0" doc:"read the table as it was in that version"`
	TimestampAsOf string `koanf:"timestamp_as_of" doc:"read the table as it was at that time, such as 2024-05-01T12:00:00"`
	// ReadChangeFeed gives changes, with the columns _change_type, _commit_version
	// and _commit_timestamp, instead of rows. The table wants the property
	// delta.enableChangeDataFeed. A begin is required.
	ReadChangeFeed bool `koanf:"read_change_feed" default:"false" doc:"read changes instead of rows, with the columns _change_type, _commit_version and _commit_timestamp"`
	// StartingVersion or StartingTimestamp is where changes begin, EndingVersion or
	// EndingTimestamp where they end, both of them included. Default end is the
	// newest.
	StartingVersion   *int64 `koanf:"starting_version" min:"0" doc:"version with which changes begin"`
	EndingVersion     *int64 `koanf:"ending_version" min:"0" doc:"version with which changes end; by default the newest"`
	StartingTimestamp string `koanf:"starting_timestamp" doc:"time with which changes begin, instead of starting_version"`
	EndingTimestamp   string `koanf:"ending_timestamp" doc:"time with which changes end, instead of ending_version"`
	// Options are passed to Delta under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Delta under its own keys"`
}

var (
	_ Source              = DeltaSource{}
	_ SourceChecker       = DeltaSource{}
	_ component.Validator = DeltaSource{}
)

// Validate reports everything that Delta would refuse and that can be told without
// it.
func (s DeltaSource) Validate() error {
	f := &options.Faults{What: "delta source"}
	f.ExactlyOne("path", s.Path, "table", s.Table)
	f.Err("table", options.Verbatim(s.Table))
	o := s.options()
	f.AtMostOne("version_as_of", o["versionAsOf"], "timestamp_as_of", o["timestampAsOf"], "read_change_feed", o["readChangeFeed"])
	f.Version("version_as_of", s.VersionAsOf)
	f.Err("timestamp_as_of", options.Moment(s.TimestampAsOf))
	begin := f.AtMostOne("starting_version", o["startingVersion"], "starting_timestamp", s.StartingTimestamp)
	end := f.AtMostOne("ending_version", o["endingVersion"], "ending_timestamp", s.EndingTimestamp)
	switch {
	case !s.ReadChangeFeed && len(begin)+len(end) > 0:
		f.Add("%s wants read_change_feed", append(begin, end...)[0])
	case s.ReadChangeFeed && len(begin) == 0 && !s.begins():
		f.Add("read_change_feed wants starting_version or starting_timestamp")
	}
	f.Version("starting_version", s.StartingVersion)
	f.Version("ending_version", s.EndingVersion)
	f.Err("starting_timestamp", options.Moment(s.StartingTimestamp))
	f.Err("ending_timestamp", options.Moment(s.EndingTimestamp))
	if s.StartingVersion != nil && s.EndingVersion != nil && *s.EndingVersion < *s.StartingVersion {
		f.Add("ending_version is %d, before starting_version, %d", *s.EndingVersion, *s.StartingVersion)
	}
	return f.Join()
}

// begins reports whether the options of the user say where changes begin.
func (s DeltaSource) begins() bool {
	_, version := options.Lookup(s.Options, "startingVersion")
	_, timestamp := options.Lookup(s.Options, "startingTimestamp")
	return version || timestamp
}

func (s DeltaSource) options() options.Set {
	o := options.Set{}
	o.Version("versionAsOf", s.VersionAsOf)
	o.Text("timestampAsOf", s.TimestampAsOf)
	o.Flag("readChangeFeed", s.ReadChangeFeed)
	o.Version("startingVersion", s.StartingVersion)
	o.Version("endingVersion", s.EndingVersion)
	o.Text("startingTimestamp", s.StartingTimestamp)
	o.Text("endingTimestamp", s.EndingTimestamp)
	return o
}

// Load implements [Source], with no round trip.
func (s DeltaSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	all := mergeOptions(s.options(), s.Options)
	if s.Table != "" {
		return TableSource{Table: s.Table, Options: all}.Load(ctx, spark)
	}
	return Reader{Format: "delta", Options: all, Paths: []string{s.Path}}.Load(ctx, spark)
}

// CheckLoad implements [SourceChecker] with what the table says of itself.
func (s DeltaSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.Table != "" {
		return scope.Table(ctx, s.Table, mergeOptions(s.options(), s.Options))
	}
	return scope.source(ctx, s)
}

// Lineage implements [Describer].
func (s DeltaSource) Lineage() Lineage {
	if s.Table != "" {
		return reads(relationDataset(s.Table))
	}
	return readsPaths([]string{s.Path})
}
