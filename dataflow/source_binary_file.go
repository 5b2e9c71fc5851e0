package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
)

// BinaryFileSource reads whole files of any kind: a row for each, with path,
// modificationTime, length and content, and the columns of partitions behind.
// Spark writes no such files.
type BinaryFileSource struct {
	FileSource `koanf:",squash"`
	// NoContent leaves the column content out, so that no file is read.
	NoContent bool `koanf:"no_content" default:"false" doc:"leave the column content out, so that the files are only listed"`
}

var (
	_ Source              = BinaryFileSource{}
	_ SourceChecker       = BinaryFileSource{}
	_ component.Validator = BinaryFileSource{}
)

// Validate checks that there is something to read.
func (s BinaryFileSource) Validate() error {
	err := s.FileSource.Validate()
	if s.Schema != "" {
		err = errors.Join(err, errors.New(`"schema" is fixed: binary files have path, modificationTime, length and content`))
	}
	return err
}

// Load implements [Source].
func (s BinaryFileSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	df, err := s.load(ctx, spark, "binaryFile", nil)
	if err != nil || !s.NoContent {
		return df, err
	}
	return withoutContent(ctx, spark, df)
}

func withoutContent(ctx context.Context, spark *Session, df sql.DataFrame) (sql.DataFrame, error) {
	out, err := df.DropByName(ctx, "content")
	if err != nil {
		return nil, spark.Error(ctx, err)
	}
	return out, nil
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s BinaryFileSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	all := s
	all.NoContent = false
	df, err := scope.source(ctx, all)
	if err != nil || !s.NoContent {
		return df, err
	}
	return withoutContent(ctx, scope.Spark(), df)
}
