package pipeline

import (
	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/dataflow"
)

// Builtins returns the factories of the component types that every
// configuration file may use. The aliases are the class names of
// pyspark-pipeline-framework's example components.
func Builtins() []component.Factory {
	return append(streamFactories(), []component.Factory{
		reader[dataflow.BigQuerySource]("bigquery", "registers a BigQuery table or query as a view"),
		reader[dataflow.CSVSource]("csv", "registers CSV files as a view", "ReadCsv"),
		reader[dataflow.ObjectStoreSource]("gcs", "registers files on Google Cloud Storage as a view"),
		reader[dataflow.JDBCSource]("jdbc", "registers a database table or query as a view"),
		reader[dataflow.JSONSource]("json", "registers JSON files as a view", "ReadJson"),
		reader[dataflow.ParquetSource]("parquet", "registers Parquet files as a view", "ReadParquet"),
		reader[dataflow.ObjectStoreSource]("s3", "registers files on S3 as a view"),
		reader[dataflow.TableSource]("table", "registers a table as a view", "ReadTable"),
		sqlFactory(),
		viewFactory(),
		writer[dataflow.BigQuerySink]("bigquery", "writes a view or query to a BigQuery table"),
		writer[dataflow.CSVSink]("csv", "writes a view or query as CSV files", "WriteCsv"),
		writer[dataflow.ObjectStoreSink]("gcs", "writes a view or query as files on Google Cloud Storage"),
		writer[dataflow.JDBCSink]("jdbc", "writes a view or query to a database table"),
		writer[dataflow.JSONSink]("json", "writes a view or query as JSON files", "WriteJson"),
		writer[dataflow.ParquetSink]("parquet", "writes a view or query as Parquet files", "WriteParquet"),
		writer[dataflow.ObjectStoreSink]("s3", "writes a view or query as files on S3"),
		writer[dataflow.TableSink]("table", "writes a view or query to a table", "WriteTable"),
		showFactory(),
	}...)
}

// NewRegistry returns a registry with the builtins and more factories. It fails
// when one of them takes a name that is taken.
func NewRegistry(more ...component.Factory) (*component.Registry, error) {
	return component.NewRegistry(append(Builtins(), more...)...)
}
