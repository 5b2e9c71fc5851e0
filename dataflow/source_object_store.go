package dataflow

import (
	"context"
	"path"
	"strings"

	"github.com/apache/spark-connect-go/v40/spark/sql"
)

// ObjectStoreSource reads files of any format from S3 or Google Cloud Storage.
// The cluster needs the store's connector and credentials.
type ObjectStoreSource struct {
	FileSource `koanf:",squash"`
	// Format is the data source; empty takes it from the ending of the path,
	// and Parquet where that says nothing.
	Format string `koanf:"format" doc:"parquet, csv, json, orc, avro, text or any other format; by default told by the ending of the path, else parquet"`
}

var _ Source = ObjectStoreSource{}

// Load implements [Source]. CSV files are read with a header line and inferred
// types unless the options or a schema say otherwise, as [CSVSource] does in
// configuration files.
func (s ObjectStoreSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
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
