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
		reader[dataflow.AvroSource]("avro", "registers Avro files as a view"),
		reader[dataflow.BigQuerySource]("bigquery", "registers a BigQuery table or query as a view"),
		reader[dataflow.BinaryFileSource]("binary_file", "registers whole files of any kind as a view, a row for each"),
		reader[dataflow.CSVSource]("csv", "registers CSV files as a view", "ReadCsv"),
		reader[dataflow.DeltaSource]("delta", "registers a Delta table, as it is or was, or its changes, as a view"),
		reader[dataflow.FormatSource]("format", "registers what any data source of Spark reads as a view", "source"),
		reader[dataflow.ObjectStoreSource]("gcs", "registers files on Google Cloud Storage as a view"),
		reader[dataflow.IcebergSource]("iceberg", "registers an Iceberg table, as it is or was, as a view"),
		reader[dataflow.JDBCSource]("jdbc", "registers a database table or query as a view"),
		reader[dataflow.JSONSource]("json", "registers JSON files as a view", "ReadJson"),
		reader[dataflow.KafkaSource]("kafka", "registers the records that Kafka topics have as a view"),
		reader[dataflow.ORCSource]("orc", "registers ORC files as a view"),
		reader[dataflow.ParquetSource]("parquet", "registers Parquet files as a view", "ReadParquet"),
		reader[dataflow.ObjectStoreSource]("s3", "registers files on S3 as a view"),
		reader[dataflow.TableSource]("table", "registers a table as a view", "ReadTable"),
		joinFactory(),
		metricsFactory(),
		reader[dataflow.TextSource]("text", "registers the lines of text files as a view"),
		reader[dataflow.XMLSource]("xml", "registers the elements of XML files as a view"),
		sqlFactory(),
		viewFactory(),
		writer[dataflow.AvroSink]("avro", "writes a view or query as Avro files"),
		writer[dataflow.BigQuerySink]("bigquery", "writes a view or query to a BigQuery table"),
		writer[dataflow.CSVSink]("csv", "writes a view or query as CSV files", "WriteCsv"),
		writer[dataflow.DeltaSink]("delta", "writes a view or query to a Delta table, or merges it into one"),
		writer[dataflow.FormatSink]("format", "writes a view or query with any data source of Spark", "sink"),
		writer[dataflow.ObjectStoreSink]("gcs", "writes a view or query as files on Google Cloud Storage"),
		writer[dataflow.IcebergSink]("iceberg", "writes a view or query to an Iceberg table, or merges it into one"),
		writer[dataflow.JDBCSink]("jdbc", "writes a view or query to a database table"),
		writer[dataflow.JSONSink]("json", "writes a view or query as JSON files", "WriteJson"),
		writer[dataflow.KafkaSink]("kafka", "writes a view or query as records to Kafka"),
		writer[dataflow.ORCSink]("orc", "writes a view or query as ORC files"),
		writer[dataflow.ParquetSink]("parquet", "writes a view or query as Parquet files", "WriteParquet"),
		writer[dataflow.ObjectStoreSink]("s3", "writes a view or query as files on S3"),
		writer[dataflow.TableSink]("table", "writes a view or query to a table", "WriteTable"),
		writer[dataflow.TextSink]("text", "writes a view or query of one column as lines of text"),
		writer[dataflow.XMLSink]("xml", "writes a view or query as XML files"),
		showFactory(),
	}...)
}

// NewRegistry returns a registry with the builtins and more factories. It fails
// when one of them takes a name that is taken.
func NewRegistry(more ...component.Factory) (*component.Registry, error) {
	return component.NewRegistry(append(Builtins(), more...)...)
}
