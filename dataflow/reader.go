package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// Reader reads data in any format that the server knows, as Spark's
// DataFrameReader does. It is a plain value and a [Source].
type Reader struct {
	// Format is the short name or class of the data source; empty is the
	// server's default (spark.sql.sources.default, Parquet).
	Format string
	// Schema is a DDL text such as "id BIGINT, name STRING"; empty leaves it to
	// the data source.
	Schema string
	// Options are passed to the data source under Spark's own keys.
	Options map[string]string
	// Paths are files, folders or globs, read on the cluster. A relative one is
	// looked for on this machine when the server is on this machine.
	Paths []string
}

var _ Source = Reader{}

// Load returns the data as a DataFrame, with no round trip but those of
// [Session.ConcealOptions]; Spark looks at the source with the first use of the
// DataFrame.
func (r Reader) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := spark.ConcealOptions(ctx, r.Options, r.Paths...); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	source := &wire.Read_DataSource{Options: r.Options}
	if r.Format != "" {
		source.Format = &r.Format
	}
	if r.Schema != "" {
		source.Schema = &r.Schema
	}
	for _, path := range r.Paths {
		if path == "" {
			return nil, errors.New("read: a path is empty")
		}
		source.Paths = append(source.Paths, spark.inputPath(path))
	}
	return spark.relation(&wire.Relation{RelType: &wire.Relation_Read{
		Read: &wire.Read{ReadType: &wire.Read_DataSource_{DataSource: source}},
	}})
}

// Lineage implements [Describer]: the paths, as they are written. A format that
// reads something else is opaque.
func (r Reader) Lineage() Lineage {
	paths := r.Paths
	if path := option(r.Options, "path"); path != "" {
		paths = append([]string{path}, paths...)
	}
	l := readsPaths(paths)
	l.Opaque = len(paths) == 0
	return l
}
