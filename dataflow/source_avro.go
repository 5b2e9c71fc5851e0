package dataflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component"
	"github.com/sparkpipe/sparkpipe/internal/options"
)

// AvroSource reads Avro files. The server needs the jar
// org.apache.spark:spark-avro_2.13 of its own version.
type AvroSource struct {
	FileSource `koanf:",squash"`
	// AvroSchema is a schema of Avro, as JSON, with which the files are read: it may
	// lack fields that the files have, and have others with a default. Spark's
	// columns follow from it, so that it excludes Schema.
	AvroSchema string `koanf:"avro_schema" doc:"schema of Avro as JSON to read the files with, instead of schema; by default that of the files"`
	// PositionalFieldMatching matches the fields of AvroSchema with those of the
	// files by position instead of by name.
	PositionalFieldMatching bool `koanf:"positional_field_matching" default:"false" doc:"match the fields of the schema with those of the files by position instead of by name"`
}

var (
	_ Source              = AvroSource{}
	_ SourceChecker       = AvroSource{}
	_ component.Validator = AvroSource{}
)

// Validate checks that there is something to read and that the schema is JSON.
func (s AvroSource) Validate() error {
	err := s.FileSource.Validate()
	if s.AvroSchema != "" && s.Schema != "" {
		err = errors.Join(err, errors.New(`"avro_schema" and "schema" exclude each other`))
	}
	return errors.Join(err, checkAvroSchema(s.AvroSchema))
}

func checkAvroSchema(text string) error {
	if text != "" && !json.Valid([]byte(text)) {
		return errors.New(`"avro_schema" is not the JSON of an Avro schema`)
	}
	return nil
}

// Load implements [Source].
func (s AvroSource) Load(ctx context.Context, spark *Session) (sql.DataFrame, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	o := options.Set{}
	o.Text("avroSchema", s.AvroSchema)
	o.Flag("positionalFieldMatching", s.PositionalFieldMatching)
	return s.load(ctx, spark, "avro", o)
}

// CheckLoad implements [SourceChecker] as [Reader.CheckLoad] does.
func (s AvroSource) CheckLoad(ctx context.Context, scope *CheckScope) (sql.DataFrame, error) {
	return scope.source(ctx, s)
}
