package dataflow

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sparkpipe/sparkpipe/component"
)

// Requirement is a library that the server must have for a source or a sink, since
// Spark does not bring it.
type Requirement struct {
	// Name is the short name of the connector, such as "delta" or "postgresql".
	Name string
	// Class is a Java class of it, by which a server is asked whether it has it.
	Class string
}

// Requirer is a source, a sink or a component that needs libraries of the server.
type Requirer interface{ Requirements() []Requirement }

// formatClasses are the data sources that are not part of Spark, by the short names
// under which they are read and written.
var formatClasses = map[string]Requirement{
	"kafka":     {"kafka", "org.apache.spark.sql.kafka010.KafkaSourceProvider"},
	"delta":     {"delta", "org.apache.spark.sql.delta.sources.DeltaDataSource"},
	"iceberg":   {"iceberg", "org.apache.iceberg.spark.source.IcebergSource"},
	"hudi":      {"hudi", "org.apache.hudi.DefaultSource"},
	"avro":      {"avro", "org.apache.spark.sql.avro.AvroFileFormat"},
	"bigquery":  {"bigquery", "com.google.cloud.spark.bigquery.SparkBigQueryConfig"},
	"mongodb":   {"mongodb", "com.mongodb.spark.sql.connector.MongoTableProvider"},
	"cassandra": {"cassandra", "org.apache.spark.sql.cassandra.DefaultSource"},
	"snowflake": {"snowflake", "net.snowflake.spark.snowflake.DefaultSource"},
	"eventhubs": {"eventhubs", "org.apache.spark.sql.eventhubs.EventHubsSourceProvider"},

	"aws-kinesis":                    {"kinesis", "org.apache.spark.sql.connector.kinesis.KinesisV2TableProvider"},
	"org.elasticsearch.spark.sql":    {"elasticsearch", "org.elasticsearch.spark.sql.DefaultSource"},
	"es":                             {"elasticsearch", "org.elasticsearch.spark.sql.DefaultSource"},
	"org.apache.spark.sql.cassandra": {"cassandra", "org.apache.spark.sql.cassandra.DefaultSource"},
	"net.snowflake.spark.snowflake":  {"snowflake", "net.snowflake.spark.snowflake.DefaultSource"},
}

// driverClasses are the drivers of databases by the word after "jdbc:".
var driverClasses = map[string]Requirement{
	"postgresql": {"postgresql", "org.postgresql.Driver"},
	"mysql":      {"mysql", "com.mysql.cj.jdbc.Driver"},
	"mariadb":    {"mariadb", "org.mariadb.jdbc.Driver"},
	"sqlite":     {"sqlite", "org.sqlite.JDBC"},
	"h2":         {"h2", "org.h2.Driver"},
	"duckdb":     {"duckdb", "org.duckdb.DuckDBDriver"},
	"oracle":     {"oracle", "oracle.jdbc.OracleDriver"},
	"sqlserver":  {"sqlserver", "com.microsoft.sqlserver.jdbc.SQLServerDriver"},
	"db2":        {"db2", "com.ibm.db2.jcc.DB2Driver"},
	"snowflake":  {"snowflake-jdbc", "net.snowflake.client.jdbc.SnowflakeDriver"},
}

// storageClasses are the file systems that are not part of Spark, by the scheme of
// a path. On a cloud's own Spark s3:// is another one, so it asks for nothing.
var storageClasses = map[string]Requirement{
	"s3a":   {"s3", "org.apache.hadoop.fs.s3a.S3AFileSystem"},
	"gs":    {"gcs", "com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem"},
	"abfs":  {"azure", "org.apache.hadoop.fs.azurebfs.AzureBlobFileSystem"},
	"abfss": {"azure", "org.apache.hadoop.fs.azurebfs.SecureAzureBlobFileSystem"},
}

// FormatRequirements are those of a data source by the name under which it is read
// or written. What Spark brings itself, and what nobody knows, needs nothing.
func FormatRequirements(format string) []Requirement {
	if r, ok := formatClasses[strings.ToLower(format)]; ok {
		return []Requirement{r}
	}
	return nil
}

// PathRequirements are those of a path by its scheme.
func PathRequirements(path string) []Requirement {
	scheme, _, isURL := strings.Cut(path, "://")
	if r, known := storageClasses[strings.ToLower(scheme)]; known && isURL {
		return []Requirement{r}
	}
	return nil
}

// jdbcRequirements are the driver of a URL, which the option "driver" may name.
func jdbcRequirements(url, driver string) []Requirement {
	rest, ok := cutPrefixFold(url, "jdbc:")
	if !ok {
		return nil
	}
	kind, _, _ := strings.Cut(rest, ":")
	r, known := driverClasses[strings.ToLower(kind)]
	if !known && driver == "" {
		return nil
	}
	return []Requirement{{Name: cmp.Or(r.Name, kind), Class: cmp.Or(driver, r.Class)}}
}

// RequirementsOf returns the libraries that the server must have for a component,
// each once and sorted: those that it names itself, and those of the paths that it
// reads and writes.
func RequirementsOf(c component.PipelineComponent) []Requirement {
	found := map[Requirement]bool{}
	flow, ok := FlowOf(c)
	if !ok {
		return nil
	}
	for _, r := range partRequirements(flow) {
		found[r] = true
	}
	l := LineageOf(c)
	for _, d := range slices.Concat(l.Inputs, l.Outputs) {
		if d.Kind == DatasetPath {
			for _, r := range PathRequirements(d.Name) {
				found[r] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Requirement) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Class, b.Class))
	})
}

// partRequirements asks a flow, a source or a sink.
func partRequirements(part any) []Requirement {
	if r, ok := part.(Requirer); ok {
		return r.Requirements()
	}
	return nil
}

// Requirements implements [Requirer].
func (r ReadView) Requirements() []Requirement { return partRequirements(r.Source) }

// Requirements implements [Requirer].
func (w WriteView) Requirements() []Requirement { return partRequirements(w.Sink) }

// Requirements implements [Requirer].
func (s Steps) Requirements() []Requirement {
	return append(partRequirements(s.Source), partRequirements(s.Sink)...)
}

// Requirements implements [Requirer].
func (r Reader) Requirements() []Requirement {
	if strings.EqualFold(r.Format, "jdbc") {
		return jdbcRequirements(option(r.Options, "url"), option(r.Options, "driver"))
	}
	return FormatRequirements(r.Format)
}

// Requirements implements [Requirer]: the driver.
func (j JDBC) Requirements() []Requirement {
	all := j.options(nil)
	return jdbcRequirements(option(all, "url"), option(all, "driver"))
}

// Requirements implements [Requirer].
func (BigQuerySource) Requirements() []Requirement { return FormatRequirements("bigquery") }

// Requirements implements [Requirer].
func (BigQuerySink) Requirements() []Requirement { return FormatRequirements("bigquery") }

// Requirements implements [Requirer].
func (s ObjectStoreSource) Requirements() []Requirement { return FormatRequirements(s.format()) }

// Requirements implements [Requirer].
func (s ObjectStoreSink) Requirements() []Requirement { return FormatRequirements(s.Format) }

// HasClass reports whether the server's libraries hold a Java class. It blocks for
// one round trip; nothing is executed. Servers that allow no call of Java answer
// with an error.
func (s *Session) HasClass(ctx context.Context, class string) (bool, error) {
	// A static method that no class has: the analysis says which of the two is
	// missing, and there is nothing that could be called.
	df, err := s.SQL(ctx, "SELECT java_method(:class, '-')", Named("class", class))
	if err == nil {
		_, err = df.Schema(ctx)
	}
	var failed *component.SparkError
	if err = s.Error(ctx, err); !errors.As(err, &failed) {
		return false, err
	}
	switch failed.Class {
	case "DATATYPE_MISMATCH.UNEXPECTED_STATIC_METHOD":
		return true, nil
	case "DATATYPE_MISMATCH.UNEXPECTED_CLASS_TYPE":
		return false, nil
	}
	return false, err
}
