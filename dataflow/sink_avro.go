package dataflow

import (
	"context"
	"regexp"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// AvroSink writes Avro files. The server needs the jar
// org.apache.spark:spark-avro_2.13 of its own version.
type AvroSink struct {
	FileSink `koanf:",squash"`
	// AvroSchema is the schema of the files as JSON; default that of the columns.
	AvroSchema string `koanf:"avro_schema" doc:"schema of the files as JSON of Avro; by default that of the columns"`
	// RecordName and RecordNamespace name the record in a schema that is made from
	// the columns; default topLevelRecord and none.
	RecordName      string `koanf:"record_name" doc:"name of the record in a schema that is made from the columns; by default topLevelRecord"`
	RecordNamespace string `koanf:"record_namespace" doc:"namespace of the record, names with dots; by default none"`
	// PositionalFieldMatching matches the columns with the fields of AvroSchema by
	// position instead of by name.
	PositionalFieldMatching bool `koanf:"positional_field_matching" default:"false" doc:"match columns with the fields of avro_schema by position instead of by name"`
}

var (
	_ Sink                = AvroSink{}
	_ SinkChecker         = AvroSink{}
	_ component.Validator = AvroSink{}
)

var avroName = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)

var avroNamespace = regexp.MustCompile(`^[\pL_][\pL\pN_]*(\.[\pL_][\pL\pN_]*)*$`)

// Validate reports what does not go together, and names that Avro does not have.
func (s AvroSink) Validate() error {
	f := &options.Faults{What: "write"}
	f.Append(s.FileSink.Validate(), s.codec("avro", "uncompressed", "snappy", "deflate", "bzip2", "xz", "zstandard"), checkAvroSchema(s.AvroSchema))
	if s.AvroSchema != "" && (s.RecordName != "" || s.RecordNamespace != "") {
		f.Add("avro_schema names its record; record_name and record_namespace do not go with it")
	}
	if s.PositionalFieldMatching && s.AvroSchema == "" {
		f.Add("positional_field_matching wants avro_schema")
	}
	if s.RecordName != "" && !avroName.MatchString(s.RecordName) {
		f.Add("record_name is %q; a name of Avro has letters, digits and underscores and begins with no digit", s.RecordName)
	}
	if s.RecordNamespace != "" && !avroNamespace.MatchString(s.RecordNamespace) {
		f.Add("record_namespace is %q; write names of Avro with dots between them", s.RecordNamespace)
	}
	return f.Join()
}

// Write implements [Sink].
func (s AvroSink) Write(ctx context.Context, spark *Session, df sql.DataFrame) error {
	if err := s.Validate(); err != nil {
		return err
	}
	o := options.Set{}
	o.Text("avroSchema", s.AvroSchema)
	o.Text("recordName", s.RecordName)
	o.Text("recordNamespace", s.RecordNamespace)
	o.Flag("positionalFieldMatching", s.PositionalFieldMatching)
	return s.write(ctx, spark, df, "avro", o)
}

// CheckWrite implements [SinkChecker].
func (s AvroSink) CheckWrite(ctx context.Context, scope *CheckScope, in schema.Definition) error {
	return scope.files(ctx, s.FileSink, in, "avro", false)
}
