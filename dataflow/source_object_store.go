package dataflow

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// ObjectStoreSource reads files of any format from S3 or Google Cloud Storage.
// The cluster needs the store's connector, and credentials of its own unless the
// ObjectStore has them.
type ObjectStoreSource struct {
	FileSource  `koanf:",squash"`
	ObjectStore `koanf:",squash"`
	// Format is the data source; empty takes it from the ending of the path,
	// and Parquet where that says nothing.
	Format string `koanf:"format" doc:"parquet, csv, json, orc, avro, text or any other format; by default told by the ending of the path, else parquet"`
}

var (
	_ Source              = ObjectStoreSource{}
	_ component.Validator = ObjectStoreSource{}
)

// Validate reports what is missing or does not go together.
func (s ObjectStoreSource) Validate() error {
	f := &options.Faults{What: "read"}
	s.check(f, s.allPaths())
	return errors.Join(s.FileSource.Validate(), f.Join())
}

// Load implements [Source]. CSV files are read with a header line and inferred
// types unless the options or a schema say otherwise, as [CSVSource] does in
// configuration files. With settings of the store it costs up to two round trips.
func (s ObjectStoreSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	reach, err := s.reach(ctx, spark, s.allPaths())
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	s.Options = mergeOptions(reach, s.Options)
	format := s.format()
	if format == "csv" {
		return CSVSource{FileSource: s.FileSource, Header: true, InferSchema: true}.Load(ctx, spark)
	}
	return s.load(ctx, spark, format, nil)
}

// format is the data source: the one that is set, or what the paths tell.
func (s ObjectStoreSource) format() string {
	if s.Format != "" {
		return s.Format
	}
	return formatOf(append([]string{s.Path}, s.Paths...))
}

func (s ObjectStoreSource) allPaths() []string {
	if s.Path != "" {
		return append([]string{s.Path}, s.Paths...)
	}
	return s.Paths
}

// formatOf tells the format by the ending of the first path that has a known
// one, below compression endings.
func formatOf(paths []string) string {
	for _, p := range paths {
		base := strings.ToLower(path.Base(p))
		for _, packed := range []string{".gz", ".bz2", ".zst", ".snappy", ".lz4"} {
			base = strings.TrimSuffix(base, packed)
		}
		switch ext := strings.TrimPrefix(path.Ext(base), "."); ext {
		case "csv", "json", "parquet", "orc", "avro":
			return ext
		case "jsonl", "ndjson":
			return "json"
		case "txt":
			return "text"
		}
	}
	return "parquet"
}
