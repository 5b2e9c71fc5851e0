// Package schema describes the columns of Spark data: names, types with all
// their parameters, nullability and metadata. It knows no server; package
// dataflow fills it from one.
//
// A [Definition] is built in Go, read from Spark's DDL with [Parse] or from
// Spark's JSON with [ParseJSON], and printed in both forms:
//
//	def, err := schema.Parse("id BIGINT NOT NULL, tags ARRAY<STRING>, price DECIMAL(10,2)")
//	if err != nil {
//		return err
//	}
//	id, ok := def.Field("id")
//	fmt.Println(def)       // id BIGINT NOT NULL, tags ARRAY<STRING>, price DECIMAL(10,2)
//
// The DDL has no words for metadata other than comments, nor for arrays and
// maps without nulls; the JSON form keeps them.
//
// # Errors
//
// [Parse] and [ParseType] return a [*ParseError] with the place and what was
// expected there; [ParseJSON] names the path, as in fields[2].type.
package schema
