package streaming

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// Reader reads a stream in any format that the server knows, as Spark's
// DataStreamReader does. It is a plain value and a [StreamingSource].
type Reader struct {
	// Format is the short name or class of the data source; empty is the server's
	// default (spark.sql.sources.default, Parquet).
	Format string
	// Schema is a DDL text such as "id BIGINT, name STRING". Streams of files need
	// one.
	Schema string
	// Options are passed to the data source under Spark's own keys.
	Options map[string]string
	// Path is a folder or glob, read on the cluster. A relative one is looked for
	// on this machine when the server is on this machine.
	Path string
	// Table is a table of the catalog, instead of Format, Schema and Path.
	Table string
}

var _ StreamingSource = Reader{}

// Validate refuses settings that Spark cannot combine.
func (r Reader) Validate() error {
	switch {
	case r.Table != "" && (r.Format != "" || r.Schema != "" || r.Path != ""):
		return errors.New("read a stream: a table has its own format, schema and path")
	case r.Path != "" && slices.ContainsFunc(options.Keys(r.Options), isKey("path")):
		return errors.New(`read a stream: the path is given twice, once as the option "path"`)
	}
	if err := options.Verbatim(r.Table); err != nil {
		return fmt.Errorf("read a stream: %w", err)
	}
	return nil
}

// ReadStream implements [StreamingSource], with no round trip but those of
// [dataflow.Session.ConcealOptions]; Spark looks at the source with the first use of
// the DataFrame.
func (r Reader) ReadStream(ctx context.Context, spark *dataflow.Session) (sql.DataFrame, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if err := spark.ConcealOptions(ctx, r.Options, r.Path); err != nil {
		return nil, fmt.Errorf("read a stream: %w", err)
	}
	read := &wire.Read{IsStreaming: true}
	if r.Table != "" {
		read.ReadType = &wire.Read_NamedTable_{NamedTable: &wire.Read_NamedTable{UnparsedIdentifier: r.Table, Options: r.Options}}
		return relation(spark, &wire.Relation{RelType: &wire.Relation_Read{Read: read}})
	}
	source := &wire.Read_DataSource{Options: r.Options}
	if r.Format != "" {
		source.Format = &r.Format
	}
	if r.Schema != "" {
		source.Schema = &r.Schema
	}
	if r.Path != "" {
		source.Paths = []string{spark.InputPath(r.Path)}
	}
	read.ReadType = &wire.Read_DataSource_{DataSource: source}
	return relation(spark, &wire.Relation{RelType: &wire.Relation_Read{Read: read}})
}

// Lineage implements [dataflow.Describer]: the path or the table. A format that
// reads something else is opaque.
func (r Reader) Lineage() dataflow.Lineage {
	l := dataflow.Lineage{Effect: dataflow.EffectNone}
	switch path := option(r.Options, "path"); {
	case r.Table != "":
		l.Inputs = []dataflow.Dataset{{Kind: dataflow.DatasetRelation, Name: r.Table}}
	case r.Path != "":
		l.Inputs = []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: r.Path}}
	case path != "":
		l.Inputs = []dataflow.Dataset{{Kind: dataflow.DatasetPath, Name: path}}
	default:
		l.Opaque = true
	}
	return l
}
