package dataflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/spark-connect-go/v40/spark/sql"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/connect"
	"github.com/sparkpipe/sparkpipe/internal/connect/wire"
)

// SchemaOf returns the schema of a DataFrame with all that the server says of
// it: the parameters of types, nullability within arrays, maps and structs,
// collations, and metadata. A type that this version does not know is of
// [schema.KindUnknown] and keeps its name. It blocks for one round trip, in
// which Spark analyses the plan and reads no data, except for sources that look
// at their files to learn their schema.
//
// It returns [ErrForeignSession] for a DataFrame of a session that is not ours.
//
// Spark 4.0 runs a command that stands in an analysed plan. [Session.SQL] has
// run its commands before it returns and gives a frame of their result; so a
// plan holds a command only when it was made by hand, and such a plan must not
// come here.
func SchemaOf(ctx context.Context, df sql.DataFrame) (schema.Definition, error) {
	conn, relation, err := connect.Owner(ctx, df)
	if err != nil {
		return schema.Definition{}, fmt.Errorf("read the schema of a DataFrame: %w", err)
	}
	plan := &wire.Plan{OpType: &wire.Plan_Root{Root: relation}}
	resp, err := conn.Analyze(ctx, &wire.AnalyzePlanRequest{
		Analyze: &wire.AnalyzePlanRequest_Schema_{Schema: &wire.AnalyzePlanRequest_Schema{Plan: plan}},
	})
	if err != nil {
		return schema.Definition{}, fmt.Errorf("read the schema of a DataFrame: %w", err)
	}
	def, err := definition(resp.GetSchema().GetSchema())
	if err != nil {
		return schema.Definition{}, fmt.Errorf("read the schema of a DataFrame: %w", err)
	}
	return def, nil
}

// ParseDDL has the server read a list of columns, "id BIGINT NOT NULL, name
// STRING". It blocks for one round trip. [schema.Parse] needs none, and gives
// the same for what all servers of Spark 4 read; the server knows its own
// version and its settings, such as spark.sql.timestampType.
func (s *Session) ParseDDL(ctx context.Context, ddl string) (schema.Definition, error) {
	resp, err := s.conn.Analyze(ctx, &wire.AnalyzePlanRequest{
		Analyze: &wire.AnalyzePlanRequest_DdlParse{DdlParse: &wire.AnalyzePlanRequest_DDLParse{DdlString: ddl}},
	})
	if err != nil {
		return schema.Definition{}, fmt.Errorf("parse the columns %q on the server: %w", ddl, err)
	}
	def, err := definition(resp.GetDdlParse().GetParsed())
	if err != nil {
		return schema.Definition{}, fmt.Errorf("parse the columns %q on the server: %w", ddl, err)
	}
	return def, nil
}

// definition reads the schema that a server sent.
func definition(msg *wire.DataType) (schema.Definition, error) {
	if msg == nil {
		return schema.Definition{}, errors.New("the server sent no schema")
	}
	typ := schemaType(msg)
	if typ.Kind != schema.KindStruct {
		return schema.Definition{}, fmt.Errorf("%s is one type and not a list of columns", typ)
	}
	return schema.Definition{Fields: typ.Fields}, nil
}
