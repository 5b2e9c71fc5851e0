package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
)

// JSONSource reads files of JSON lines, or of whole JSON documents with
// MultiLine.
type JSONSource struct {
	FileSource `koanf:",squash"`
	// MultiLine says that each file holds one document or array.
	MultiLine        bool `koanf:"multi_line" default:"false" doc:"each file is one JSON document or array instead of JSON lines"`
	MalformedRecords `koanf:",squash"`
}

var (
	_ Source              = JSONSource{}
	_ component.Validator = JSONSource{}
)

// Validate checks that there is something to read, and what is said of malformed
// records.
func (s JSONSource) Validate() error {
	return errors.Join(s.FileSource.Validate(), s.checkRecords(s.Schema))
}

// Load implements [Source].
func (s JSONSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	options := s.recordOptions()
	options.Flag("multiLine", s.MultiLine)
	return s.load(ctx, spark, "json", options)
}
