package dataflow

import (
	"context"
	"errors"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// TextSink writes lines of text: exactly one column, a STRING, beside those of
// PartitionBy. A null is an empty line, and a line break in a value is written as
// it is.
type TextSink struct {
	FileSink `koanf:",squash"`
	// LineSeparator ends a line; default "\n".
	LineSeparator string `koanf:"line_separator" doc:"what ends a line; by default \\n"`
}

var (
	_ Sink                = TextSink{}
	_ SinkChecker         = TextSink{}
	_ component.Validator = TextSink{}
)

// Validate reports what does not go together.
func (s TextSink) Validate() error {
	return errors.Join(s.FileSink.Validate(), s.codec("text", textCodecs()...))
}

// Write implements [Sink].
func (s TextSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	o := options.Set{}
	o.Text("lineSep", s.LineSeparator)
	return s.write(ctx, spark, df, "text", o)
}

// CheckWrite implements [SinkChecker]: there is one column, and it is a STRING.
func (s TextSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	return scope.files(ctx, s.FileSink, in, "text", false)
}
