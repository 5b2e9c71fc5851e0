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
// # Contracts
//
// A [Contract] is what somebody wants of columns. [ParseContract] and
// [DecodeContract] read it; types in it may stand for many, such as ARRAY alone.
// [Compare] tells all in which a schema is not the wanted one, by path:
//
//	for _, d := range schema.Compare(want, got, schema.CompatibleRules()) {
//		fmt.Println(d.Severity, d) // error address.zip: is INT, wanted STRING
//	}
//
// # Errors
//
// [Parse] and [ParseType] return a [*ParseError] with the place and what was
// expected there; [ParseJSON] names the path, as in fields[2].type, and so does
// [DecodeContract], with all faults at once.
package schema
