package dataflow_test

import (
	"fmt"

	"github.com/sparkpipe/sparkpipe/dataflow"
	"github.com/sparkpipe/sparkpipe/secrets"
)

// A sink says what does not go together before anything is sent, and what a second
// run of it would do.
func ExampleDeltaSink() {
	sink := dataflow.DeltaSink{Table: "shop.orders", Mode: dataflow.TableModeAppend, ReplaceWhere: "day = '2024-05-01'"}
	fmt.Println(sink.Validate())

	sink.Mode = dataflow.TableModeOverwrite
	fmt.Println(sink.Validate(), sink.Lineage().Effect == dataflow.EffectIdempotent)
	// Output:
	// delta sink: replace_where says what mode overwrite replaces, and the mode is append
	// <nil> true
}

// Any data source of Spark can be read; its secrets are never printed.
func ExampleFormatSource() {
	source := dataflow.FormatSource{Format: "mongodb", FormatOptions: dataflow.FormatOptions{
		Options:       map[string]string{"database": "shop", "collection": "orders"},
		SecretOptions: map[string]secrets.Value{"connection.uri": secrets.NewValue("mongodb://ann:pw@host")},
	}}
	fmt.Println(source.Validate(), source.FormatOptions)
	// Output:
	// <nil> {map[collection:orders database:shop] map[connection.uri:[REDACTED]]}
}

// Partitions of a table are written as in SQL.
func ExampleParsePartition() {
	for _, text := range []string{"day", "months(at)", "bucket(16, id)", "`a name (with brackets)`"} {
		partition, err := dataflow.ParsePartition(text)
		fmt.Println(partition, err)
	}
	// Output:
	// day <nil>
	// months(at) <nil>
	// bucket(16, id) <nil>
	// `a name (with brackets)` <nil>
}
