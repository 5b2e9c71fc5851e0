package dataflow

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
)

// CSVSource reads CSV files.
type CSVSource struct {
	FileSource `koanf:",squash"`
	// Header says that the first line names the columns. In Go the default is
	// Spark's, false; in configuration files it is true.
	Header bool `koanf:"header" default:"true" doc:"the first line names the columns"`
	// InferSchema lets Spark read the data once more to find the types; a
	// Schema makes it needless. In Go the default is Spark's, false; in
	// configuration files it is true.
	InferSchema      bool `koanf:"infer_schema" default:"true" doc:"find the types by reading the data once more; needless with a schema"`
	MalformedRecords `koanf:",squash"`
}

var (
	_ Source              = CSVSource{}
	_ component.Validator = CSVSource{}
)

// Validate checks that there is something to read, and what is said of malformed
// records. Spark adds no column for them when it infers the types of CSV.
func (s CSVSource) Validate() error {
	err := s.FileSource.Validate()
	if s.CorruptRecordColumn != "" && s.Schema == "" {
		err = errors.Join(err, fmt.Errorf(`"corrupt_record_column" wants a "schema" with the column %s of the type STRING: Spark adds none to CSV`, s.CorruptRecordColumn))
	}
	return errors.Join(err, s.checkRecords(s.Schema))
}

// Load implements [Source]. The files are read on the cluster, not on this
// machine.
func (s CSVSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	options := s.recordOptions()
	options["header"] = strconv.FormatBool(s.Header)
	if s.Schema == "" {
		options["inferSchema"] = strconv.FormatBool(s.InferSchema)
	}
	return s.load(ctx, spark, "csv", options)
}
