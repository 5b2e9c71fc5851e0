package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// TextSource reads the lines of text files into the column value, and the columns
// of partitions behind it.
type TextSource struct {
	FileSource `koanf:",squash"`
	// WholeText gives a row for each file instead of one for each line.
	WholeText bool `koanf:"whole_text" default:"false" doc:"one row for each file instead of each line"`
	// LineSeparator ends a line. Default \r\n, \r and \n, whichever stands there.
	LineSeparator string `koanf:"line_separator" doc:"what ends a line; by default any of \\r\\n, \\r and \\n"`
}

var (
	_ Source              = TextSource{}
	_ SourceChecker       = TextSource{}
	_ component.Validator = TextSource{}
)

// Validate checks that there is something to read.
func (s TextSource) Validate() error {
	err := s.FileSource.Validate()
	if s.WholeText && s.LineSeparator != "" {
		err = errors.Join(err, errors.New(`"whole_text" reads no lines, so that "line_separator" does not go with it`))
	}
	return err
}

// Load implements [Source].
func (s TextSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	o := options.Set{}
	o.Flag("wholetext", s.WholeText)
	o.Text("lineSep", s.LineSeparator)
	return s.load(ctx, spark, "text", o)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s TextSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}
