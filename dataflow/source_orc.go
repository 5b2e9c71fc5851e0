package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/options"
)

// ORCSource reads ORC files.
type ORCSource struct {
	FileSource `koanf:",squash"`
	// MergeSchema takes the columns of all files together, instead of those of some
	// file. Nil is what the session says, by default false.
	MergeSchema *bool `koanf:"merge_schema" doc:"take the columns of all files together, not those of one; by default what the session says, false"`
}

var (
	_ Source        = ORCSource{}
	_ SourceChecker = ORCSource{}
)

// Load implements [Source].
func (s ORCSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	o := options.Set{}
	o.Choice("mergeSchema", s.MergeSchema)
	return s.load(ctx, spark, "orc", o)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s ORCSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}
