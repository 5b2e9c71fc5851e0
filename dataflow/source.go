package dataflow

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// Source gives a DataFrame of data that lies on the cluster or in reach of it.
type Source interface {
	Load(ctx context.Context, spark *Session) (sql.DataFrame, error)
}

// SourceFunc is the function form of [Source].
type SourceFunc func(ctx context.Context, spark *Session) (sql.DataFrame, error)

// Load implements [Source].
func (f SourceFunc) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	return f(ctx, spark)
}

// FileSource holds what all sources of files share.
type FileSource struct {
	// Path is a file, a folder or a glob.
	Path string `koanf:"path" doc:"file, folder or glob, read on the cluster"`
	// Paths are several of them; either Path or Paths is set.
	Paths []string `koanf:"paths" doc:"several files, folders or globs, instead of path"`
	// Schema is a DDL text such as "id BIGINT, name STRING".
	Schema string `koanf:"schema" doc:"DDL text such as \"id BIGINT, name STRING\"; otherwise the source tells or Spark infers"`
	// Options are passed to Spark under its own keys.
	Options       map[string]string `koanf:"options" doc:"options of the data source under Spark's own keys"`
	FileSelection `koanf:",squash"`
}

// Validate checks that there is something to read.
func (s FileSource) Validate() error {
	switch {
	case s.Path == "" && len(s.Paths) == 0:
		return errors.New(`set "path" or "paths"`)
	case s.Path != "" && len(s.Paths) > 0:
		return errors.New(`"path" and "paths" exclude each other`)
	}
	return s.checkSelection()
}

// load reads the files; the options of the user win over ours.
func (s FileSource) load(ctx context.Context, spark *Session, format string, options map[string]string) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	paths := s.Paths
	if s.Path != "" {
		paths = []string{s.Path}
	}
	ours := s.selectionOptions()
	maps.Copy(ours, options)
	return Reader{Format: format, Schema: s.Schema, Options: mergeOptions(ours, s.Options), Paths: paths}.Load(ctx, spark)
}

// Lineage implements [Describer]: the paths, as they are written. Every source
// of files has it.
func (s FileSource) Lineage() Lineage {
	paths := s.Paths
	if s.Path != "" {
		paths = append([]string{s.Path}, paths...)
	}
	return readsPaths(paths)
}

// readsPaths is the lineage of reading files.
func readsPaths(paths []string) Lineage {
	l := Lineage{Effect: EffectNone}
	for _, path := range paths {
		l.Inputs = addDataset(l.Inputs, Dataset{DatasetPath, path})
	}
	return l
}
