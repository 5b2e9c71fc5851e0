package dataflow

import (
	"context"
	"errors"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
)

// ORCSink writes ORC files.
type ORCSink struct {
	FileSink `koanf:",squash"`
}

var (
	_ Sink                = ORCSink{}
	_ SinkChecker         = ORCSink{}
	_ component.Validator = ORCSink{}
)

// Validate reports what does not go together, and a codec that ORC does not have.
func (s ORCSink) Validate() error {
	return errors.Join(s.FileSink.Validate(), s.codec("orc", "none", "uncompressed", "snappy", "zlib", "lzo", "lz4", "zstd", "brotli"))
}

// Write implements [Sink].
func (s ORCSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	return s.write(ctx, spark, df, "orc", nil)
}

// CheckWrite implements [SinkChecker].
func (s ORCSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	return scope.files(ctx, s.FileSink, in, "orc", false)
}
