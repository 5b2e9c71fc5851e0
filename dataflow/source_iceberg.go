package dataflow

import (
	"context"
	"strconv"
	"time"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// IcebergSource reads an Iceberg table as it is or as it was. The server needs the
// jar org.apache.iceberg:iceberg-spark-runtime-4.0_2.13, and a catalog of Iceberg
// in its settings.
type IcebergSource struct {
	// Table is its name. One with no dot belongs to Catalog.
	Table string `koanf:"table" alias:"table_path,table_name" required:"true" doc:"name of the table; one with no dot belongs to catalog"`
	// Catalog is the catalog of a Table with no dot; default the session's.
	Catalog string `koanf:"catalog" alias:"catalog_name" doc:"catalog of a table with no dot; by default the session's"`
	// SnapshotID, AsOfTimestamp, Branch or Tag say which snapshot is read; at most
	// one is set. Default the newest of the main branch. A time is one such as
	// 2024-05-01T12:00:00Z, or milliseconds since 1970.
	SnapshotID    *int64 `koanf:"snapshot_id" min:"0" doc:"read that snapshot"`
	AsOfTimestamp string `koanf:"as_of_timestamp" doc:"read the table as it was then: a time such as 2024-05-01T12:00:00Z, or milliseconds since 1970"`
	Branch        string `koanf:"branch" doc:"read the newest snapshot of a branch"`
	Tag           string `koanf:"tag" doc:"read the snapshot with a tag"`
	// Options are passed to Iceberg under its own keys.
	Options map[string]string `koanf:"options" doc:"options of Iceberg under its own keys"`
}

var (
	_ Source              = IcebergSource{}
	_ SourceChecker       = IcebergSource{}
	_ component.Validator = IcebergSource{}
)

// Validate reports what is missing or does not go together.
func (s IcebergSource) Validate() error {
	f := &options.Faults{What: "iceberg source"}
	if s.Table == "" {
		f.Add("table is missing")
	}
	f.Err("table", options.Verbatim(icebergTable(s.Catalog, s.Table)))
	f.Version("snapshot_id", s.SnapshotID)
	id := options.Set{}
	id.Version("id", s.SnapshotID)
	f.AtMostOne("snapshot_id", id["id"], "as_of_timestamp", s.AsOfTimestamp, "branch", s.Branch, "tag", s.Tag)
	if _, err := strconv.ParseUint(s.AsOfTimestamp, 10, 63); err != nil {
		f.Err("as_of_timestamp", options.Moment(s.AsOfTimestamp))
	}
	return f.Join()
}

// table is the source as a table with options. Spark hands the version, which can
// be the name of a branch or a tag, to the catalog.
func (s IcebergSource) table() TableSource {
	o := options.Set{}
	o.Version("versionAsOf", s.SnapshotID)
	o.Text("versionAsOf", s.Branch)
	o.Text("versionAsOf", s.Tag)
	at := s.AsOfTimestamp
	if millis, err := strconv.ParseInt(at, 10, 64); err == nil {
		at = time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	o.Text("timestampAsOf", at)
	return TableSource{Table: icebergTable(s.Catalog, s.Table), Options: mergeOptions(o, s.Options)}
}

// Load implements [Source], with no round trip.
func (s IcebergSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return s.table().Load(ctx, spark)
}

// CheckLoad implements [SourceChecker] with what the catalog knows.
func (s IcebergSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return s.table().CheckLoad(ctx, scope)
}

// Lineage implements [Describer].
func (s IcebergSource) Lineage() Lineage { return s.table().Lineage() }
