package dataflow

import (
	"context"
	"strconv"

	"github.com/apache/spark-connect-go/v40/spark/sql"
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
	InferSchema bool `koanf:"infer_schema" default:"true" doc:"find the types by reading the data once more; needless with a schema"`
}

var _ Source = CSVSource{}

// Load implements [Source]. The files are read on the cluster, not on this
// machine.
func (s CSVSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	options := map[string]string{"header": strconv.FormatBool(s.Header)}
	if s.Schema == "" {
		options["inferSchema"] = strconv.FormatBool(s.InferSchema)
	}
	return s.load(ctx, spark, "csv", options)
}
