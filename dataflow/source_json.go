package dataflow

import (
	"context"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// JSONSource reads files of JSON lines, or of whole JSON documents with
// MultiLine.
type JSONSource struct {
	FileSource `koanf:",squash"`
	// MultiLine says that each file holds one document or array.
	MultiLine bool `koanf:"multi_line" default:"false" doc:"each file is one JSON document or array instead of JSON lines"`
}

var _ Source = JSONSource{}

// Load implements [Source].
func (s JSONSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	var options map[string]string
	if s.MultiLine {
		options = map[string]string{"multiLine": "true"}
	}
	return s.load(ctx, spark, "json", options)
}
