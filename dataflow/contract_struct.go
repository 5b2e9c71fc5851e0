package dataflow

import (
	"context"
	"fmt"
	"reflect"

	"github.com/sparkpipe/sparkpipe/component/schema"
	"github.com/sparkpipe/sparkpipe/internal/columnar"
)

// SchemaFor returns the columns that rows of the Go type T have: those from which
// [RowsAs] reads and of which [CreateDataFrame] makes rows, with their names and
// types. A column can be null if its field can hold that: a pointer, sql.Null and
// its kin, a slice, a map or any; elsewhere it is NOT NULL, and so with what is in
// arrays and maps.
//
// What the Go type does not tell, the tag does, with types of Spark's DDL:
//
//	type Order struct {
//		ID     int64         `spark:"id"`                   // BIGINT NOT NULL
//		Amount value.Decimal `spark:"amount,decimal(10,2)"` // DECIMAL(10,2) NOT NULL
//		Code   *string       `spark:"code,char(3)"`         // CHAR(3)
//		At     time.Time     `spark:"at,timestamp_ntz"`     // TIMESTAMP_NTZ NOT NULL
//		Tags   []string      `spark:"tags,not null"`        // ARRAY<STRING> NOT NULL
//	}
//
// It touches no server. A type that contains itself, one that Spark has no type for
// and a tag that the Go type cannot be are errors.
func SchemaFor[T any]() (schema.Definition, error) {
	wanted, err := columnar.WantedOf(reflect.TypeFor[T]())
	if err != nil {
		return schema.Definition{}, fmt.Errorf("the schema of a Go type: %w", err)
	}
	return wanted.Columns, nil
}

// ContractFor returns the contract of data that [RowsAs] can read into T: the columns
// of [SchemaFor] under [schema.CompatibleRules], where other columns are fine, those
// of fields with the option optional may be missing and no others, and the names of
// fields without a tag are found as RowsAs finds them.
func ContractFor[T any]() (schema.Contract, error) {
	wanted, err := columnar.WantedOf(reflect.TypeFor[T]())
	if err != nil {
		return schema.Contract{}, fmt.Errorf("the contract of a Go type: %w", err)
	}
	rules := schema.CompatibleRules()
	rules.Extra, rules.Missing, rules.Optional, rules.Names = schema.ExtraAllow, schema.MissingRefuse, wanted.Optional, schema.NamesExact
	if wanted.Loose {
		rules.Names = schema.NamesLoose
	}
	return schema.Contract{Columns: wanted.Columns, Rules: rules}, nil
}

// TableSchema returns the columns of a table or a view, called as SQL calls it. It
// blocks for one round trip and reads no data.
func TableSchema(ctx context.Context, spark *Session, name string) (schema.Definition, error) {
	df, err := TableSource{Table: name}.Load(ctx, spark)
	if err != nil {
		return schema.Definition{}, fmt.Errorf("read the schema of %s: %w", name, err)
	}
	def, err := SchemaOf(ctx, df)
	if err != nil {
		return schema.Definition{}, fmt.Errorf("read the schema of %s: %w", name, err)
	}
	return def, nil
}
